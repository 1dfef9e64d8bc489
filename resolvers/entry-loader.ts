import DataLoader from 'dataloader'
import type { EngineApi } from '../src/engine/engine-api.ts'
import type { Entry } from '../src/engine/entry.ts'
import type { ReadRecord } from '../src/engine/read-record.ts'
import { eachOrError, orError } from '../src/errors.ts'
import { mapped, rejectMapped } from './errors.ts'

/** What came of one key of several: its entry, now or later, `null` where there is none, or why it cannot be had. */
export type LoadedEntry = Entry | null | Promise<Entry | null> | Error

/**
 * Reads single entries for one operation: at once from memory, or together with all others that the operation asks for
 * at the same moment, with one `getMany` per keyspace. What was read stays as it was until the operation has ended, so
 * the loader must not outlive it.
 */
export class EntryLoader {
  readonly #operation: Operation
  /** Most operations read from one keyspace this way. */
  #last: KeyspaceLoader | undefined
  #loaders: KeyspaceLoader[] | undefined

  /**
   * @param reads is told what was read.
   * @param maxKeysPerCall what the engine takes in one call; more keys make several calls.
   */
  constructor(engine: EngineApi, reads: ReadRecord, maxKeysPerCall: number) {
    this.#operation = { engine, reads, maxKeysPerCall, hasWaited: false, nowMs: undefined }
  }

  /** The entry of a key, `null` where there is none. Throws or rejects with the error of the key. */
  load(keyspace: string, key: string): Entry | null | Promise<Entry | null> {
    return this.#loaderOf(keyspace).load(key)
  }

  /** The same of many keys, in order, each with the error that it has or is, as clients are to see it. */
  loadAll(keyspace: string, keys: readonly (string | Error)[]): readonly LoadedEntry[] {
    return this.#loaderOf(keyspace).loadAll(keys)
  }

  #loaderOf(keyspace: string): KeyspaceLoader {
    if (this.#last?.keyspace !== keyspace) this.#last = this.#findLoader(keyspace)
    return this.#last
  }

  #findLoader(keyspace: string): KeyspaceLoader {
    const known = this.#loaders?.find((loader) => loader.keyspace === keyspace)
    if (known !== undefined) return known
    const loader = new KeyspaceLoader(this.#operation, keyspace)
    // A list that is made with its first item has room for that one; an empty one makes room for many at the first push.
    if (this.#loaders === undefined) this.#loaders = [loader]
    else this.#loaders.push(loader)
    return loader
  }
}

/** What the loaders of one operation share. */
interface Operation {
  readonly engine: EngineApi
  readonly reads: ReadRecord
  readonly maxKeysPerCall: number
  /** Whether it has had to wait. Until then nothing can change between two reads, and nothing is looked up. */
  hasWaited: boolean
  /** The moment at which it reads until then. */
  nowMs: number | undefined
}

/** What was found in memory: of each key its entry, or `null` where there is none. */
interface Found {
  readonly keys: readonly string[]
  readonly hits: readonly (Entry | null)[]
}

/** Lists are handed to GraphQL as they are, and what is in them is mapped by nobody else. */
function shown(entry: LoadedEntry): LoadedEntry {
  if (entry instanceof Promise) return entry.catch(rejectMapped)
  return entry instanceof Error ? mapped(entry) : entry
}

class KeyspaceLoader {
  readonly keyspace: string
  readonly #operation: Operation
  readonly #maxBytes: number
  #bytes = 0
  /** What was found key by key until the operation had to wait; of the record of what was read as well. */
  #singles: { readonly keys: string[]; readonly hits: (Entry | null)[] } | undefined
  /** What was found in lists until then. */
  #lists: Found[] | undefined
  /** All that was found by key, once the operation had to wait and asks again. */
  #byKey: Map<string, Entry | null> | undefined
  #bulk: DataLoader<string, Entry | null> | undefined

  constructor(operation: Operation, keyspace: string) {
    this.keyspace = keyspace
    this.#operation = operation
    this.#maxBytes = operation.engine.maxAnswerBytes / 4
  }

  load(key: string): Entry | null | Promise<Entry | null> {
    const known = this.#known(key)
    if (known !== undefined) return known
    if (this.#isLarge) return this.#taken(key, undefined)
    return this.#taken(key, this.#operation.engine.readNow(this.keyspace, key, this.#nowMs))
  }

  loadAll(keys: readonly (string | Error)[]): readonly LoadedEntry[] {
    const { engine, hasWaited } = this.#operation
    if (hasWaited || !keys.every((key) => typeof key === 'string')) {
      return eachOrError(keys, (key) => (key instanceof Error ? key : this.load(key))).map(shown)
    }
    const found = orError(() => engine.readAllNow(this.keyspace, keys, this.#nowMs))
    if (found instanceof Error) return keys.map(() => mapped(found))
    const all = this.#takenAll(keys, found)
    if (all !== undefined) return all
    return keys.map((key, index) => shown(this.#taken(key, this.#isLarge ? undefined : found[index])))
  }

  /** Notes all of them together; `undefined`, and nothing is noted, where one was not found or there is no room. */
  #takenAll(keys: readonly string[], found: readonly (Entry | null | undefined)[]): Found['hits'] | undefined {
    let bytes = this.#bytes
    for (const hit of found) {
      if (hit === undefined) return undefined
      bytes += hit === null ? 0 : hit.size
    }
    if (bytes >= this.#maxBytes) return undefined
    const hits = found as Found['hits']
    this.#bytes = bytes
    if (this.#lists === undefined) this.#lists = [{ keys, hits }]
    else this.#lists.push({ keys, hits })
    this.#operation.reads.note(this.keyspace, hits)
    return hits
  }

  get #nowMs(): number | undefined {
    if (this.#operation.hasWaited) return undefined
    return (this.#operation.nowMs ??= this.#operation.engine.nowMs())
  }

  /** One value at a time the engine cannot tell when they are too many for one answer; asked in bulk it says so. */
  get #isLarge(): boolean {
    return this.#bytes >= this.#maxBytes
  }

  #known(key: string): Entry | null | undefined {
    if (!this.#operation.hasWaited) return undefined
    this.#byKey ??= this.#foundByKey()
    return this.#byKey.get(key)
  }

  #foundByKey(): Map<string, Entry | null> {
    const byKey = new Map<string, Entry | null>()
    for (const { keys, hits } of [...(this.#lists ?? []), ...(this.#singles === undefined ? [] : [this.#singles])]) {
      for (let index = 0; index < keys.length; index++) byKey.set(keys[index]!, hits[index]!)
    }
    return byKey
  }

  #taken(key: string, hit: Entry | null | undefined): Entry | null | Promise<Entry | null> {
    if (hit === undefined) {
      this.#operation.hasWaited = true
      return (this.#bulk ??= this.#newBulk()).load(key)
    }
    this.#bytes += hit?.size ?? 0
    this.#byKey?.set(key, hit)
    if (this.#singles === undefined) {
      this.#beginSingles(key, hit)
    } else {
      this.#singles.keys.push(key)
      this.#singles.hits.push(hit)
    }
    return hit
  }

  /** Notes what is read key by key, which is often much, as one reading that grows. */
  #beginSingles(key: string, hit: Entry | null): void {
    this.#singles = { keys: [key], hits: [hit] }
    this.#operation.reads.note(this.keyspace, this.#singles.hits)
  }

  #newBulk(): DataLoader<string, Entry | null> {
    const { engine, reads, maxKeysPerCall } = this.#operation
    return new DataLoader<string, Entry | null>(
      async (keys) => {
        const results = await engine.getMany(this.keyspace, keys)
        reads.note(this.keyspace, results)
        return results
      },
      { maxBatchSize: maxKeysPerCall },
    )
  }
}
