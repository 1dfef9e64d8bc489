import type { Clock, Store, StoreOptions } from '../ports/index.ts'
import { FedcacheError } from '../errors.ts'
import { type Encoded, encodeValue } from './encoding.ts'
import type { EntryContext } from './entry-view.ts'
import { Flights } from './flights.ts'
import { copyString, maxDurationMs, noTags, quote, requireTags } from './input-limits.ts'
import { type MemoryBudget, entryOverheadBytes, tagOverheadBytes } from './memory.ts'
import type { KeyspaceDefinition, KeyspacePolicy, ValueFormat } from './policy.ts'
import type { KeyspaceStats } from './results.ts'
import { type Counters, newCounters } from './stats.ts'
import type { StoredEntry } from './stored-entry.ts'
import { TagIndex } from './tag-index.ts'

/** A value on its way into memory, encoded and judged by the keyspace's rules. */
export interface PreparedValue {
  readonly encoded: Encoded
  /** Lifetime; `Infinity`: does not expire; 0: not to be kept. */
  readonly ttlMs: number
  readonly tags: readonly string[]
}

/** What was said about a value by whoever gave it. */
export interface ValueTerms {
  readonly ttlMs?: number | undefined
  readonly tags?: readonly string[] | undefined
}

/** One keyspace in this process: its memory, its flights, its counters. */
export class Keyspace implements EntryContext {
  readonly name: string
  readonly flights = new Flights()
  readonly counters: Counters = newCounters()
  definition: KeyspaceDefinition
  store: Store<StoredEntry>
  readonly #clock: Clock
  readonly #budget: MemoryBudget
  readonly #tags: TagIndex

  constructor(definition: KeyspaceDefinition, clock: Clock, budget: MemoryBudget) {
    this.name = definition.name
    this.definition = definition
    this.#clock = clock
    this.#budget = budget
    this.#tags = new TagIndex(clock, (key) => this.drop(key))
    this.store = this.#newStore()
    budget.join(this)
  }

  get policy(): KeyspacePolicy {
    return this.definition.policy
  }

  get format(): ValueFormat {
    return this.definition.policy.format
  }

  /** Bytes charged to this keyspace. */
  get bytes(): number {
    return this.store.bytes
  }

  get stats(): KeyspaceStats {
    return { entries: this.store.size, bytes: this.store.bytes, ...this.counters }
  }

  wallOffsetMs(): number {
    return this.#clock.now() - this.#clock.monotonic()
  }

  evict(): boolean {
    return this.store.evict()
  }

  /** The entry of `key`, expired or not, unless it was invalidated. */
  find(key: string): StoredEntry | undefined {
    const entry = this.store.get(key)
    return entry !== undefined && entry.tags.length > 0 && this.#tags.isInvalid(entry) ? undefined : entry
  }

  /**
   * Encodes a value and works out how long it lives and which tags it has.
   *
   * @param where names the value in messages.
   * @throws FedcacheError `INVALID_VALUE`, `VALUE_TOO_LARGE`, `BAD_USER_INPUT`; `SOURCE_FAILED` where the keyspace's
   * own `expiry` or `tags` function failed.
   */
  prepare(key: string, value: unknown, terms: ValueTerms, where: string): PreparedValue {
    const encoded = encodeValue(this.format, value, where)
    if (encoded.length > this.policy.maxValueBytes) {
      throw tooLarge(
        where,
        encoded.length,
        `the keyspace "${this.name}" takes values of up to ${this.policy.maxValueBytes}`,
      )
    }
    const tags = this.#tagsOf(key, value, terms.tags, where)
    const bytes = chargedBytes(key, encoded, tags)
    const room = Math.min(this.policy.maxBytes, this.#budget.limitBytes)
    if (bytes > room) throw tooLarge(where, encoded.length, `the keyspace "${this.name}" holds ${room} bytes in all`)
    return { encoded, tags, ttlMs: terms.ttlMs ?? this.#lifetimeOf(key, value) }
  }

  /** Makes the entry of a prepared value, or of a not-found answer where `encoded` is null. */
  entry<Content extends Encoded | null>(
    key: string,
    prepared: { readonly encoded: Content; readonly ttlMs: number; readonly tags: readonly string[] },
    version: number,
  ): StoredEntry & { readonly encoded: Content } {
    const createdAtMs = this.#clock.monotonic()
    return {
      key: copyString(key),
      encoded: prepared.encoded,
      version,
      createdAtMs,
      expiresAtMs: createdAtMs + prepared.ttlMs,
      tags: prepared.tags,
      bytes: chargedBytes(key, prepared.encoded, prepared.tags),
    }
  }

  /** Keeps an entry in place of an older one. Returns false, and changes nothing, where it does not fit. */
  keep(entry: StoredEntry): boolean {
    if (entry.bytes > this.policy.maxBytes || !this.#budget.makeRoom(entry.bytes)) return false
    const old = this.store.peek(entry.key)
    if (!this.store.set(entry)) return false
    if (old !== undefined) this.#tags.remove(old)
    this.#tags.add(entry)
    return true
  }

  /** Drops the entry of `key`. Returns whether there was one. */
  drop(key: string): boolean {
    const entry = this.store.peek(key)
    if (entry === undefined) return false
    this.store.delete(key)
    this.#tags.remove(entry)
    return true
  }

  /** Drops the entry of `key` and lets nothing that is under way for it be stored. */
  invalidate(key: string): void {
    this.flights.unhook(key)
    this.drop(key)
  }

  /** Drops, now and when they arrive, all entries that carry one of the tags. */
  invalidateTags(tags: readonly string[]): void {
    this.flights.fence(tags)
    this.#tags.invalidate(tags)
  }

  /** Drops everything. The old store is left to the garbage collector whole, which costs no pause. */
  clear(): void {
    this.flights.unhookAll()
    this.#tags.clear()
    this.store = this.#newStore()
  }

  /** Changes the rules while the keyspace runs. Entries that are there keep their lifetimes. */
  update(definition: KeyspaceDefinition): void {
    this.definition = definition
    this.store.resize(definition.policy.maxBytes, definition.policy.maxEntries)
  }

  /** Frees everything; what is still under way is stored nowhere. */
  close(): void {
    this.clear()
    this.#budget.leave(this)
  }

  #newStore(): Store<StoredEntry> {
    const { maxBytes, maxEntries, store } = this.policy
    const options: StoreOptions<StoredEntry> = {
      maxBytes,
      maxEntries,
      onEvict: (entry) => {
        this.counters.evictions++
        this.#tags.remove(entry)
      },
    }
    return store(options)
  }

  #lifetimeOf(key: string, value: unknown): number {
    const own = this.#callOwn('expiry', () => this.policy.expiry?.(key, value))
    if (own !== undefined) {
      if (typeof own === 'number' && own <= 0) return 0
      if (typeof own === 'number' && (own <= maxDurationMs || own === Infinity)) return own
      throw ownFunctionFailed(this.name, 'expiry', `it returned ${quote(own)}, not a number of milliseconds`)
    }
    const { ttlMs, ttlJitter } = this.policy
    return ttlJitter === 0 || ttlMs === Infinity ? ttlMs : ttlMs * (1 - Math.random() * ttlJitter)
  }

  #tagsOf(key: string, value: unknown, given: readonly string[] | undefined, where: string): readonly string[] {
    const own = this.#callOwn('tags', () => this.policy.tags?.(key, value))
    if (own === undefined && given === undefined) return noTags
    if (own !== undefined && !Array.isArray(own)) {
      throw ownFunctionFailed(this.name, 'tags', `it returned ${quote(own)}, not a list of strings`)
    }
    return requireTags([...(given ?? noTags), ...(own ?? noTags)], where)
  }

  #callOwn<Result>(name: string, call: () => Result): Result {
    try {
      return call()
    } catch (cause) {
      throw ownFunctionFailed(this.name, name, 'it threw', cause)
    }
  }
}

/** The bytes an entry is charged for. */
export function chargedBytes(key: string, encoded: Encoded | null, tags: readonly string[]): number {
  let bytes = Buffer.byteLength(key) + (encoded?.length ?? 0) + entryOverheadBytes
  for (const tag of tags) bytes += tagOverheadBytes + tag.length
  return bytes
}

function tooLarge(where: string, bytes: number, limit: string): FedcacheError {
  return new FedcacheError('VALUE_TOO_LARGE', `The value of ${where} has ${bytes} bytes; ${limit}.`)
}

function ownFunctionFailed(keyspace: string, name: string, problem: string, cause?: unknown): FedcacheError {
  const message = `The function "${name}" of the keyspace "${keyspace}" failed: ${problem}. Its author must mend it.`
  return new FedcacheError('SOURCE_FAILED', message, { cause })
}
