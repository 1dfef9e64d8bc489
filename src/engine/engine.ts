import { FedcacheError, type FedcacheErrorOptions } from '../errors.ts'
import type { Clock, Logger, Source } from '../ports/index.ts'
import type { Entry } from './entry.ts'
import { EntryView } from './entry-view.ts'
import { EventHub } from './event-hub.ts'
import type { ClusterEvent, EntryChange } from './events.ts'
import type { Flight } from './flights.ts'
import {
  badInput,
  keyProblem,
  type InputLimits,
  quote,
  requireKeyCount,
  requireKeyspaceName,
  requireTags,
} from './input-limits.ts'
import type { Keyspace } from './keyspace.ts'
import { withSettings } from './keyspace-settings.ts'
import { type ServedKeyspace, Keyspaces, keyspaceInfo } from './keyspaces.ts'
import { MemoryBudget } from './memory.ts'
import type { Invalidation, KeyChange, Peers } from './peers.ts'
import type { KeyspaceDefinition, KeyspacePolicy } from './policy.ts'
import { preparePuts } from './prepare-put.ts'
import { read, type ReadContext } from './read.ts'
import type {
  ClusterInfo,
  Confirmation,
  CreateKeyspaceInput,
  DeleteManyResult,
  KeyspaceInfo,
  KeyspaceSettings,
  KeyspaceStats,
  PutInput,
  PutManyResult,
  PutResult,
  ReadOptions,
  ReadResult,
  WarmResult,
} from './results.ts'
import { VersionClock } from './version-clock.ts'
import { applyDelete, applyPut, type WriteContext, type Written } from './write.ts'

/** What an engine is made of. */
export interface EngineOptions {
  readonly keyspaces: readonly KeyspaceDefinition[]
  /** Sources that keyspaces made while running may name. */
  readonly sources: ReadonlyMap<string, Source>
  /** The rules of keyspaces made while running, before their own settings. */
  readonly defaultPolicy: KeyspacePolicy
  /** Bytes that all keyspaces together may hold. */
  readonly memoryLimit: number
  readonly limits: InputLimits
  readonly clock: Clock
  readonly logger: Logger
  readonly peers: Peers
}

/** Events that wait for one slow subscriber before it misses some. */
const maxWaitingEvents = 10_000
const nothingChanged = { outcome: 'NONE' } as const

/**
 * The cache: keyspaces, and everything that can be done with them. It knows no GraphQL, no NATS and no HTTP.
 *
 * Reads are eventually consistent with bounded staleness; the last write wins, by version.
 */
export class Engine {
  readonly #options: EngineOptions
  readonly #versions: VersionClock
  readonly #keyspaces: Keyspaces
  readonly #readContext: ReadContext
  readonly #changes: EventHub<EntryChange> = new EventHub<EntryChange>({
    maxWaiting: maxWaitingEvents,
    missed: ({ keyspace }) => ({ keyspace, key: null, kind: 'MISSED', version: null }),
  })
  readonly #clusterEvents = new EventHub<ClusterEvent>({ maxWaiting: maxWaitingEvents, missed: (event) => event })
  readonly #underWay = new Set<Promise<unknown>>()
  readonly #stopWatching: (() => unknown)[] = []
  #stopped = false

  constructor(options: EngineOptions) {
    const { clock, logger, limits, peers } = options
    this.#options = options
    this.#versions = new VersionClock(clock)
    const budget = new MemoryBudget(options.memoryLimit)
    this.#keyspaces = new Keyspaces({ clock, logger, versions: this.#versions, budget })
    for (const definition of options.keyspaces) this.#keyspaces.create(definition)
    this.#readContext = { clock, peers, limits, depart: (keyspace, key) => this.#depart(keyspace, key) }
  }

  /** Opens the sources, then begins to warm. Rejects when a source cannot be opened. */
  async start(): Promise<void> {
    const { peers, sources } = this.#options
    await Promise.all(Array.from(this.#sources(sources), async (source) => source.start?.()))
    this.#stopWatching.push(peers.onEvent((event) => this.#clusterEvents.publish(event)))
    for (const served of this.#keyspaces.all()) {
      await this.#watch(served)
      if (warmsAtStart(served.keyspace.policy)) this.#inBackground(this.#warmAtStart(served.keyspace.name))
    }
  }

  /** Refuses new calls, waits for the loads and writes under way, ends subscriptions and closes the sources. */
  async stop(): Promise<void> {
    if (this.#stopped) return
    this.#stopped = true
    for (const stop of this.#stopWatching.splice(0)) await stop()
    this.#changes.close()
    this.#clusterEvents.close()
    await Promise.all(Array.from(this.#keyspaces.all(), ({ keyspace }) => keyspace.flights.ended()))
    await Promise.allSettled(this.#underWay)
    await Promise.allSettled(Array.from(this.#sources(this.#options.sources), async (source) => source.close?.()))
  }

  /**
   * Reads one entry; `null` where neither memory nor the source has it.
   *
   * @throws FedcacheError that says why it could not be had.
   */
  async get(keyspace: string, key: string, options: ReadOptions = {}): Promise<Entry | null> {
    const [result] = await this.read(keyspace, [key], options)
    if (result instanceof FedcacheError) throw result
    return result!
  }

  /**
   * Reads many entries: per key, in order, an entry, `null` or an error of its own.
   *
   * @throws FedcacheError `KEYSPACE_NOT_FOUND`, `TOO_MANY_KEYS` or `UNAVAILABLE` for the call as a whole.
   */
  async getMany(keyspace: string, keys: readonly string[], options: ReadOptions = {}): Promise<readonly ReadResult[]> {
    return this.read(keyspace, keys, options)
  }

  /** The same as `getMany`, and without a promise when every key is answered from this process's memory. */
  read(
    keyspace: string,
    keys: readonly string[],
    options: ReadOptions = {},
  ): readonly ReadResult[] | Promise<readonly ReadResult[]> {
    const served = this.#served(keyspace)
    requireKeyCount(keys.length, this.#options.limits)
    return read(this.#readContext, served.keyspace, keys, options)
  }

  /**
   * Puts one entry, through the source where it is writable.
   *
   * @throws FedcacheError with `outcome`.
   */
  async put(keyspace: string, input: PutInput): Promise<PutResult> {
    const { results, confirmedBy, unconfirmed } = await this.putMany(keyspace, [input])
    const entry = results[0]!
    if (entry instanceof FedcacheError) throw entry
    return { entry, confirmedBy, unconfirmed }
  }

  /** Puts many entries; each succeeds or fails alone. Of several of one key the last counts. */
  async putMany(keyspace: string, inputs: readonly PutInput[]): Promise<PutManyResult> {
    const served = this.#served(keyspace, nothingChanged)
    const { limits, clock, peers } = this.#options
    requireKeyCount(inputs.length, limits, nothingChanged)
    const prepared = preparePuts(served.keyspace, inputs, limits, clock)
    const context = this.#writeContext(served)
    const { outcomes, confirmation } = await this.#write(served, prepared, (put) =>
      applyPut(context, served.keyspace, put),
    )
    const nowMs = clock.monotonic()
    const results = outcomes.map((outcome) => {
      if (outcome instanceof FedcacheError) return outcome
      const owner = peers.ownerOf(keyspace, outcome.key)
      return new EntryView(served.keyspace, outcome, 'OWNER', owner, nowMs)
    })
    return { results, ...confirmation }
  }

  /**
   * Deletes one entry, through the source where it is writable. Elsewhere the next read asks the source again.
   *
   * @throws FedcacheError with `outcome`.
   */
  async delete(keyspace: string, key: string): Promise<Confirmation> {
    const { results, confirmedBy, unconfirmed } = await this.deleteMany(keyspace, [key])
    if (results[0] instanceof FedcacheError) throw results[0]
    return { confirmedBy, unconfirmed }
  }

  /** Deletes many entries; each succeeds or fails alone. Deleting what is not there succeeds. */
  async deleteMany(keyspace: string, keys: readonly string[]): Promise<DeleteManyResult> {
    const served = this.#served(keyspace, nothingChanged)
    const { limits } = this.#options
    requireKeyCount(keys.length, limits, nothingChanged)
    const context = this.#writeContext(served)
    const checked = keys.map((key) => keyProblem(key, limits, nothingChanged) ?? key)
    // Deleting a key twice in one call is deleting it once.
    const deletes = new Map<string, Promise<Written<true>>>()
    const { outcomes, confirmation } = await this.#write(served, checked, (key) => {
      let deleted = deletes.get(key)
      if (deleted === undefined) deletes.set(key, (deleted = applyDelete(context, served.keyspace, key)))
      return deleted
    })
    return { results: outcomes, ...confirmation }
  }

  /** Drops every entry that carries one of the tags, wherever it is kept. The source is not touched. */
  async invalidateTags(keyspace: string, tags: readonly string[]): Promise<Confirmation> {
    this.#served(keyspace, nothingChanged)
    const checked = requireTags(tags, 'invalidateTags', nothingChanged)
    if (checked.length === 0) throw badInput('invalidateTags takes at least one tag; received none.', nothingChanged)
    return this.#announce({ kind: 'TAGS', keyspace, tags: checked })
  }

  /** Drops every entry of a keyspace, wherever it is kept. The source is not touched. */
  async clear(keyspace: string): Promise<Confirmation> {
    this.#served(keyspace, nothingChanged)
    return this.#announce({ kind: 'CLEAR', keyspace, version: this.#versions.next() })
  }

  /**
   * Reads keys into memory, however many they are.
   *
   * @param keys by default the keyspace's `warmKeys`.
   */
  async warm(keyspace: string, keys?: readonly string[]): Promise<WarmResult> {
    const { policy } = this.#served(keyspace).keyspace
    const wanted = keys ?? (typeof policy.warmKeys === 'function' ? await policy.warmKeys() : policy.warmKeys)
    const chunk = this.#options.limits.maxKeysPerCall
    const errors: { index: number; key: string; error: FedcacheError }[] = []
    let loaded = 0
    for (let from = 0; from < wanted.length; from += chunk) {
      const part = wanted.slice(from, from + chunk)
      const results = await this.read(keyspace, part)
      results.forEach((result, offset) => {
        if (result instanceof FedcacheError) errors.push({ index: from + offset, key: part[offset]!, error: result })
        else if (result !== null) loaded++
      })
    }
    return { loaded, notFound: wanted.length - loaded - errors.length, errors }
  }

  /** One keyspace; `undefined` where there is none of that name. */
  keyspace(name: string): KeyspaceInfo | undefined {
    const served = this.#keyspaces.find(name)
    return served === undefined ? undefined : keyspaceInfo(served.keyspace)
  }

  /** All keyspaces by name. */
  keyspaces(): readonly KeyspaceInfo[] {
    return Array.from(this.#keyspaces.all(), ({ keyspace }) => keyspaceInfo(keyspace)).toSorted((one, other) =>
      one.name < other.name ? -1 : 1,
    )
  }

  /** @throws FedcacheError `KEYSPACE_EXISTS`, `BAD_USER_INPUT` */
  async createKeyspace(input: CreateKeyspaceInput): Promise<KeyspaceInfo> {
    this.#requireRunning(nothingChanged)
    const { sources, defaultPolicy, memoryLimit } = this.#options
    const name = requireKeyspaceName(input.name)
    const sourceName = input.source ?? undefined
    const source = sourceName === undefined ? undefined : sources.get(sourceName)
    if (sourceName !== undefined && source === undefined) {
      const known = sources.size === 0 ? 'it has none' : `it has ${[...sources.keys()].map(quote).join(', ')}`
      throw badInput(`A source is one of the configuration's "sources" (${known}); received ${quote(sourceName)}.`)
    }
    const policy = withSettings({ ...defaultPolicy, format: input.format ?? defaultPolicy.format }, input, memoryLimit)
    const served = this.#keyspaces.create({ name, origin: 'RUNTIME', sourceName, source, policy })
    await this.#watch(served)
    return keyspaceInfo(served.keyspace)
  }

  /** Changes settings of a keyspace; entries that are there keep their lifetimes. */
  async updateKeyspace(name: string, settings: KeyspaceSettings): Promise<KeyspaceInfo> {
    const served = this.#served(name, nothingChanged)
    const { definition } = served.keyspace
    const policy = withSettings(definition.policy, settings, this.#options.memoryLimit)
    return keyspaceInfo(this.#keyspaces.update(served, { ...definition, policy }).keyspace)
  }

  /** Removes a keyspace and all that is kept of it. The source is not touched. */
  async deleteKeyspace(name: string): Promise<Confirmation> {
    return this.deleteKeyspaces([name])
  }

  /** Removes keyspaces: all of them, or none when one is unknown. */
  async deleteKeyspaces(names: readonly string[]): Promise<Confirmation> {
    const served = names.map((name) => this.#served(name, nothingChanged))
    for (const one of served) {
      this.#keyspaces.delete(one)
      this.#changes.publish({ keyspace: one.keyspace.name, key: null, kind: 'CLEARED', version: null })
    }
    return { confirmedBy: [this.#options.peers.selfId], unconfirmed: [] }
  }

  /** @throws FedcacheError `KEYSPACE_NOT_FOUND` */
  stats(keyspace: string): KeyspaceStats {
    return this.#served(keyspace).keyspace.stats
  }

  /** The cluster as this peer sees it. */
  cluster(): ClusterInfo {
    return this.#options.peers.info()
  }

  /**
   * Changes of entries from now on. A subscriber that is too slow misses some, and gets one `MISSED` in their place.
   *
   * @param keys only these, and what concerns the whole keyspace; without it every key.
   */
  entryChanges(keyspace: string, keys?: readonly string[]): AsyncIterableIterator<EntryChange> {
    this.#served(keyspace)
    const wanted = keys === undefined ? undefined : new Set(keys)
    return this.#changes.subscribe(
      (change) =>
        change.keyspace === keyspace && (wanted === undefined || change.key === null || wanted.has(change.key)),
    )
  }

  /** What happens to peers from now on. */
  clusterEvents(): AsyncIterableIterator<ClusterEvent> {
    this.#requireRunning()
    return this.#clusterEvents.subscribe(() => true)
  }

  #requireRunning(options?: FedcacheErrorOptions): void {
    if (this.#stopped) throw new FedcacheError('UNAVAILABLE', 'This peer is shutting down; ask another.', options)
  }

  #served(name: string, options?: FedcacheErrorOptions): ServedKeyspace {
    this.#requireRunning(options)
    return this.#keyspaces.require(name)
  }

  #depart(keyspace: Keyspace, key: string): Flight {
    const flight = keyspace.flights.begin(key, this.#options.clock.monotonic() + keyspace.policy.readTimeoutMs)
    this.#keyspaces.require(keyspace.name).loader!.load(flight)
    return flight
  }

  #writeContext(served: ServedKeyspace): WriteContext {
    const { queue, writer, keyspace } = served
    const distrust = (key: string): void => {
      const change: KeyChange = { key, kind: 'DELETED', version: this.#versions.next() }
      this.#inBackground(this.#announce({ kind: 'KEYS', keyspace: keyspace.name, changes: [change] }))
    }
    return { clock: this.#options.clock, versions: this.#versions, queue, writer, distrust }
  }

  async #write<Item, Result>(
    { keyspace }: ServedKeyspace,
    items: readonly (Item | FedcacheError)[],
    apply: (item: Item) => Promise<Written<Result>>,
  ): Promise<{ outcomes: (Result | FedcacheError)[]; confirmation: Confirmation }> {
    const changes = new Set<KeyChange>()
    const writes = items.map(async (item) => {
      if (item instanceof FedcacheError) return item
      try {
        const { change, result } = await apply(item)
        changes.add(change)
        return result
      } catch (error) {
        if (error instanceof FedcacheError) return error
        throw error
      }
    })
    const all = Promise.all(writes)
    this.#inBackground(all)
    const outcomes = await all
    if (changes.size === 0) return { outcomes, confirmation: { confirmedBy: [], unconfirmed: [] } }
    for (const change of changes)
      this.#changes.publish({ keyspace: keyspace.name, ...change, version: String(change.version) })
    const announced = this.#options.peers.announce({ kind: 'KEYS', keyspace: keyspace.name, changes: [...changes] })
    return { outcomes, confirmation: await announced }
  }

  /** Applies an invalidation here and tells everybody. */
  #announce(invalidation: Invalidation): Promise<Confirmation> {
    this.applyInvalidation(invalidation)
    return this.#options.peers.announce(invalidation)
  }

  /** Applies an invalidation that was announced, whatever this peer owns: copies go, flights are unhooked. */
  applyInvalidation(invalidation: Invalidation): void {
    const keyspace = this.#keyspaces.find(invalidation.keyspace)?.keyspace
    if (keyspace === undefined) return
    const { name } = keyspace
    switch (invalidation.kind) {
      case 'KEYS':
        for (const { key, kind, version } of invalidation.changes) {
          keyspace.invalidate(key)
          this.#changes.publish({ keyspace: name, key, kind, version: String(version) })
        }
        return
      case 'TAGS':
        keyspace.invalidateTags(invalidation.tags)
        this.#changes.publish({ keyspace: name, key: null, kind: 'MISSED', version: null })
        return
      case 'CLEAR':
        keyspace.clear()
        this.#changes.publish({ keyspace: name, key: null, kind: 'CLEARED', version: String(invalidation.version) })
    }
  }

  async #watch({ keyspace }: ServedKeyspace): Promise<void> {
    const { name, definition } = keyspace
    const stop = await definition.source?.watch?.(
      ({ key, revision }) => {
        const change: KeyChange = { key, kind: 'PUT', version: revision ?? this.#versions.next() }
        this.applyInvalidation({ kind: 'KEYS', keyspace: name, changes: [change] })
      },
      () => this.applyInvalidation({ kind: 'CLEAR', keyspace: name, version: this.#versions.next() }),
    )
    if (stop !== undefined) this.#stopWatching.push(stop)
  }

  async #warmAtStart(keyspace: string): Promise<void> {
    const { logger } = this.#options
    try {
      const { loaded, notFound, errors } = await this.warm(keyspace)
      logger.info({ keyspace, loaded, notFound, errors: errors.length }, 'warmed')
    } catch (error) {
      logger.warn({ keyspace, error }, 'warming failed')
    }
  }

  #inBackground(work: Promise<unknown>): void {
    const settled: Promise<unknown> = work.then(
      () => this.#underWay.delete(settled),
      () => this.#underWay.delete(settled),
    )
    this.#underWay.add(settled)
  }

  /** Every source once, however many keyspaces share it. */
  #sources(named: ReadonlyMap<string, Source>): Set<Source> {
    const sources = new Set(named.values())
    for (const { keyspace } of this.#keyspaces.all()) {
      if (keyspace.definition.source !== undefined) sources.add(keyspace.definition.source)
    }
    return sources
  }
}

function warmsAtStart({ warmKeys }: KeyspacePolicy): boolean {
  return typeof warmKeys === 'function' || warmKeys.length > 0
}
