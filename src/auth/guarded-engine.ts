import type { EngineApi } from '../engine/engine-api.ts'
import type { Entry } from '../engine/entry.ts'
import type { ClusterEvent, EntryChange } from '../engine/events.ts'
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
} from '../engine/results.ts'
import { FedcacheError, type FedcacheErrorOptions } from '../errors.ts'
import type { Authorize, AuthorizeRequest, Identity, Logger } from '../ports/index.ts'
import { type Grants, grantsOf } from './grants.ts'
import { LimitedEvents } from './limited-events.ts'
import { type Partition, partitionNamed, shared } from './partition.ts'

/** What all guarded engines of a process share. */
export interface GuardOptions {
  readonly engine: EngineApi
  readonly authorize: Authorize | undefined
  /** For keyspaces of which every caller has a part of their own, by name. They need not exist. */
  readonly partitions: ReadonlyMap<string, (identity: Identity) => string>
  readonly logger: Logger
}

const nothingChanged = { outcome: 'NONE' } as const

/**
 * An engine as one caller may use it: it does what their scopes give, and in partitioned keyspaces with their part only.
 * Whoever answers requests gets this and no other, so there is no second place that could forget to ask.
 *
 * What is forbidden is so for names that exist and names that do not, alike.
 */
export class GuardedEngine implements EngineApi {
  readonly #options: GuardOptions
  readonly #engine: EngineApi
  readonly #identity: Identity
  readonly #grants: Grants

  constructor(identity: Identity, options: GuardOptions) {
    this.#options = options
    this.#engine = options.engine
    this.#identity = identity
    this.#grants = grantsOf(identity)
  }

  async get(keyspace: string, key: string, options?: ReadOptions): Promise<Entry | null> {
    const [result] = await this.read(keyspace, [key], options)
    if (result instanceof FedcacheError) throw result
    return result!
  }

  async getMany(keyspace: string, keys: readonly string[], options?: ReadOptions): Promise<readonly ReadResult[]> {
    return this.read(keyspace, keys, options)
  }

  read(
    keyspace: string,
    keys: readonly string[],
    options?: ReadOptions,
  ): readonly ReadResult[] | Promise<readonly ReadResult[]> {
    const asked = this.#ask('read', keyspace, keys)
    const partition = this.#partition(keyspace)
    const outer = (results: readonly ReadResult[]) => results.map((result) => outerResult(partition, result))
    const read = () => {
      const results = this.#engine.read(keyspace, keys.map(partition.inner), options)
      if (partition === shared) return results
      return results instanceof Promise ? results.then(outer) : outer(results)
    }
    return asked === undefined ? read() : asked.then(read)
  }

  nowMs(): number {
    return this.#engine.nowMs()
  }

  readNow(keyspace: string, key: string, nowMs?: number): Entry | null | undefined {
    // A hook may take its time, so it has to be waited for.
    if (this.#options.authorize !== undefined) return undefined
    void this.#ask('read', keyspace, [key])
    const partition = this.#partition(keyspace)
    const entry = this.#engine.readNow(keyspace, partition.inner(key), nowMs)
    return entry && partition.outerEntry(entry)
  }

  readAllNow(keyspace: string, keys: readonly string[], nowMs?: number): readonly (Entry | null | undefined)[] {
    if (this.#options.authorize !== undefined) return keys.map(() => undefined)
    void this.#ask('read', keyspace, keys)
    const partition = this.#partition(keyspace)
    if (partition === shared) return this.#engine.readAllNow(keyspace, keys, nowMs)
    const entries = this.#engine.readAllNow(keyspace, keys.map(partition.inner), nowMs)
    return entries.map((entry) => entry && partition.outerEntry(entry))
  }

  async put(keyspace: string, input: PutInput): Promise<PutResult> {
    const { results, confirmedBy, unconfirmed } = await this.putMany(keyspace, [input])
    const entry = results[0]!
    if (entry instanceof FedcacheError) throw entry
    return { entry, confirmedBy, unconfirmed }
  }

  async putMany(keyspace: string, inputs: readonly PutInput[]): Promise<PutManyResult> {
    await this.#ask(
      'write',
      keyspace,
      inputs.map(({ key }) => key),
    )
    const partition = this.#partition(keyspace, nothingChanged)
    const { results, ...confirmation } = await this.#engine.putMany(keyspace, inputs.map(partition.innerPut))
    return {
      results: results.map((result) => (result instanceof FedcacheError ? result : partition.outerEntry(result))),
      ...confirmation,
    }
  }

  async delete(keyspace: string, key: string): Promise<Confirmation> {
    await this.#ask('write', keyspace, [key])
    return this.#engine.delete(keyspace, this.#partition(keyspace, nothingChanged).inner(key))
  }

  async deleteMany(keyspace: string, keys: readonly string[]): Promise<DeleteManyResult> {
    await this.#ask('write', keyspace, keys)
    return this.#engine.deleteMany(keyspace, keys.map(this.#partition(keyspace, nothingChanged).inner))
  }

  async invalidateTags(keyspace: string, tags: readonly string[]): Promise<Confirmation> {
    await this.#ask('write', keyspace, undefined)
    return this.#engine.invalidateTags(keyspace, tags.map(this.#partition(keyspace, nothingChanged).inner))
  }

  async clear(keyspace: string): Promise<Confirmation> {
    await this.#ask('admin', keyspace, undefined)
    return this.#engine.clear(keyspace)
  }

  /** Keys of partitioned keyspaces are given as the engine names them: an administrator warms for everybody. */
  async warm(keyspace: string, keys?: readonly string[]): Promise<WarmResult> {
    await this.#ask('admin', keyspace, keys)
    return this.#engine.warm(keyspace, keys)
  }

  keyspace(name: string): KeyspaceInfo | undefined {
    if (!this.#sees(name)) throw forbidden(`You may not see the keyspace ${JSON.stringify(name)}.`)
    return this.#engine.keyspace(name)
  }

  get maxAnswerBytes(): number {
    return this.#engine.maxAnswerBytes
  }

  isPublic(name: string): boolean {
    return this.#engine.isPublic(name)
  }

  keyspaces(): readonly KeyspaceInfo[] {
    return this.#engine.keyspaces().filter(({ name }) => this.#sees(name))
  }

  async createKeyspace(input: CreateKeyspaceInput): Promise<KeyspaceInfo> {
    await this.#ask('admin', input.name, undefined)
    return this.#engine.createKeyspace(input)
  }

  async updateKeyspace(name: string, settings: KeyspaceSettings): Promise<KeyspaceInfo> {
    await this.#ask('admin', name, undefined)
    return this.#engine.updateKeyspace(name, settings)
  }

  async deleteKeyspace(name: string): Promise<Confirmation> {
    await this.#ask('admin', name, undefined)
    return this.#engine.deleteKeyspace(name)
  }

  async deleteKeyspaces(names: readonly string[]): Promise<Confirmation> {
    // All are asked for before the first is deleted; without a name the scope counts alone.
    for (const name of names.length === 0 ? [undefined] : names) await this.#ask('admin', name, undefined)
    return this.#engine.deleteKeyspaces(names)
  }

  stats(keyspace: string): KeyspaceStats {
    if (!this.#sees(keyspace)) throw forbidden(`You may not see the keyspace ${JSON.stringify(keyspace)}.`)
    return this.#engine.stats(keyspace)
  }

  cluster(): ClusterInfo {
    if (!this.#grants.admin) throw forbidden('You may not see the cluster: it takes the scope "admin".')
    return this.#engine.cluster()
  }

  async entryChanges(keyspace: string, keys?: readonly string[]): Promise<AsyncIterableIterator<EntryChange>> {
    await this.#ask('read', keyspace, keys)
    const { inner, outerChange } = this.#partition(keyspace)
    const changes = await this.#engine.entryChanges(keyspace, keys?.map(inner))
    return new LimitedEvents(changes, { shown: outerChange, until: this.#identity.expiresAt })
  }

  async clusterEvents(): Promise<AsyncIterableIterator<ClusterEvent>> {
    await this.#ask('admin', undefined, undefined)
    const events = await this.#engine.clusterEvents()
    return new LimitedEvents(events, { shown: (event) => event, until: this.#identity.expiresAt })
  }

  #sees(keyspace: string): boolean {
    const { admin, mayRead, mayWrite } = this.#grants
    return admin || mayRead(keyspace) || mayWrite(keyspace)
  }

  /** Throws or rejects unless the caller may. A read that no hook is asked about makes no promise. */
  #ask(
    action: AuthorizeRequest['action'],
    keyspace: string | undefined,
    keys: readonly string[] | undefined,
  ): Promise<void> | undefined {
    const isGranted =
      action === 'admin' || keyspace === undefined
        ? this.#grants.admin
        : action === 'read'
          ? this.#grants.mayRead(keyspace)
          : this.#grants.mayWrite(keyspace)
    const options = action === 'read' || keyspace === undefined ? undefined : nothingChanged
    if (!isGranted) throw refusalOf(action, keyspace, options)
    const { authorize } = this.#options
    if (authorize === undefined) return undefined
    return this.#askHook(authorize, { identity: this.#identity, action, keyspace, keys }, options)
  }

  async #askHook(
    authorize: Authorize,
    request: AuthorizeRequest,
    options: FedcacheErrorOptions | undefined,
  ): Promise<void> {
    const { action, keyspace } = request
    let isAllowed = false
    try {
      isAllowed = (await authorize(request)) === true
    } catch (error) {
      const { name } = this.#identity
      this.#options.logger.error({ error, action, keyspace, identity: name }, 'the authorize hook failed: forbidden')
    }
    if (!isAllowed) throw refusalOf(action, keyspace, options)
  }

  #partition(keyspace: string, options?: FedcacheErrorOptions): Partition {
    const partition = this.#options.partitions.get(keyspace)
    if (partition === undefined) return shared
    try {
      return partitionNamed(partition(this.#identity))
    } catch (error) {
      const { name } = this.#identity
      this.#options.logger.error({ error, keyspace, identity: name }, 'no partition for this sender: forbidden')
      throw forbidden(`You have no part in the keyspace ${JSON.stringify(keyspace)}.`, options)
    }
  }
}

function outerResult(partition: Partition, result: ReadResult): ReadResult {
  return result === null || result instanceof FedcacheError ? result : partition.outerEntry(result)
}

function refusalOf(
  action: AuthorizeRequest['action'],
  keyspace: string | undefined,
  options: FedcacheErrorOptions | undefined,
): FedcacheError {
  if (keyspace === undefined) return forbidden('You may not do this: it takes the scope "admin".', options)
  const verb = action === 'admin' ? 'administer' : action
  return forbidden(`You may not ${verb} the keyspace ${JSON.stringify(keyspace.slice(0, 100))}.`, options)
}

function forbidden(message: string, options?: FedcacheErrorOptions): FedcacheError {
  return new FedcacheError('FORBIDDEN', message, options)
}
