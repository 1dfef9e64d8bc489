/** What happened to an entry. `MISSED`: changes were lost on the way; read again what matters. */
export type EntryChangeKind = 'PUT' | 'DELETED' | 'CLEARED' | 'MISSED'

/** One change of an entry, or of a whole keyspace where `key` is null. */
export interface EntryChange {
  readonly keyspace: string
  readonly key: string | null
  readonly kind: EntryChangeKind
  readonly version: string | null
}

export type { ClusterEvent } from '../ports/index.ts'
