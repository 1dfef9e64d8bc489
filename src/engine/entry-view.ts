import { decodeBytes, decodeText } from './encoding.ts'
import type { Entry, ServedFrom } from './entry.ts'
import type { ValueFormat } from './policy.ts'
import type { FoundEntry, StoredEntry } from './stored-entry.ts'

/** What entries of one keyspace share when they are read. */
export interface EntryContext {
  readonly name: string
  readonly format: ValueFormat
  /** As `Clock.wallOffsetMs`. */
  wallOffsetMs(): number
}

/** One reading of a stored entry: holds references only, and works out the rest when asked. */
export class EntryView implements Entry {
  readonly #context: EntryContext
  readonly stored: StoredEntry
  readonly encoded: string
  readonly servedFrom: ServedFrom
  readonly owner: string | null
  readonly #readAtMs: number

  constructor(
    context: EntryContext,
    stored: FoundEntry,
    servedFrom: ServedFrom,
    owner: string | null,
    readAtMs: number,
  ) {
    this.#context = context
    this.stored = stored
    this.encoded = stored.encoded
    this.servedFrom = servedFrom
    this.owner = owner
    // In whole milliseconds, as the times of entries are: V8 would make an object for others.
    this.#readAtMs = Math.floor(readAtMs)
  }

  get keyspace(): string {
    return this.#context.name
  }

  get key(): string {
    return this.stored.key
  }

  get format(): ValueFormat {
    return this.#context.format
  }

  get value(): unknown {
    return this.format === 'json' ? JSON.parse(decodeText(this.encoded)) : undefined
  }

  get text(): string | undefined {
    return this.format === 'bytes' ? undefined : decodeText(this.encoded)
  }

  get bytes(): Uint8Array {
    return decodeBytes(this.encoded)
  }

  get size(): number {
    return this.encoded.length
  }

  get version(): string {
    return String(this.stored.version)
  }

  get createdAt(): Date {
    return new Date(this.stored.createdAtMs + this.#context.wallOffsetMs())
  }

  get expiresAt(): Date | null {
    const { expiresAtMs } = this.stored
    return expiresAtMs === Infinity ? null : new Date(expiresAtMs + this.#context.wallOffsetMs())
  }

  get ttlMs(): number | null {
    const { expiresAtMs } = this.stored
    return expiresAtMs === Infinity ? null : Math.max(0, expiresAtMs - this.#readAtMs)
  }

  get ageMs(): number {
    return Math.max(0, this.#readAtMs - this.stored.createdAtMs)
  }

  get stale(): boolean {
    return this.servedFrom === 'STALE'
  }

  get tags(): readonly string[] {
    return this.stored.tags
  }

  /** What `JSON.stringify` writes: all but how the value is kept, and the value once, as its format has it. */
  toJSON(): object {
    const { keyspace, key, format, size, version, createdAt, expiresAt, ttlMs, ageMs, stale, servedFrom, owner, tags } =
      this
    const value = format === 'bytes' ? Buffer.from(this.bytes).toString('base64') : (this.value ?? this.text)
    const times = { createdAt, expiresAt, ttlMs, ageMs }
    return { keyspace, key, format, [fieldOf[format]]: value, size, version, ...times, stale, servedFrom, owner, tags }
  }
}

/** The field of an entry that has its value. */
const fieldOf: Readonly<Record<ValueFormat, string>> = { json: 'value', text: 'text', bytes: 'bytes' }
