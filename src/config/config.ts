import type { Discovery, Logger, Source } from '../ports/index.ts'
import type { AuthConfig } from './auth-config.ts'
import type { InvalidationConfig } from './invalidation-config.ts'
import type { KeyspaceConfig } from './keyspace-config.ts'
import type { Secret } from './secret.ts'
import type { Duration, Size } from './units.ts'

/** Which log lines are written: those of the level and of the more serious ones. `'silent'` writes none. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** What a supergraph sees of fedcache: the typed keyspaces, the generic `entry` fields, or everything. */
export type SubgraphPart = 'types' | 'entries' | 'admin'

/** TLS with NATS. The files are read whenever a connection is made, so that they can be replaced. */
export interface ClusterTlsConfig {
  /**
   * Path of the certificates, as PEM, of who signed those of the servers.
   *
   * @default the authorities that Node.js knows
   */
  readonly ca?: string
  /** Path of this peer's own certificate, as PEM; with `key`. */
  readonly cert?: string
  /** Path of its key, as PEM. */
  readonly key?: string
  /**
   * The name in the certificates of the servers, where they are reached by addresses that are not in them.
   *
   * @default the host that is connected to
   */
  readonly serverName?: string
}

/** Who this peer is to NATS: a user with password, a token, the seed of an nkey, or the text of a credentials file. */
export type ClusterAuthConfig =
  | { readonly user: string; readonly password: Secret }
  | { readonly token: Secret }
  | { readonly nkey: Secret }
  | { readonly creds: Secret }

/** How this process finds and talks to the other peers. */
export interface ClusterConfig {
  /**
   * Peers with the same name on the same NATS form one cluster: 1 to 64 letters, digits, `-` and `_`.
   *
   * @default 'fedcache'
   */
  readonly name?: string
  /**
   * Names this process among the peers, and stays the same when it restarts: 1 to 64 letters, digits, `-` and `_`. No
   * two processes of a cluster may have the same.
   *
   * @default host name and port, such as `web-1-4000`
   */
  readonly peerId?: string
  /**
   * NATS servers as `nats://host:port` or `tls://host:port`; a list, or one string with commas between them.
   *
   * @default none: the process stands alone
   */
  readonly nats?: string | readonly string[]
  /**
   * Finds the NATS servers, in place of `nats`: `staticDiscovery`, `dnsDiscovery`, `kubernetesDiscovery`, or one of your
   * own. Who the peers are is always learnt over NATS, by heartbeats; `'nats'` says just that, beside `nats`.
   * `'standalone'` does without both.
   *
   * @default 'nats' where `nats` is given, 'standalone' where it is not
   */
  readonly discovery?: Discovery | 'nats' | 'standalone'
  /**
   * TLS with NATS, with client certificates where the servers want them. Servers without TLS are then refused. True
   * believes the authorities that Node.js knows.
   *
   * @default only with servers whose address begins with `tls://`
   */
  readonly tls?: ClusterTlsConfig | boolean
  /**
   * Who this peer is to NATS. Read whenever a connection is made, and over what the addresses say.
   *
   * @default what the addresses of the servers say
   */
  readonly auth?: ClusterAuthConfig
  /**
   * How many peers there must be, this one included, before `/ready` says so. A whole number from 1.
   *
   * @default 1
   */
  readonly minimumPeers?: number
  /**
   * How long a write waits for the other peers to confirm that they dropped older copies, before it lists the silent
   * ones in `unconfirmed`. From 1 ms to 1 m.
   *
   * @default '1s'
   */
  readonly confirmTimeout?: Duration
  /**
   * How long NATS must be out of reach before `/ready` answers 503. From 1 ms to 1 d.
   *
   * @default never: a fleet that loses NATS keeps its endpoints
   */
  readonly unreadyWhenIsolatedFor?: Duration
}

/** A response header with tags. */
export type CacheTagHeader = 'cache-tag' | 'surrogate-key'

/** A query that GraphiQL opens with. */
export interface GraphiqlTabConfig {
  readonly query: string
  /** Variables by name. */
  readonly variables?: Readonly<Record<string, unknown>>
}

/** How long clients may take, from 100 ms to 1 h. */
export interface HttpTimeoutsConfig {
  /**
   * To send the head of a request, and to agree on TLS. Not longer than `request`.
   *
   * @default '10s'
   */
  readonly headers?: Duration
  /**
   * To send a request as a whole.
   *
   * @default '60s'
   */
  readonly request?: Duration
  /**
   * Between two requests on one connection.
   *
   * @default '75s', longer than most load balancers
   */
  readonly keepAlive?: Duration
  /**
   * To read what they are sent, with the time that it takes at `minReadRate` beside. Subscriptions over WebSockets are
   * then closed with 1013.
   *
   * @default '30s'
   */
  readonly slowClient?: Duration
}

/** The HTTP server. */
export interface HttpConfig {
  /**
   * GraphiQL, the page to write queries in, for browsers that open `/graphql`; with the queries that it opens with, or
   * false to turn it off.
   *
   * @default true
   */
  readonly graphiql?: boolean | { readonly tabs: readonly GraphiqlTabConfig[] }
  /**
   * The largest request body. Larger ones are answered 413. From 1 kb to 1 gb.
   *
   * @default '16mb'
   */
  readonly bodyLimit?: Size
  /**
   * The largest response. Keys beyond it fail alone. From 1 kb to 512 mb.
   *
   * @default '64mb'
   */
  readonly responseLimit?: Size
  /**
   * The most lexical tokens that a GraphQL document may have, from 100 to 10,000,000.
   *
   * @default 30000
   */
  readonly maxDocumentTokens?: number
  /**
   * How deep the fields of an operation may be nested, from 5 to 1,000. GraphiQL needs 15 to read the schema.
   *
   * @default 30
   */
  readonly maxDepth?: number
  /**
   * How many fields an operation may have, its fragments written out wherever they are spread. From 10 to 1,000,000.
   *
   * @default 10000
   */
  readonly maxFields?: number
  /**
   * How many fields of an operation may have an alias, likewise. From 0 to 1,000,000.
   *
   * @default 5000
   */
  readonly maxAliases?: number
  /**
   * Whether the schema may be asked for. Without it GraphiQL cannot complete names.
   *
   * @default true
   */
  readonly introspection?: boolean
  /**
   * HTTPS: paths of the certificate, with those between it and an authority, and of its key, as PEM. New files are used
   * within seconds, without a restart.
   *
   * @default none: HTTP
   */
  readonly tls?: { readonly cert: string; readonly key: string }
  /**
   * Documents that clients may send by id: the SHA-256 of their text, as `documentId: "sha256:<hex>"` or as Apollo's
   * `persistedQuery`, by POST and GET. With `only` no others are executed.
   *
   * @default none: documents are sent as they are
   */
  readonly trustedDocuments?: { readonly documents: readonly string[]; readonly only?: boolean }
  /**
   * Names, without port, under which a server that listens on a loopback address answers beside `localhost` and
   * loopback addresses: those that a reverse proxy on this machine passes on. A server that listens elsewhere answers
   * under any name unless this is given.
   *
   * @default none
   */
  readonly allowedHosts?: readonly string[]
  /**
   * Proxies in front of this server: their addresses and networks, such as `['10.0.0.0/8', '::1']`, or how many of them
   * every request passes. What they tell is believed: from which address, by which scheme and under which name a request
   * was sent. It counts for what pages of other origins may not do, for logs, and for functions of `auth`. Of anybody
   * else those headers are not looked at. A number believes whoever connects: nobody but the proxies may reach the port.
   *
   * @default none
   */
  readonly trustedProxies?: readonly string[] | number
  /**
   * In which headers trusted proxies tell: `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host`, or `Forwarded`.
   * They must set those or take them away, and not pass on what clients sent.
   *
   * @default 'x-forwarded'
   */
  readonly forwardedHeaders?: 'x-forwarded' | 'forwarded'
  /**
   * How many queries and mutations may be under way at once, over HTTP and WebSockets together. Others are answered 503
   * with `Retry-After`, and the code `BUSY`. `/health`, `/ready` and `/metrics` always answer. From 1 to 1,000,000.
   *
   * @default 20000
   */
  readonly maxOperations?: number
  /**
   * How many subscriptions may be open at once. From 1 to 1,000,000.
   *
   * @default 10000
   */
  readonly maxSubscriptions?: number
  /**
   * How many WebSockets may be open at once. From 1 to 1,000,000.
   *
   * @default 10000
   */
  readonly maxWebSockets?: number
  /**
   * How many operations one WebSocket may have under way. From 1 to 1,000,000.
   *
   * @default 1000
   */
  readonly maxOperationsPerWebSocket?: number
  /** How long clients may take. Those that take longer are cut off. */
  readonly timeouts?: HttpTimeoutsConfig
  /**
   * How many bytes of an answer a client must at least read in a second, beside `timeouts.slowClient`. From 1 b to 1 gb.
   *
   * @default '128kb'
   */
  readonly minReadRate?: Size
  /**
   * Tells shared caches, such as a CDN, by which tags to drop an answer: the name of each keyspace that was read,
   * `keyspace/key`, and the tags of the entries. `cache-tag` has commas between them, `surrogate-key` spaces; what is not
   * visible ASCII is percent-encoded. An answer whose tags are longer than `limit` has none, and is `private`, because
   * a shared cache could not drop it. The default goes through proxies that keep 4 kb of headers; CDNs take 16 kb. From
   * 64 b to 64 kb.
   *
   * @default none
   */
  readonly cacheTags?: { readonly headers: readonly CacheTagHeader[]; readonly limit?: Size }
}

/** What is logged. */
export interface LogConfig {
  /**
   * The least serious level that is written.
   *
   * @default 'info'
   */
  readonly level?: LogLevel
  /**
   * Takes the log lines in place of JSON on standard output. `level` then does nothing.
   *
   * @default none
   */
  readonly logger?: Logger
}

/** What fedcache shows as a subgraph. */
export interface SubgraphConfig {
  /**
   * What the subgraph's SDL holds. `/graphql` answers everything whatever is chosen here.
   *
   * @default ['types'], and 'entries' while there are no typed keyspaces
   */
  readonly expose?: readonly SubgraphPart[]
  /**
   * Types of your own over keyspaces, as GraphQL SDL: one text or several. Beside what GraphQL has, two directives tell
   * where values come from:
   *
   * - `@keyspace(name: String!, key: String, one: String, many: String)` on an object type with `@key`: its values are
   *   the entries of that keyspace, which has the format `json`. One for each resolvable `@key`, in order. `key` makes
   *   the entry's key of the fields of the `@key`, such as `"{tenant}/{sku}"`, percent-encoded; without it the key is
   *   the only field, as it is. `one` and `many` name root fields that read one or several.
   * - `@entry(key: String!, keyspace: String)` on a field: the stored value holds, in a field or a template over
   *   several, the key of what the field gives, or a list of keys. It gives types with a `@keyspace`, and entities of
   *   other subgraphs: types with `@key(fields: …, resolvable: false)`.
   *
   * Every directive of federation can be used; fedcache links the specification by itself.
   *
   * @default none
   */
  readonly typeDefs?: string | readonly string[]
  /**
   * Whether answers tell a gateway's cache by which tags to drop them: `extensions.apolloEntityCacheTags`, one list for
   * each entity that a gateway referred to, or `extensions.apolloCacheTags`. The tags of an entry are the name of its
   * keyspace, `keyspace/key`, and its own tags.
   *
   * @default false
   */
  readonly cacheTags?: boolean
  /**
   * The most entities that a gateway, or a root field that reads several, may ask for at once. From 1 to 1,000,000.
   *
   * @default 10000
   */
  readonly maxRepresentations?: number
}

/** The configuration of one fedcache process. Everything is optional. */
export interface Config {
  /**
   * TCP port to listen on, from 0 to 65535. 0 takes any free one; the log line `listening` tells which.
   *
   * @default 4000
   */
  readonly port?: number
  /**
   * Address or host name to listen on. One that other machines can reach needs `auth`.
   *
   * @default '127.0.0.1'
   */
  readonly host?: string
  /**
   * Who may use the API: who brings one of some tokens, or a JWT of an identity provider, or whom a function of yours
   * knows. `'none'`: everyone who can reach the port, to read, write and administer.
   *
   * @default nobody but this machine, which `host` sees to
   */
  readonly auth?: AuthConfig
  readonly cluster?: ClusterConfig
  /**
   * Sources by name, for keyspaces that are made while fedcache runs and for those that share a source. Names are made
   * like those of keyspaces.
   */
  readonly sources?: Readonly<Record<string, Source>>
  /** Keyspaces by name: a letter, then up to 63 letters, digits, `_`, `.` and `-`. */
  readonly keyspaces?: Readonly<Record<string, KeyspaceConfig>>
  /**
   * How many processes `fedcache serve` runs behind the one port, each a peer of the cluster with a `peerId` of its own
   * (`one-1`, `one-2`, …). More than 1 need `cluster.nats` or `cluster.discovery`. They share what the machine has:
   * each gets an equal part of `memoryLimit`, and of the `maxBytes` and `maxEntries` of keyspaces. From 1 to 64.
   * `createFedcache` starts no processes and leaves it alone.
   *
   * @default 1
   */
  readonly workers?: number
  /**
   * What all keyspaces together may hold in this process, or in all its `workers` together: keys, values and overhead.
   * `fedcache serve` gives the heap the room for it; where it does not start the process, a heap that is too small is an
   * error. More than the memory that the container, or else the machine, has is always one. At least 1 mb.
   *
   * @default '512mb', or what the heap has room for where that is less
   */
  readonly memoryLimit?: Size
  /**
   * The longest key, in bytes of UTF-8. From 1 b to 64 kb.
   *
   * @default '1kb'
   */
  readonly maxKeyBytes?: Size
  /**
   * The most keys in one call, from 1 to 100,000.
   *
   * @default 1000
   */
  readonly maxKeysPerCall?: number
  readonly http?: HttpConfig
  readonly log?: LogConfig
  readonly subgraph?: SubgraphConfig
  /**
   * Caches outside of the cluster that are told what to drop.
   *
   * @default none
   */
  readonly invalidation?: InvalidationConfig
}

/**
 * Gives a configuration its types. It checks nothing and returns what it got; what is wrong with it is told when it is
 * used.
 */
export function defineConfig(config: Config): Config {
  return config
}
