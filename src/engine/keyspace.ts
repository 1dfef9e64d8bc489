import type { Clock, EntryTransfer, KeyChange, Peers, Store, StoreOptions } from '../ports/index.ts'
import { FedcacheError } from '../errors.ts'
import type { Encoded } from './encoding.ts'
import type { EntryContext } from './entry-view.ts'
import { type Arrival, type Flight, Flights } from './flights.ts'
import { GraveList } from './grave-list.ts'
import { copyString, noTags } from './input-limits.ts'
import type { MemoryBudget } from './memory.ts'
import { MemoryEntry } from './memory-entry.ts'
import type { KeyspaceDefinition, KeyspacePolicy, ValueFormat } from './policy.ts'
import { type PreparedValue, prepareValue, type ValueTerms } from './prepare-value.ts'
import type { KeyspaceStats } from './results.ts'
import { NearAdmission } from './near-admission.ts'
import { type Counters, newCounters } from './stats.ts'
import { SlotCensus } from './slot-census.ts'
import { Spreading } from './spreading.ts'
import type { EntryKind, StoredEntry } from './stored-entry.ts'
import { TagIndex } from './tag-index.ts'

/** What a keyspace needs beside its definition. */
export interface KeyspaceContext {
  readonly clock: Clock
  readonly budget: MemoryBudget
  /** The slot of a key. */
  readonly slotOf: (key: string) => number
  readonly spreadMs: Peers['spreadMs']
}

/** What an entry is made of beside its key. */
export interface ValueToKeep<Content extends Encoded | null> {
  readonly encoded: Content
  readonly ttlMs: number
  /** When it ends on the monotonic clock, where that was given and no lifetime. */
  readonly expiresAtMs?: number | undefined
  readonly tags: readonly string[]
}

/** What a keyspace has of several keys. */
export interface FoundEntries {
  /** One for each key, in order; `undefined` where there is none. */
  readonly entries: readonly (StoredEntry | undefined)[]
  /** No less than the bytes of their values together. */
  readonly bytes: number
}

/** One keyspace in this process: its memory, its flights, its counters. */
export class Keyspace implements EntryContext {
  readonly name: string
  readonly flights: Flights = new Flights()
  readonly counters: Counters = newCounters()
  readonly nearAdmission: NearAdmission
  definition: KeyspaceDefinition
  store: Store<StoredEntry>
  /** Version of the last clear; 0 where there was none. */
  clearedAt = 0
  /** The slot of a key. */
  readonly slotOf: (key: string) => number
  readonly #clock: Clock
  readonly #budget: MemoryBudget
  readonly #tags: TagIndex
  /** Of the entries in {@link store}. */
  #census = new SlotCensus()
  /** Where there are no other peers, nothing that has gone can come back. */
  readonly #graves: GraveList | undefined
  #holdsPuts = false
  /** The highest version of a put that was kept. */
  #newestPut = 0
  readonly #spreading: Spreading

  constructor(definition: KeyspaceDefinition, { clock, budget, slotOf, spreadMs }: KeyspaceContext) {
    this.name = definition.name
    this.definition = definition
    this.slotOf = slotOf
    this.nearAdmission = new NearAdmission(clock)
    this.#clock = clock
    this.#budget = budget
    this.#spreading = new Spreading(clock, spreadMs)
    this.#graves = spreadMs > 0 ? new GraveList() : undefined
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

  /** Whether there may be puts in memory that no source has. */
  get holdsPuts(): boolean {
    return this.#holdsPuts
  }

  /** Bytes charged to this keyspace. */
  get bytes(): number {
    return this.store.bytes
  }

  get stats(): KeyspaceStats {
    return { entries: this.store.size, bytes: this.store.bytes, ...this.counters }
  }

  wallOffsetMs(): number {
    return this.#clock.wallOffsetMs()
  }

  evict(): boolean {
    return this.store.evict()
  }

  /** The entry of `key`, expired or not, unless it was invalidated. */
  find(key: string): StoredEntry | undefined {
    return this.#unlessInvalid(this.#lookUp(key))
  }

  /**
   * The same of many keys, in order. First all are looked up, then all entries and values are looked at: what lies far
   * away in memory is waited for, and those that follow each other closely are waited for together.
   */
  findAll(keys: readonly string[]): FoundEntries {
    const entries = this.#lookUpAll(keys)
    let bytes = 0
    for (let index = 0; index < entries.length; index++) bytes += sizeOf(entries[index])
    if (!this.#tags.isSweeping) return { entries, bytes }
    return { entries: entries.map((entry) => this.#unlessInvalid(entry)), bytes }
  }

  #lookUpAll(keys: readonly string[]): readonly (StoredEntry | undefined)[] {
    const { store } = this
    const mayBeThere = keys.some((key) => this.#census.has(this.slotOf(key)))
    if (mayBeThere && store.getAll !== undefined) return store.getAll(keys)
    return keys.map((key) => (mayBeThere ? this.#lookUp(key) : undefined))
  }

  #lookUp(key: string): StoredEntry | undefined {
    return this.#census.has(this.slotOf(key)) ? this.store.get(key) : undefined
  }

  #unlessInvalid(entry: StoredEntry | undefined): StoredEntry | undefined {
    return entry !== undefined && this.#tags.isInvalid(entry) ? undefined : entry
  }

  /** Encodes a value and judges it by the rules of this keyspace; see {@link prepareValue}. */
  prepare(key: string, value: unknown, terms: ValueTerms, where: string): PreparedValue {
    const { name, policy } = this
    const roomBytes = Math.min(policy.maxBytes, this.#budget.limitBytes)
    return prepareValue({ name, policy, roomBytes }, key, value, terms, where)
  }

  /** Makes the entry of a value that was loaded or put here, or of a not-found answer where `encoded` is null. */
  entry<Content extends Encoded | null>(
    key: string,
    prepared: ValueToKeep<Content>,
    version: number,
    kind: EntryKind,
  ): StoredEntry & { readonly encoded: Content } {
    const createdAtMs = this.#clock.monotonic()
    return new MemoryEntry({
      key: this.#ownKey(key),
      slot: this.slotOf(key),
      encoded: prepared.encoded,
      version,
      tags: prepared.tags,
      kind,
      createdAtMs,
      expiresAtMs: prepared.expiresAtMs ?? createdAtMs + prepared.ttlMs,
      nearUntilMs: this.#nearUntilMs(kind, createdAtMs),
    })
  }

  /**
   * Makes an entry of one that another peer sent.
   *
   * @param key its key and slot, as they are known here.
   * @param way when it was asked for, because the way it took counts as age, and when it came.
   * @param isKept false where it only passes through, and need not own its key.
   */
  received(
    { key, slot }: { readonly key: string; readonly slot: number },
    { encoded, version, ageMs, ttlMs, tags }: EntryTransfer,
    kind: EntryKind,
    { sentAtMs, atMs }: { readonly sentAtMs: number; readonly atMs: number },
    isKept = true,
  ): StoredEntry {
    return new MemoryEntry({
      key: isKept ? this.#ownKey(key) : key,
      slot,
      encoded,
      version,
      tags,
      kind,
      createdAtMs: sentAtMs - ageMs,
      expiresAtMs: sentAtMs + ttlMs,
      nearUntilMs: this.#nearUntilMs(kind, atMs),
    })
  }

  /** The form in which an entry travels. */
  transfer({ key, encoded, version, createdAtMs, expiresAtMs, tags }: StoredEntry, nowMs: number): EntryTransfer {
    return { key, encoded, version, tags, ageMs: nowMs - createdAtMs, ttlMs: Math.max(0, expiresAtMs - nowMs) }
  }

  /** Keeps an entry in place of an older one. Returns false, and changes nothing, where it does not fit. */
  keep(entry: StoredEntry): boolean {
    if (entry.bytes > this.policy.maxBytes || !this.#budget.makeRoom(entry.bytes)) return false
    const old = this.store.peek(entry.key)
    if (!this.store.set(entry)) return false
    if (entry.kind === 'PUT') {
      this.#holdsPuts = true
      this.#newestPut = Math.max(this.#newestPut, entry.version)
    }
    if (old === undefined) this.#census.enter(entry.slot)
    else this.#tags.remove(old)
    this.#tags.add(entry)
    return true
  }

  /**
   * Ends a flight: stores what it brought, unless a write came between, and hands it to those who wait.
   *
   * @param store false where it must not be kept for reasons of its own.
   */
  land(flight: Flight, arrival: Arrival | FedcacheError, store = true): void {
    if (arrival instanceof FedcacheError) {
      this.flights.end(flight, noTags)
    } else {
      const { entry } = arrival
      const mayStore = this.flights.end(flight, entry.tags)
      if (!mayStore) this.counters.fencedFills++
      else if (store && this.#holdsOriginal(entry)) this.counters.fencedFills++
      else if (store && entry.expiresAtMs > this.#clock.monotonic()) this.keep(entry)
      else if (store) this.drop(entry.key)
    }
    flight.land(arrival)
  }

  /** Drops the entry of `key`. Returns whether there was one. */
  drop(key: string): boolean {
    const entry = this.store.peek(key)
    if (entry === undefined) return false
    this.store.delete(key)
    this.#census.leave(entry.slot)
    this.#tags.remove(entry)
    this.#buryOlder(entry)
    return true
  }

  /** Drops the entry of `key` and lets nothing that is under way for it be stored. */
  invalidate(key: string, version: number): void {
    this.flights.unhook(key)
    this.drop(key)
    this.#graves?.buryKey(key, version)
  }

  /**
   * Lets nothing be stored that a put from here has replaced: neither what is under way, nor what another peer, which has
   * yet to hear of the put, still has. The put itself may be gone from memory before everybody has.
   */
  replace(key: string, version: number): void {
    this.flights.unhook(key)
    this.#graves?.buryKey(key, version - 1)
  }

  /** Makes room for a change that was made by another peer: drops what is older. */
  supersede({ key, kind, version }: KeyChange): void {
    this.flights.unhook(key)
    const entry = this.store.peek(key)
    // Only puts are judged by version, because they have no source to be read again from. Anything else is dropped
    // even where it seems newer: two peers that both took themselves for the owner may have written in either order.
    if (entry !== undefined && (entry.kind !== 'PUT' || entry.version < version)) this.drop(key)
    // The put that is told of may yet be handed over to this peer; only what is older may not.
    this.#graves?.buryKey(key, kind === 'PUT' ? version - 1 : version)
  }

  /** Drops, now and when they arrive, all entries that carry one of the tags. */
  invalidateTags(tags: readonly string[], version: number): void {
    this.flights.fence(tags)
    this.#spreading.tagsInvalidated(tags)
    // A copy that falls takes with it what is under way to replace it, whatever tags that turns out to carry.
    for (const key of this.flights.keys()) {
      if (this.store.peek(key)?.tags.some((tag) => tags.includes(tag)) === true) this.flights.unhook(key)
    }
    this.#tags.invalidate(tags)
    this.#graves?.buryTags(tags, version)
  }

  /** Whether an entry of another peer was deleted, invalidated or replaced by a change that is known here. */
  isOverruled({ key, encoded, tags, version }: EntryTransfer): boolean {
    if (version <= this.clearedAt) return true
    if (this.#graves === undefined) return false
    // What is not there has no revision to compare with those of what was written.
    return encoded === null ? this.#graves.holds(key) : this.#graves.isBuried(key, tags, version)
  }

  /**
   * Whether what another peer answered, which came at `atMs`, may be from before a clear or tag invalidation that was
   * applied here, because that peer heard of it later.
   */
  isSpreading(tags: readonly string[], atMs: number): boolean {
    return this.#spreading.mayBeOlder(tags, atMs)
  }

  /** Keeps a put that another peer hands over. Returns whether this peer has it, or what replaced it, now. */
  take(put: EntryTransfer, nowMs: number): boolean {
    const { key, version } = put
    if (this.isOverruled(put)) return true
    const existing = this.store.peek(key)
    if (existing?.kind === 'PUT' && existing.version >= version) return true
    // A load under way would put the source's value in place of this one.
    this.flights.unhook(key)
    const way = { sentAtMs: nowMs, atMs: nowMs }
    return this.keep(this.received({ key, slot: this.slotOf(key) }, put, 'PUT', way))
  }

  /**
   * Drops all that may be outdated. Puts stay, because no source has them.
   *
   * @param hasTags whether tags may have been invalidated; then only puts without tags stay.
   */
  distrust(hasTags: boolean): void {
    this.#dropAllBut(({ tags }) => !hasTags || tags.length === 0)
  }

  /**
   * Drops everything but puts that are newer: a clear may arrive late. The old store is left to the garbage collector
   * whole, which costs no pause.
   */
  clear(version = 0): void {
    this.#spreading.cleared()
    this.clearedAt = Math.max(this.clearedAt, version)
    if (version > 0 && this.#newestPut > version) this.#dropAllBut((put) => put.version > version)
    else this.#dropAll()
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

  /** A put that goes must not be followed by one that it replaced, which another peer may be handing over. */
  #buryOlder({ key, kind, version }: StoredEntry): void {
    if (kind === 'PUT') this.#graves?.buryKey(key, version - 1)
  }

  #dropAllBut(stays: (put: StoredEntry) => boolean): void {
    const puts: StoredEntry[] = []
    if (this.#holdsPuts) {
      for (const entry of this.store.values()) {
        if (entry.kind === 'PUT' && stays(entry) && !this.#tags.isInvalid(entry)) puts.push(entry)
        else this.#buryOlder(entry)
      }
    }
    this.#dropAll()
    for (const put of puts) this.keep(put)
  }

  #dropAll(): void {
    this.flights.unhookAll()
    this.#tags.clear()
    this.#holdsPuts = false
    this.#newestPut = 0
    this.store = this.#newStore()
  }

  /** Whether this process has the put of which an entry is a copy: it may wait here for being handed over. */
  #holdsOriginal({ key, version }: StoredEntry): boolean {
    if (!this.#holdsPuts) return false
    const held = this.store.peek(key)
    return held?.kind === 'PUT' && held.version >= version && held.expiresAtMs > this.#clock.monotonic()
  }

  #nearUntilMs(kind: EntryKind, atMs: number): number | undefined {
    return kind === 'NEAR' ? atMs + this.policy.nearTtlMs : undefined
  }

  /** The key as the store has it, which keeps the one it was first given: another would be kept beside it. */
  #ownKey(key: string): string {
    return this.store.peek(key)?.key ?? copyString(key)
  }

  #newStore(): Store<StoredEntry> {
    const { maxBytes, maxEntries, store } = this.policy
    const census = (this.#census = new SlotCensus())
    const options: StoreOptions<StoredEntry> = {
      maxBytes,
      maxEntries,
      onEvict: (entry) => {
        this.counters.evictions++
        census.leave(entry.slot)
        this.#tags.remove(entry)
        this.#buryOlder(entry)
      },
    }
    return store(options)
  }
}

/** Looks at the key as well, because answers name it. */
function sizeOf(entry: StoredEntry | undefined): number {
  return entry === undefined ? 0 : entry.key.length + (entry.encoded === null ? 0 : entry.encoded.length)
}
