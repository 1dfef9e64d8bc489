import type { StoredItem } from '../ports/index.ts'

/** An entry in memory. Immutable: a change makes a new one. Times are on the clock's monotonic scale. */
export interface StoredEntry extends StoredItem {
  readonly key: string
  /** The value, one character per byte, or `null` where the source has none (a remembered not-found). */
  readonly encoded: string | null
  readonly version: number
  readonly createdAtMs: number
  /** `Infinity` where it does not expire. */
  readonly expiresAtMs: number
  readonly tags: readonly string[]
  readonly bytes: number
}

/** An entry that has a value. */
export type FoundEntry = StoredEntry & { readonly encoded: string }
