import type { Engine } from './engine.ts'
import type { ClusterEvent, EntryChange } from './events.ts'

/**
 * What callers of the API may do with an engine. An engine is one, which lets everyone do everything; what stands before
 * an engine for one caller is another. Resolvers, and whatever else answers requests, know nothing else.
 */
export interface EngineApi extends Pick<
  Engine,
  | 'get'
  | 'getMany'
  | 'read'
  | 'nowMs'
  | 'readNow'
  | 'readAllNow'
  | 'put'
  | 'putMany'
  | 'delete'
  | 'deleteMany'
  | 'invalidateTags'
  | 'clear'
  | 'warm'
  | 'keyspace'
  | 'isPublic'
  | 'maxAnswerBytes'
  | 'keyspaces'
  | 'createKeyspace'
  | 'updateKeyspace'
  | 'deleteKeyspace'
  | 'deleteKeyspaces'
  | 'stats'
  | 'cluster'
> {
  entryChanges(
    keyspace: string,
    keys?: readonly string[],
  ): AsyncIterableIterator<EntryChange> | Promise<AsyncIterableIterator<EntryChange>>
  clusterEvents(): AsyncIterableIterator<ClusterEvent> | Promise<AsyncIterableIterator<ClusterEvent>>
}
