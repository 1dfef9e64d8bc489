import type { CatalogueRecord, Logger, PeerHost } from '../ports/index.ts'
import type { Asker } from './asker.ts'
import { murmur3 } from './placement-hash.ts'
import { catalogueRecords } from './protocol/changes.ts'

/** What keeping the catalogues alike needs. */
export interface CatalogueSyncContext {
  readonly asker: Asker
  readonly host: PeerHost
  readonly logger: Logger
}

const requestTimeoutMs = 2_000

/** Fetches changes of keyspaces from peers that know others than this one. */
export class CatalogueSync {
  readonly #context: CatalogueSyncContext
  readonly #fetching = new Map<string, Promise<boolean>>()

  readonly #next = new Map<string, Promise<boolean>>()

  constructor(context: CatalogueSyncContext) {
    this.#context = context
  }

  /** The same on two peers that know the same changes. */
  get hash(): string {
    return catalogueHash(this.#context.host.catalogue())
  }

  /** Fetches what a peer knows now. Never rejects; tells whether the peer answered. */
  fetch(peer: string): Promise<boolean> {
    // What an earlier question brings may be from before this call; all calls until then share the next.
    const next = this.#next.get(peer)
    if (next !== undefined) return next
    const before = this.#fetching.get(peer)
    if (before === undefined) return this.#begin(peer)
    const fetching = before.then(() => {
      this.#next.delete(peer)
      return this.#begin(peer)
    })
    this.#next.set(peer, fetching)
    return fetching
  }

  #begin(peer: string): Promise<boolean> {
    const fetching = this.#fetch(peer).finally(() => this.#fetching.delete(peer))
    this.#fetching.set(peer, fetching)
    return fetching
  }

  async #fetch(peer: string): Promise<boolean> {
    const { asker, host, logger } = this.#context
    try {
      const records = await asker.catalogue(peer, requestTimeoutMs)
      if (records !== undefined) await host.adopt(catalogueRecords(records))
      return records !== undefined
    } catch (error) {
      logger.warn({ peer, error }, 'the catalogue of a peer could not be read')
      return false
    }
  }
}

function catalogueHash(records: readonly CatalogueRecord[]): string {
  if (records.length === 0) return ''
  const lines = records.map(({ name, version, clearedAt }) => `${name} ${version} ${clearedAt}`)
  return (murmur3(lines.toSorted().join('\n'), 0) >>> 0).toString(16)
}
