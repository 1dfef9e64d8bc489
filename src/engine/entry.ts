import type { ServedFrom } from '../ports/index.ts'
import type { ValueFormat } from './policy.ts'
import type { StoredEntry } from './stored-entry.ts'

export type { ServedFrom } from '../ports/index.ts'

/**
 * An entry as one read saw it. It does not change; reading again may give another. `JSON.stringify` writes its fields
 * but `encoded` and `stored`, and the value in the one field that its format is has, bytes as base64.
 */
export interface Entry {
  readonly keyspace: string
  readonly key: string
  readonly format: ValueFormat
  /** The value as it goes out: one character per UTF-8 byte of its JSON or text, or per byte of a binary value. */
  readonly encoded: string
  /** The JSON value; `undefined` where the format is not `json`. Parsed anew at each call. */
  readonly value: unknown
  /** The text of a `json` or `text` value; `undefined` for `bytes`. */
  readonly text: string | undefined
  /** A copy of the bytes of the value, in every format. */
  readonly bytes: Uint8Array
  /** Length of the value in bytes. */
  readonly size: number
  /** A decimal number that grows with every write of the key. */
  readonly version: string
  readonly createdAt: Date
  /** `null` where the entry does not expire. */
  readonly expiresAt: Date | null
  /** Remaining lifetime in whole milliseconds; with `ageMs` the whole of it. `null` where the entry does not expire. */
  readonly ttlMs: number | null
  /** Milliseconds since the value was loaded or put. */
  readonly ageMs: number
  /** Whether the entry was past its expiry when it was read. */
  readonly stale: boolean
  readonly servedFrom: ServedFrom
  /** `peerId` of the key's owner; `null` where none is known. */
  readonly owner: string | null
  /** Frozen. */
  readonly tags: readonly string[]
  /** The stored entry behind this reading, for those who count what is kept; its times are those of a monotonic clock. */
  readonly stored: StoredEntry
}
