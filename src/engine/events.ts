import type { ClusterEvent } from '../ports/index.ts'

export type { ClusterEvent } from '../ports/index.ts'

/** What happened to an entry. `MISSED`: changes were lost on the way; read again what matters. */
export type EntryChangeKind = 'PUT' | 'DELETED' | 'CLEARED' | 'MISSED'

/** One change of an entry, or of a whole keyspace where `key` is null. */
export interface EntryChange {
  readonly keyspace: string
  readonly key: string | null
  readonly kind: EntryChangeKind
  readonly version: string | null
}

/** What happened to an entry or a keyspace, or to a peer; an {@link EntryChange} has a `keyspace`, and the other has none. */
export type EngineEvent = EntryChange | ClusterEvent

/** Tells changes of entries from what happens to peers. */
export function isEntryChange(event: EngineEvent): event is EntryChange {
  return 'keyspace' in event
}

/** What a subscriber gets who was too slow for the event and all that came after it. */
export function missed(event: EngineEvent): EngineEvent {
  if (isEntryChange(event)) return missedIn(event.keyspace)
  return { ...event, reason: 'events were lost because this subscriber was too slow; read cluster again' }
}

/** That changes of a keyspace may have passed a subscriber by. */
export function missedIn(keyspace: string): EntryChange {
  return { keyspace, key: null, kind: 'MISSED', version: null }
}
