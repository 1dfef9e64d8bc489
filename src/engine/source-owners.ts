import { FedcacheError } from '../errors.ts'
import type { Logger, Peers, Source } from '../ports/index.ts'
import type { Changes } from './changes.ts'
import { quote } from './input-limits.ts'
import type { Keyspace } from './keyspace.ts'
import type { Keyspaces } from './keyspaces.ts'
import type { VersionClock } from './version-clock.ts'

/** What is needed to look after sources. */
export interface SourceOwnersContext {
  readonly keyspaces: Keyspaces
  readonly changes: Changes
  readonly peers: Peers
  readonly versions: VersionClock
  readonly logger: Logger
  /** Sources that keyspaces made while running may name. */
  readonly named: ReadonlyMap<string, Source>
}

/** Opens, watches and closes sources, each once, however many keyspaces share it. */
export class SourceOwners {
  readonly #context: SourceOwnersContext
  readonly #stopWatching = new Map<Keyspace, () => Promise<void>>()
  /** Those to close: the keyspace of one may be deleted before. */
  readonly #opened = new Set<Source>()
  #opening: Promise<void> = Promise.resolve()

  constructor(context: SourceOwnersContext) {
    this.#context = context
  }

  /** Whether there is a source that has to be opened or watched before it is asked. */
  get haveToBeOpened(): boolean {
    return [...this.#sources()].some((source) => source.start !== undefined || source.watch !== undefined)
  }

  /**
   * Opens every source and watches those that tell of changes.
   *
   * @throws FedcacheError `SOURCE_FAILED` when one cannot be; then all are closed, and may be opened again.
   */
  async start(): Promise<void> {
    this.#opening = this.#open()
    try {
      await this.#opening
    } catch (error) {
      await this.close()
      throw error
    }
  }

  async #open(): Promise<void> {
    await allOrFirstError(this.#sources(), async (source) => {
      try {
        await source.start?.()
      } catch (error) {
        throw this.#failure(source, 'opened', error)
      }
      this.#opened.add(source)
    })
    // All at once: where one waits for what does not come, the others do so at the same time.
    await allOrFirstError(this.#context.keyspaces.all(), async ({ keyspace }) => {
      try {
        await this.watch(keyspace)
      } catch (error) {
        throw this.#failure(keyspace.definition.source!, 'watched', error)
      }
    })
  }

  /** Drops copies of what others change in the keyspace's source, where the source tells of it. */
  async watch(keyspace: Keyspace): Promise<void> {
    const { changes, peers, versions } = this.#context
    const { name, definition } = keyspace
    const stop = await definition.source?.watch?.(
      ({ key, revision }) => {
        const change = { key, kind: 'PUT', version: revision ?? versions.next() } as const
        const invalidation = { kind: 'KEYS', keyspace: name, changes: [change] } as const
        changes.apply(invalidation)
        // Every peer watches for itself, and one of them is enough to tell others.
        if (peers.owns(keyspace.slotOf(key))) changes.changed(invalidation)
      },
      () => {
        keyspace.distrust(true)
        changes.missed(keyspace)
        // Changes of keys that this peer owns may be among those that nobody told.
        changes.changed({ kind: 'CLEAR', keyspace: name, version: versions.next() })
      },
    )
    if (stop === undefined) return
    this.#stopWatching.set(keyspace, stop)
    if (this.#context.keyspaces.find(name)?.keyspace !== keyspace) this.unwatch(keyspace)
  }

  /** Ends the watch of a keyspace that was deleted. */
  unwatch(keyspace: Keyspace): void {
    const stop = this.#stopWatching.get(keyspace)
    this.#stopWatching.delete(keyspace)
    stop?.().catch((error: unknown) => {
      this.#context.logger.warn({ keyspace: keyspace.name, error }, 'a watch could not be ended')
    })
  }

  /** Closes every source; one that fails to close holds up no other. */
  async close(): Promise<void> {
    // What is being opened can be closed only once it is open.
    await Promise.allSettled([this.#opening])
    await Promise.allSettled(Array.from(this.#stopWatching.values(), async (stop) => stop()))
    this.#stopWatching.clear()
    await Promise.allSettled(Array.from(this.#opened, async (source) => source.close?.()))
    this.#opened.clear()
  }

  #failure(source: Source, what: 'opened' | 'watched', error: unknown): FedcacheError {
    const keyspaces = Array.from(this.#context.keyspaces.all(), ({ keyspace }) => keyspace)
      .filter(({ definition }) => definition.source === source)
      .map(({ name }) => name)
    this.#context.logger.error({ source: source.name, keyspaces, error }, `a source could not be ${what}`)
    const of = keyspaces.length === 0 ? '' : ` of ${keyspaces.map(quote).join(' and ')}`
    const reason = error instanceof Error ? error.message : String(error)
    const message = `The source ${quote(source.name)}${of} could not be ${what}: ${reason}`
    return new FedcacheError('SOURCE_FAILED', message, { cause: error })
  }

  #sources(): Set<Source> {
    const sources = new Set(this.#context.named.values())
    for (const { keyspace } of this.#context.keyspaces.all()) {
      if (keyspace.definition.source !== undefined) sources.add(keyspace.definition.source)
    }
    return sources
  }
}

/** Like `Promise.all`, but rejects only when all have ended. */
async function allOrFirstError<Item>(items: Iterable<Item>, work: (item: Item) => Promise<void>): Promise<void> {
  const endings = await Promise.allSettled(Array.from(items, work))
  for (const ending of endings) if (ending.status === 'rejected') throw ending.reason
}
