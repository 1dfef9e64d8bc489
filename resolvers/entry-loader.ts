import DataLoader from 'dataloader'
import type { EngineApi } from '../src/engine/engine-api.ts'
import type { Entry } from '../src/engine/entry.ts'
import type { ReadRecord } from '../src/engine/read-record.ts'

/**
 * Reads single entries for one operation: at once from memory, or together with all others that the operation asks for
 * at the same moment, with one `getMany` per keyspace. Each key is read once and remembered, so it must not outlive the
 * operation.
 */
export class EntryLoader {
  readonly #engine: EngineApi
  readonly #reads: ReadRecord
  readonly #maxKeysPerCall: number
  /** Most operations read from one keyspace this way. */
  #last: KeyspaceLoader | undefined
  readonly #loaders: KeyspaceLoader[] = []

  /**
   * @param reads is told what was read.
   * @param maxKeysPerCall what the engine takes in one call; more keys make several calls.
   */
  constructor(engine: EngineApi, reads: ReadRecord, maxKeysPerCall: number) {
    this.#engine = engine
    this.#reads = reads
    this.#maxKeysPerCall = maxKeysPerCall
  }

  /** The entry of a key, `null` where there is none. Throws or rejects with the error of the key. */
  load(keyspace: string, key: string): Entry | null | Promise<Entry | null> {
    if (this.#last?.keyspace !== keyspace) this.#last = this.#loaderOf(keyspace)
    return this.#last.load(key)
  }

  #loaderOf(keyspace: string): KeyspaceLoader {
    const known = this.#loaders.find((loader) => loader.keyspace === keyspace)
    if (known !== undefined) return known
    const loader = new KeyspaceLoader(this.#engine, this.#reads, keyspace, this.#maxKeysPerCall)
    this.#loaders.push(loader)
    return loader
  }
}

class KeyspaceLoader {
  readonly keyspace: string
  readonly #engine: EngineApi
  readonly #reads: ReadRecord
  readonly #maxKeysPerCall: number
  readonly #maxBytes: number
  #bytes = 0
  /** What was found first, and by key what was found since: often there is nothing else. */
  #firstKey: string | undefined
  #firstHit: Entry | null = null
  #hits: Map<string, Entry | null> | undefined
  #bulk: DataLoader<string, Entry | null> | undefined

  constructor(engine: EngineApi, reads: ReadRecord, keyspace: string, maxKeysPerCall: number) {
    this.keyspace = keyspace
    this.#engine = engine
    this.#reads = reads
    this.#maxKeysPerCall = maxKeysPerCall
    this.#maxBytes = engine.maxAnswerBytes / 4
  }

  load(key: string): Entry | null | Promise<Entry | null> {
    const known = key === this.#firstKey ? this.#firstHit : this.#hits?.get(key)
    if (known !== undefined) return known
    // One value at a time the engine cannot tell when they are too many for one answer; asked in bulk it says so.
    const hit = this.#bytes < this.#maxBytes ? this.#engine.readNow(this.keyspace, key) : undefined
    if (hit === undefined) return (this.#bulk ??= this.#newBulk()).load(key)
    this.#remember(key, hit)
    this.#reads.noteOne(this.keyspace, hit)
    return hit
  }

  #remember(key: string, hit: Entry | null): void {
    this.#bytes += hit?.size ?? 0
    if (this.#firstKey !== undefined) {
      ;(this.#hits ??= new Map()).set(key, hit)
    } else {
      this.#firstKey = key
      this.#firstHit = hit
    }
  }

  #newBulk(): DataLoader<string, Entry | null> {
    return new DataLoader<string, Entry | null>(
      async (keys) => {
        const results = await this.#engine.getMany(this.keyspace, keys)
        this.#reads.note(this.keyspace, results)
        return results
      },
      { maxBatchSize: this.#maxKeysPerCall },
    )
  }
}
