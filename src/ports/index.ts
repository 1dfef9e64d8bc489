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
export {
  type AskedAs,
  type CatalogueRecord,
  type ClusterEvent,
  type ClusterInfo,
  type Confirmation,
  type EntryTransfer,
  type HomelessPut,
  type Invalidation,
  type KeyChange,
  type PeerAnswer,
  type PeerHost,
  type PeerInfo,
  type PeerState,
  type Peers,
  type Route,
  type ServedFrom,
  type WriteAnswer,
  type WriteAnswers,
  type WriteTransfer,
  slotCount,
} from './peers.ts'
