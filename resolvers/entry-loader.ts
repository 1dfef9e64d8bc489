import DataLoader from 'dataloader'
import type { EngineApi } from '../src/engine/engine-api.ts'
import type { Entry } from '../src/engine/entry.ts'
import type { ReadRecord } from '../src/engine/read-record.ts'

/** Reads one entry, together with all others that the same operation asks for at the same moment. */
export type EntryLoader = (keyspace: string, key: string) => Promise<Entry | null>

/**
 * Makes the loader of one operation: one `getMany` per keyspace, each key once. It remembers what it read, so it must
 * not outlive the operation.
 *
 * @param reads is told what was read.
 * @param maxKeysPerCall what the engine takes in one call; more keys make several calls.
 */
export function entryLoader(engine: EngineApi, reads: ReadRecord, maxKeysPerCall: number): EntryLoader {
  const loaders = new Map<string, DataLoader<string, Entry | null>>()
  return (keyspace, key) => {
    let loader = loaders.get(keyspace)
    if (loader === undefined) {
      const readMany: DataLoader.BatchLoadFn<string, Entry | null> = async (keys) => {
        const results = await engine.getMany(keyspace, keys)
        reads.note(keyspace, results)
        return results
      }
      loader = new DataLoader<string, Entry | null>(readMany, { maxBatchSize: maxKeysPerCall })
      loaders.set(keyspace, loader)
    }
    return loader.load(key)
  }
}
