import type { Invalidation, KeyChange, Logger, Peers } from '../ports/index.ts'
import type { EventHub } from './event-hub.ts'
import { type EngineEvent, type EntryChange, isEntryChange, missedIn } from './events.ts'
import { requireList } from './input-limits.ts'
import type { Keyspace } from './keyspace.ts'
import type { Keyspaces } from './keyspaces.ts'
import type { Confirmation } from './results.ts'

/** What changes are told to. */
export interface ChangesContext {
  readonly keyspaces: Keyspaces
  readonly peers: Peers
  readonly logger: Logger
  /** Where subscribers are. */
  readonly events: EventHub<EngineEvent>
  /** Told of every change that began at this peer; see `EngineOptions.onChanged`. Default: nobody is. */
  readonly onChanged?: ((change: Invalidation) => void) | undefined
}

/** Applies changes to memory, tells subscribers here and peers elsewhere. */
export class Changes {
  readonly #keyspaces: Keyspaces
  readonly #peers: Peers
  readonly #logger: Logger
  readonly #onChanged: (change: Invalidation) => void
  readonly #hub: EventHub<EngineEvent>

  constructor(context: ChangesContext) {
    this.#keyspaces = context.keyspaces
    this.#peers = context.peers
    this.#logger = context.logger
    this.#hub = context.events
    this.#onChanged = context.onChanged ?? (() => {})
  }

  /** Changes of a keyspace from now on; see `Engine.entryChanges`. */
  subscribe(keyspace: string, keys: readonly string[] | undefined): AsyncIterableIterator<EntryChange> {
    if (keys !== undefined) requireList(keys, 'Keys')
    const wanted = keys === undefined ? undefined : new Set(keys)
    return this.#hub.subscribe(
      (event): event is EntryChange =>
        isEntryChange(event) &&
        event.keyspace === keyspace &&
        (wanted === undefined || event.key === null || wanted.has(event.key)),
    )
  }

  /** Applies a change here and tells every peer. */
  announce(invalidation: Invalidation): Promise<Confirmation> {
    this.apply(invalidation)
    return this.#spread(invalidation)
  }

  /** Tells subscribers and peers of writes that were applied to memory as they happened. */
  announceWritten(keyspace: string, changes: readonly KeyChange[]): Promise<Confirmation> {
    for (const change of changes) this.#hub.publish({ keyspace, ...change, version: String(change.version) })
    return this.#spread({ kind: 'KEYS', keyspace, changes })
  }

  /** Tells those outside of the cluster of a change that every peer knows of. */
  changed(change: Invalidation): void {
    this.#onChanged(change)
  }

  /** Applies a change, whatever this peer owns: older copies go, flights are unhooked, subscribers hear of it. */
  apply(invalidation: Invalidation): void {
    const keyspace = this.#keyspaces.find(invalidation.keyspace)?.keyspace
    if (keyspace === undefined) return
    switch (invalidation.kind) {
      case 'KEYS':
        for (const change of invalidation.changes) {
          keyspace.supersede(change)
          this.#hub.publish({ keyspace: keyspace.name, ...change, version: String(change.version) })
        }
        return
      case 'TAGS':
        keyspace.invalidateTags(invalidation.tags, invalidation.version)
        this.missed(keyspace)
        return
      case 'CLEAR':
        keyspace.clear(invalidation.version)
        this.cleared(keyspace, invalidation.version)
    }
  }

  /** Tells subscribers that changes of a keyspace may have passed them by. */
  missed(keyspace: Keyspace): void {
    this.#hub.publish(missedIn(keyspace.name))
  }

  /** Tells subscribers that a keyspace is empty. */
  cleared(keyspace: Keyspace, version: number): void {
    this.#hub.publish({ keyspace: keyspace.name, key: null, kind: 'CLEARED', version: String(version) })
  }

  /** Tells everybody, without waiting, that copies of a key may be older than its source. */
  distrust(keyspace: Keyspace, key: string, version: number): void {
    const announced = this.announce({
      kind: 'KEYS',
      keyspace: keyspace.name,
      changes: [{ key, kind: 'DELETED', version }],
    })
    announced.catch((error: unknown) => this.#logger.warn({ keyspace: keyspace.name, error }, 'announcement failed'))
  }

  /** Those outside hear of it last: what they drop they fetch again, from any peer, and none may have the old value then. */
  async #spread(invalidation: Invalidation): Promise<Confirmation> {
    try {
      return await this.#peers.announce(invalidation)
    } finally {
      this.changed(invalidation)
    }
  }
}
