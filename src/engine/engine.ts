import { FedcacheError, type FedcacheErrorOptions } from '../errors.ts'
import type { Clock, Invalidation, Logger, PeerHost, Peers, Source } from '../ports/index.ts'
import { Changes } from './changes.ts'
import { Departures } from './departures.ts'
import type { Entry } from './entry.ts'
import { EventHub } from './event-hub.ts'
import { type ClusterEvent, type EngineEvent, type EntryChange, isEntryChange, missed } from './events.ts'
import {
  badInput,
  type InputLimits,
  requireKeyCount,
  requireList,
  requireTags,
  requireTimeout,
} from './input-limits.ts'
import type { Keyspace } from './keyspace.ts'
import { KeyspaceCatalogue } from './keyspace-catalogue.ts'
import { type ServedKeyspace, Keyspaces, keyspaceInfo } from './keyspaces.ts'
import { MemoryBudget } from './memory.ts'
import { PeerService } from './peer-service.ts'
import type { KeyspaceDefinition, KeyspacePolicy } from './policy.ts'
import { read, readAllNow, type ReadContext, readNow } from './read.ts'
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
import { SourceOwners } from './source-owners.ts'
import { VersionClock } from './version-clock.ts'
import { warm, warmsAtStart } from './warm.ts'
import { deleteMany, putMany, type WriteManyContext } from './write-many.ts'
import { WriteRouter } from './write-router.ts'

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
  /**
   * Told once per cluster of every change, when the peers confirmed it or were given up on: at the peer that applied a
   * put or delete, that took an invalidation or a clear, or that owns a key that a source says was changed. It must
   * return at once and not throw. Default: nobody is told.
   */
  readonly onChanged?: ((change: Invalidation) => void) | undefined
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
  readonly #catalogue: KeyspaceCatalogue
  readonly #changes: Changes
  readonly #writes: WriteRouter
  readonly #writeContext: WriteManyContext
  readonly #readContext: ReadContext
  readonly #service: PeerService
  readonly #sources: SourceOwners
  readonly #events: EventHub<EngineEvent> = new EventHub<EngineEvent>({ maxWaiting: maxWaitingEvents, missed })
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined
  /** Why calls are refused; `undefined` while they are not. */
  #refusal: string | undefined

  constructor(options: EngineOptions) {
    const { clock, logger, limits, peers, sources, memoryLimit, defaultPolicy } = options
    this.#options = options
    const versions = (this.#versions = new VersionClock(clock))
    const budget = new MemoryBudget(memoryLimit)
    const slotter = (keyspace: string): ((key: string) => number) => peers.slotter(keyspace)
    const keyspaces = (this.#keyspaces = new Keyspaces({
      clock,
      logger,
      versions,
      budget,
      slotter,
      spreadMs: peers.spreadMs,
    }))
    const changes = (this.#changes = new Changes({
      keyspaces,
      peers,
      logger,
      events: this.#events,
      onChanged: options.onChanged,
    }))
    this.#sources = new SourceOwners({ keyspaces, changes, peers, versions, logger, named: sources })
    this.#catalogue = new KeyspaceCatalogue({
      keyspaces,
      changes,
      peers,
      versions,
      logger,
      sources,
      defaultPolicy,
      memoryLimit,
      onCreated: (served) => this.#sources.watch(served.keyspace),
      onRemoved: (served) => this.#sources.unwatch(served.keyspace),
    })
    this.#writes = new WriteRouter({ clock, versions, peers, changes })
    this.#writeContext = { clock, peers, limits, router: this.#writes }
    const departures = new Departures({ clock, peers, keyspaces })
    this.#readContext = { clock, peers, limits, joinsAsked: true, depart: departures.depart }
    const readAsOwner = { clock, peers, limits, joinsAsked: false, depart: departures.departAsOwner }
    this.#service = new PeerService({ clock, peers, keyspaces, changes, writes: this.#writes, readAsOwner })
    for (const definition of options.keyspaces) this.#keyspaces.create(definition)
    // Who stands alone and has nothing to open can answer at once.
    if (this.#sources.haveToBeOpened || !peers.mayServe())
      this.#refusal = 'The cache is not started: call listen() or engine.start() first, and wait for it.'
  }

  /**
   * Opens the sources, joins the cluster, then begins to warm. Until the sources are open calls are refused, where there
   * is anything to open or anybody to join. Twice is once, but that it is tried again when a source could not be opened.
   *
   * @throws FedcacheError `SOURCE_FAILED` when a source cannot be opened; `UNAVAILABLE` once `stop` was called.
   */
  async start(): Promise<void> {
    this.#requireNotStopped()
    return (this.#starting ??= this.#start())
  }

  async #start(): Promise<void> {
    try {
      await this.#sources.start()
    } catch (error) {
      this.#starting = undefined
      throw error
    }
    // Who has left the cluster meanwhile must not join it.
    this.#requireNotStopped()
    this.#refusal = undefined
    const { peers } = this.#options
    peers.onEvent((event) => this.#events.publish(event))
    await peers.join(this.#host())
    for (const { keyspace } of this.#keyspaces.all())
      if (warmsAtStart(keyspace.policy)) void this.#warmAtStart(keyspace)
  }

  /**
   * Hands over to other peers, leaves the cluster, refuses new calls, waits for the loads and writes under way, and closes
   * the sources.
   *
   * @param finish awaited when all has been handed over and everything can still be asked: ends what calls the engine.
   */
  stop(finish: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    return (this.#stopping ??= this.#stop(finish))
  }

  async #stop(finish: () => Promise<void>): Promise<void> {
    await this.#options.peers.leave(finish)
    this.#refusal = 'This peer is shutting down; ask another.'
    this.#events.close()
    await this.#writes.ended()
    await Promise.all(Array.from(this.#keyspaces.all(), ({ keyspace }) => keyspace.flights.ended()))
    await this.#sources.close()
  }

  /**
   * Reads one entry; `null` where neither memory nor the source has it.
   *
   * @throws FedcacheError that says why it could not be had.
   */
  async get(keyspace: string, key: string, options: ReadOptions = {}): Promise<Entry | null> {
    const hit = this.readNow(keyspace, key)
    if (hit !== undefined) return hit
    const [result] = await this.read(keyspace, [key], options)
    if (result instanceof FedcacheError) throw result
    return result!
  }

  /**
   * Reads many entries: per key, in order, an entry, `null` or an error of its own.
   *
   * @throws FedcacheError `KEYSPACE_NOT_FOUND`, `BAD_USER_INPUT`, `TOO_MANY_KEYS` or `UNAVAILABLE` for the call as a whole.
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
    requireKeyCount(keys, this.#options.limits)
    requireTimeout(options.timeoutMs ?? 0)
    return read(this.#readContext, served.keyspace, keys, options)
  }

  /** The time by which entries are read, in milliseconds. It never goes back, and says nothing outside this process. */
  nowMs(): number {
    return this.#readContext.clock.monotonic()
  }

  /**
   * Reads one entry from this process's memory: `null` where it is known that there is none, `undefined` where the key
   * has to be waited for, which `get` does.
   *
   * @param nowMs of {@link nowMs}, for who reads several at one moment. Default: now.
   * @throws FedcacheError `KEYSPACE_NOT_FOUND` or `UNAVAILABLE`.
   */
  readNow(keyspace: string, key: string, nowMs: number = this.nowMs()): Entry | null | undefined {
    return readNow(this.#readContext, this.#served(keyspace).keyspace, key, nowMs)
  }

  /** The same of many keys, in order and at one moment. Takes any number of keys, and trusts that they are texts. */
  readAllNow(keyspace: string, keys: readonly string[], nowMs?: number): readonly (Entry | null | undefined)[] {
    return readAllNow(this.#readContext, this.#served(keyspace).keyspace, keys, nowMs ?? this.nowMs())
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
    return putMany(this.#writeContext, this.#served(keyspace, nothingChanged), inputs)
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
    return deleteMany(this.#writeContext, this.#served(keyspace, nothingChanged), keys)
  }

  /** Drops every entry that carries one of the tags, wherever it is kept. The source is not touched. */
  async invalidateTags(keyspace: string, tags: readonly string[]): Promise<Confirmation> {
    this.#served(keyspace, nothingChanged)
    const checked = requireTags(tags, 'invalidateTags', nothingChanged)
    if (checked.length === 0) throw badInput('invalidateTags takes at least one tag; received none.', nothingChanged)
    await this.#whenWritable(keyspace)
    return this.#changes.announce({ kind: 'TAGS', keyspace, tags: checked, version: this.#versions.next() })
  }

  /** Drops every entry of a keyspace, wherever it is kept. The source is not touched. */
  async clear(keyspace: string): Promise<Confirmation> {
    await this.#whenWritable(keyspace)
    return this.#changes.announce({ kind: 'CLEAR', keyspace, version: this.#versions.next() })
  }

  /**
   * Reads keys into memory, however many they are.
   *
   * @param keys by default the keyspace's `warmKeys`.
   */
  async warm(keyspace: string, keys?: readonly string[]): Promise<WarmResult> {
    const { policy } = this.#served(keyspace).keyspace
    const wanted = keys ?? (typeof policy.warmKeys === 'function' ? await policy.warmKeys() : policy.warmKeys)
    return warm(wanted, this.#options.limits.maxKeysPerCall, (part) => this.read(keyspace, part))
  }

  /** One keyspace; `undefined` where there is none of that name. */
  keyspace(name: string): KeyspaceInfo | undefined {
    const served = this.#keyspaces.find(name)
    return served === undefined ? undefined : keyspaceInfo(served.keyspace)
  }

  /** The most bytes of values that one answer holds; keys beyond it fail. */
  get maxAnswerBytes(): number {
    return this.#options.limits.maxAnswerBytes
  }

  /** Whether shared HTTP caches may keep what is read from a keyspace; false where there is none of that name. */
  isPublic(name: string): boolean {
    return this.#keyspaces.find(name)?.keyspace.policy.cacheScope === 'public'
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
    await this.#options.peers.whenWritable(this.#options.defaultPolicy.writeTimeoutMs)
    return keyspaceInfo((await this.#catalogue.create(input)).keyspace)
  }

  /** Changes settings of a keyspace; entries that are there keep their lifetimes. */
  async updateKeyspace(name: string, settings: KeyspaceSettings): Promise<KeyspaceInfo> {
    await this.#whenWritable(name)
    return keyspaceInfo((await this.#catalogue.update(this.#served(name, nothingChanged), settings)).keyspace)
  }

  /** Removes a keyspace and all that is kept of it. The source is not touched. */
  async deleteKeyspace(name: string): Promise<Confirmation> {
    return this.deleteKeyspaces([name])
  }

  /** Removes keyspaces: all of them, or none when one is unknown. */
  async deleteKeyspaces(names: readonly string[]): Promise<Confirmation> {
    this.#requireRunning(nothingChanged)
    requireList(names, 'Names of keyspaces', nothingChanged)
    for (const name of names) this.#served(name, nothingChanged)
    await this.#options.peers.whenWritable(this.#options.defaultPolicy.writeTimeoutMs)
    return this.#catalogue.delete([...new Set(names)].map((name) => this.#served(name, nothingChanged)))
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
    return this.#changes.subscribe(keyspace, keys)
  }

  /** What happens to peers from now on. */
  clusterEvents(): AsyncIterableIterator<ClusterEvent> {
    this.#requireRunning()
    return this.#events.subscribe((event): event is ClusterEvent => !isEntryChange(event))
  }

  /**
   * Both from now on, and of every keyspace. A subscriber that is too slow misses some, of either kind, and gets one event
   * in their place that says so.
   */
  events(): AsyncIterableIterator<EngineEvent> {
    this.#requireRunning()
    return this.#events.subscribe(() => true)
  }

  #requireNotStopped(): void {
    if (this.#stopping !== undefined) throw new FedcacheError('UNAVAILABLE', 'What was stopped does not start again.')
  }

  #requireRunning(options?: FedcacheErrorOptions): void {
    if (this.#refusal !== undefined) throw new FedcacheError('UNAVAILABLE', this.#refusal, options)
  }

  #served(name: string, options?: FedcacheErrorOptions): ServedKeyspace {
    this.#requireRunning(options)
    return this.#keyspaces.require(name, options)
  }

  #whenWritable(keyspace: string): Promise<void> {
    return this.#options.peers.whenWritable(this.#served(keyspace, nothingChanged).keyspace.policy.writeTimeoutMs)
  }

  async #warmAtStart({ name }: Keyspace): Promise<void> {
    const { logger } = this.#options
    try {
      const { loaded, notFound, errors } = await this.warm(name)
      logger.info({ keyspace: name, loaded, notFound, errors: errors.length }, 'warmed')
    } catch (error) {
      logger.warn({ keyspace: name, error }, 'warming failed')
    }
  }

  #host(): PeerHost {
    const [service, changes, catalogue, versions] = [this.#service, this.#changes, this.#catalogue, this.#versions]
    return {
      readFor: (as, keyspace, keys, timeoutMs) => service.readFor(as, keyspace, keys, timeoutMs),
      writeFor: (keyspace, writes) => service.writeFor(keyspace, writes),
      applyInvalidation: (invalidation) => changes.apply(invalidation),
      distrustAll: (hasTags) => service.distrustAll(hasTags),
      homelessPuts: (mine) => service.homelessPuts(mine),
      takePuts: (keyspace, puts) => service.takePuts(keyspace, puts),
      releasePut: (keyspace, key, version) => service.releasePut(keyspace, key, version),
      writesEnded: () => this.#writes.ended(),
      get lastVersion() {
        return versions.last
      },
      observeVersion: (version) => versions.observe(version),
      catalogue: () => catalogue.records(),
      adopt: (records) => catalogue.adopt(records),
    }
  }
}
