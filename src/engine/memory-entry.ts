import { noTags } from './input-limits.ts'
import { chargedBytes } from './memory.ts'
import type { EntryKind, StoredEntry } from './stored-entry.ts'

/**
 * What every {@link StoredEntry} is made by. Not by an object literal: V8 puts what a literal makes among old objects
 * once most of it has stayed for long, and then what only passes through stays until the next full collection, too.
 */
export class MemoryEntry<Content extends string | null> implements StoredEntry {
  readonly key: string
  readonly encoded: Content
  readonly kind: EntryKind
  readonly slot: number
  readonly version: number
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly nearUntilMs: number | undefined
  readonly tags: readonly string[]
  readonly bytes: number

  constructor(parts: Omit<StoredEntry, 'encoded' | 'bytes'> & { readonly encoded: Content }) {
    // What every hit looks at comes first: so it is in as few lines of the processor's cache as it can be.
    this.expiresAtMs = parts.expiresAtMs
    this.nearUntilMs = parts.nearUntilMs
    this.encoded = parts.encoded
    this.slot = parts.slot
    // Every reader is given this very list.
    this.tags = parts.tags.length === 0 ? noTags : Object.freeze(parts.tags)
    this.bytes = chargedBytes(parts.key, parts.encoded, parts.tags)
    this.kind = parts.kind
    this.key = parts.key
    this.version = parts.version
    this.createdAtMs = parts.createdAtMs
  }
}
