import type { Source } from '../ports/index.ts'
import type { Changes } from './changes.ts'
import type { Keyspace } from './keyspace.ts'
import type { Keyspaces } from './keyspaces.ts'
import type { VersionClock } from './version-clock.ts'

/** What is needed to look after sources. */
export interface SourceOwnersContext {
  readonly keyspaces: Keyspaces
  readonly changes: Changes
  readonly versions: VersionClock
  /** Sources that keyspaces made while running may name. */
  readonly named: ReadonlyMap<string, Source>
}

/** Opens, watches and closes sources, each once, however many keyspaces share it. */
export class SourceOwners {
  readonly #context: SourceOwnersContext
  readonly #stopWatching: (() => Promise<void>)[] = []

  constructor(context: SourceOwnersContext) {
    this.#context = context
  }

  /** Opens every source and watches those that tell of changes. Rejects when one cannot be opened. */
  async start(): Promise<void> {
    await Promise.all(Array.from(this.#sources(), async (source) => source.start?.()))
    for (const { keyspace } of this.#context.keyspaces.all()) await this.watch(keyspace)
  }

  /** Drops copies of what others change in the keyspace's source, where the source tells of it. */
  async watch(keyspace: Keyspace): Promise<void> {
    const { changes, versions } = this.#context
    const { name, definition } = keyspace
    const stop = await definition.source?.watch?.(
      ({ key, revision }) => {
        const change = { key, kind: 'PUT', version: revision ?? versions.next() } as const
        changes.apply({ kind: 'KEYS', keyspace: name, changes: [change] })
      },
      () => {
        keyspace.distrust()
        changes.missed(keyspace)
      },
    )
    if (stop !== undefined) this.#stopWatching.push(stop)
  }

  /** Closes every source; one that fails to close holds up no other. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#stopWatching.splice(0).map((stop) => stop()))
    await Promise.allSettled(Array.from(this.#sources(), async (source) => source.close?.()))
  }

  #sources(): Set<Source> {
    const sources = new Set(this.#context.named.values())
    for (const { keyspace } of this.#context.keyspaces.all()) {
      if (keyspace.definition.source !== undefined) sources.add(keyspace.definition.source)
    }
    return sources
  }
}
