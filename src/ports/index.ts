export type { Authenticator, Authorize, AuthorizeRequest, Identity, RequestHead } from './authenticator.ts'
export { BoundedLog } from './bounded-log.ts'
export {
  type Bus,
  BusError,
  type BusErrorKind,
  type BusHandler,
  type BusMessage,
  type BusServer,
  type BusService,
  type BusStats,
  type BusStatus,
} from './bus.ts'
export { cacheTagsOf, headerTag, keyTag } from './cache-tags.ts'
export type { Clock, Timer } from './clock.ts'
export type { Discovery } from './discovery.ts'
export type { InvalidationEndpoint } from './invalidation-endpoint.ts'
export type { LogFields, Logger } from './logger.ts'
export {
  type LoadContext,
  type LoadResult,
  type Source,
  type SourceChange,
  type SourceContext,
  SourceEntry,
  type SourceEntryOptions,
  type StoreRequest,
  type WriteReceipt,
  type WriteResult,
  sourceEntry,
} from './source.ts'
export type { Store, StoreFactory, StoreOptions, StoredItem } from './store.ts'
export type {
  AskedAs,
  CatalogueRecord,
  ClusterEvent,
  ClusterInfo,
  Confirmation,
  EntryTransfer,
  HomelessPut,
  Invalidation,
  KeyChange,
  PeerAnswer,
  PeerHost,
  PeerInfo,
  PeerState,
  Peers,
  Route,
  ServedFrom,
  WriteAnswer,
  WriteAnswers,
  WriteTransfer,
} from './peers.ts'
