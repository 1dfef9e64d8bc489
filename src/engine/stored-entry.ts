import type { StoredItem } from '../ports/index.ts'

/**
 * Why an entry is in memory. `LOADED`: from the source, or as its owner had it. `PUT`: by a put that no source has, so
 * this may be the only copy. `NEAR`: a copy of what another peer owns.
 */
export type EntryKind = 'LOADED' | 'PUT' | 'NEAR'

/**
 * An entry in memory. Immutable: a change makes a new one. Times are whole milliseconds on the clock's monotonic scale;
 * none is later than it was asked for.
 */
export interface StoredEntry extends StoredItem {
  readonly key: string
  /** The value, one character per byte, or `null` where the source has none (a remembered not-found). */
  readonly encoded: string | null
  readonly kind: EntryKind
  readonly slot: number
  readonly version: number
  readonly createdAtMs: number
  /** `Infinity` where it does not expire. */
  readonly expiresAtMs: number
  /** For near copies: until when they may be served. */
  readonly nearUntilMs?: number
  readonly tags: readonly string[]
  readonly bytes: number
}

/** An entry that has a value. */
export type FoundEntry = StoredEntry & { readonly encoded: string }
