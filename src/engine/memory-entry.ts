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
    this.key = parts.key
    this.encoded = parts.encoded
    this.kind = parts.kind
    this.slot = parts.slot
    this.version = parts.version
    this.createdAtMs = parts.createdAtMs
    this.expiresAtMs = parts.expiresAtMs
    this.nearUntilMs = parts.nearUntilMs
    this.tags = parts.tags
    this.bytes = chargedBytes(parts.key, parts.encoded, parts.tags)
  }
}
