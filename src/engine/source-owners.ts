import type { Logger, Peers, Source } from '../ports/index.ts'
import type { Changes } from './changes.ts'
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
  #opened: ReadonlySet<Source> = new Set()

  constructor(context: SourceOwnersContext) {
    this.#context = context
  }

  /** Opens every source and watches those that tell of changes. Rejects when one cannot be opened. */
  async start(): Promise<void> {
    this.#opened = this.#sources()
    await Promise.all(Array.from(this.#opened, async (source) => source.start?.()))
    // All at once: where one waits for what does not come, the others do so at the same time.
    await Promise.all(Array.from(this.#context.keyspaces.all(), ({ keyspace }) => this.watch(keyspace)))
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
    await Promise.allSettled(Array.from(this.#stopWatching.values(), async (stop) => stop()))
    this.#stopWatching.clear()
    await Promise.allSettled(Array.from(this.#opened, async (source) => source.close?.()))
  }

  #sources(): Set<Source> {
    const sources = new Set(this.#context.named.values())
    for (const { keyspace } of this.#context.keyspaces.all()) {
      if (keyspace.definition.source !== undefined) sources.add(keyspace.definition.source)
    }
    return sources
  }
}
