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
  readonly #fetching = new Map<string, Promise<void>>()

  constructor(context: CatalogueSyncContext) {
    this.#context = context
  }

  /** The same on two peers that know the same changes. */
  get hash(): string {
    return catalogueHash(this.#context.host.catalogue())
  }

  /** Fetches what a peer knows, once at a time. Never rejects. */
  fetch(peer: string): Promise<void> {
    let fetching = this.#fetching.get(peer)
    if (fetching === undefined) {
      fetching = this.#fetch(peer).finally(() => this.#fetching.delete(peer))
      this.#fetching.set(peer, fetching)
    }
    return fetching
  }

  async #fetch(peer: string): Promise<void> {
    const { asker, host, logger } = this.#context
    try {
      const records = await asker.catalogue(peer, requestTimeoutMs)
      if (records !== undefined) await host.adopt(catalogueRecords(records))
    } catch (error) {
      logger.warn({ peer, error }, 'the catalogue of a peer could not be read')
    }
  }
}

function catalogueHash(records: readonly CatalogueRecord[]): string {
  if (records.length === 0) return ''
  const lines = records.map(({ name, version, clearedAt }) => `${name} ${version} ${clearedAt}`)
  return (murmur3(lines.toSorted().join('\n'), 0) >>> 0).toString(16)
}
