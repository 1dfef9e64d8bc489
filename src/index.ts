// Everything that `import … from 'fedcache'` gives. What is not listed here is not part of the package's interface.
export type { AuthConfig, AuthRulesConfig, IdentifyConfig, JwtConfig, TokenConfig } from './config/auth-config.ts'
export type {
  ClusterAuthConfig,
  ClusterConfig,
  CacheTagHeader,
  ClusterTlsConfig,
  Config,
  GraphiqlTabConfig,
  HttpConfig,
  HttpTimeoutsConfig,
  LogConfig,
  LogLevel,
  SubgraphConfig,
  SubgraphPart,
} from './config/config.ts'
export { defineConfig } from './config/config.ts'
export type {
  ApolloRouterEndpointConfig,
  InvalidationConfig,
  WebhookEndpointConfig,
} from './config/invalidation-config.ts'
export type { CircuitBreakerConfig, KeyspaceConfig, RateLimitConfig } from './config/keyspace-config.ts'
export { loadConfig } from './config/load-config.ts'
export type { Secret } from './config/secret.ts'
export type { Duration, Size } from './config/units.ts'

export { createFedcache, type Fedcache } from './server.ts'

export type { Engine } from './engine/engine.ts'
export type { Entry, ServedFrom } from './engine/entry.ts'
export type { ClusterEvent, EngineEvent, EntryChange, EntryChangeKind } from './engine/events.ts'
export type { CacheScope, KeyspaceOrigin, ValueFormat } from './engine/policy.ts'
export type {
  ClusterInfo,
  Confirmation,
  CreateKeyspaceInput,
  DeleteManyResult,
  KeyspaceInfo,
  KeyspaceSettings,
  KeyspaceStats,
  PeerInfo,
  PeerState,
  PutInput,
  PutManyResult,
  PutResult,
  ReadOptions,
  ReadResult,
  WarmResult,
} from './engine/results.ts'
export type { EntryKind, StoredEntry } from './engine/stored-entry.ts'

export {
  ConfigError,
  type ConfigProblem,
  type ErrorCode,
  FedcacheError,
  type FedcacheErrorOptions,
  type WriteOutcome,
} from './errors.ts'

export type {
  Authorize,
  AuthorizeRequest,
  Clock,
  Discovery,
  Identity,
  InvalidationEndpoint,
  LoadContext,
  LoadResult,
  LogFields,
  Logger,
  RequestHead,
  Source,
  SourceChange,
  SourceContext,
  SourceEntryOptions,
  Store,
  StoredItem,
  StoreFactory,
  StoreOptions,
  StoreRequest,
  Timer,
  WriteReceipt,
  WriteResult,
} from './ports/index.ts'
export { SourceEntry, sourceEntry } from './ports/index.ts'

export { dnsDiscovery, type DnsDiscoveryOptions } from './adapters/discovery/dns-discovery.ts'
export { kubernetesDiscovery, type KubernetesDiscoveryOptions } from './adapters/discovery/kubernetes-discovery.ts'
export { staticDiscovery } from './adapters/discovery/static-discovery.ts'
export {
  type FunctionAnswer,
  type FunctionAnswers,
  functionSource,
  type FunctionSourceOptions,
} from './adapters/source/function-source.ts'
export {
  type HttpBulkOptions,
  type HttpBulkRequest,
  type HttpBulkResponse,
  type HttpConnectionOptions,
  type HttpKeyOptions,
  type HttpKeyResponse,
  httpSource,
  type HttpSourceOptions,
} from './adapters/source/http-source.ts'
export { type NatsKvSource, natsKvSource, type NatsKvSourceOptions } from './adapters/source/nats-kv-source.ts'
export {
  type PostgresConnectionOptions,
  type PostgresQueryOptions,
  postgresSource,
  type PostgresSourceOptions,
  type PostgresTableOptions,
} from './adapters/source/postgres-source.ts'
export {
  type SqliteConnectionOptions,
  type SqliteQueryOptions,
  sqliteSource,
  type SqliteSourceOptions,
  type SqliteTableOptions,
} from './adapters/source/sqlite-source.ts'
export {
  type SubgraphConnectionOptions,
  type SubgraphEntityOptions,
  type SubgraphListOptions,
  subgraphSource,
  type SubgraphSourceOptions,
} from './adapters/source/subgraph-source.ts'
export type { SqlQueryOptions, SqlRow, SqlRowOptions, SqlTableOptions } from './adapters/source/sql-options.ts'
export { lruStore } from './adapters/store/lru-store.ts'
export { sieveStore } from './adapters/store/sieve-store.ts'
