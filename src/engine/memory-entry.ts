import { noTags } from './input-limits.ts'
import { chargedBytes } from './memory.ts'
import type { EntryKind, StoredEntry } from './stored-entry.ts'

/**
 * What every {@link StoredEntry} is made by. Not by an object literal: V8 puts what a literal makes among old objects
 * once most of it has stayed for long, and then what only passes through stays until the next full collection, too.
 */
export class MemoryEntry<Content extends string | null> implements StoredEntry {
  // What every hit looks at comes first: so it is in as few lines of the processor's cache as it can be.
  readonly expiresAtMs: number
  readonly nearUntilMs: number | undefined
  readonly encoded: Content
  readonly key: string
  readonly bytes: number
  readonly slot: number
  readonly tags: readonly string[]
  readonly createdAtMs: number
  readonly version: number
  readonly kind: EntryKind

  constructor(parts: Omit<StoredEntry, 'encoded' | 'bytes'> & { readonly encoded: Content }) {
    // Whole milliseconds are kept in the entry itself; for others V8 makes an object of its own, one more place in memory.
    this.expiresAtMs = Math.floor(parts.expiresAtMs)
    this.nearUntilMs = parts.nearUntilMs === undefined ? undefined : Math.floor(parts.nearUntilMs)
    this.encoded = parts.encoded
    this.key = parts.key
    this.bytes = chargedBytes(parts.key, parts.encoded, parts.tags)
    this.slot = parts.slot
    // Every reader is given this very list.
    this.tags = parts.tags.length === 0 ? noTags : Object.freeze(parts.tags)
    this.createdAtMs = Math.floor(parts.createdAtMs)
    this.version = parts.version
    this.kind = parts.kind
  }
}
