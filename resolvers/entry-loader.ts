import DataLoader from 'dataloader'
import type { EngineApi } from '../src/engine/engine-api.ts'
import type { Entry } from '../src/engine/entry.ts'
import type { ReadRecord } from '../src/engine/read-record.ts'

/** Reads one entry: at once from memory, or together with all others that the operation asks for at the same moment. */
export type EntryLoader = (keyspace: string, key: string) => Entry | null | Promise<Entry | null>

/**
 * Makes the loader of one operation. What is in this process's memory is answered at once; for the rest there is one
 * `getMany` per keyspace. Each key is read once and remembered, so it must not outlive the operation.
 *
 * @param reads is told what was read.
 * @param maxKeysPerCall what the engine takes in one call; more keys make several calls.
 */
export function entryLoader(engine: EngineApi, reads: ReadRecord, maxKeysPerCall: number): EntryLoader {
  // Most operations read none this way, or from one keyspace.
  let loaders: Map<string, KeyspaceLoader> | undefined
  return (keyspace, key) => {
    loaders ??= new Map()
    let loader = loaders.get(keyspace)
    if (loader === undefined) {
      loader = keyspaceLoader(engine, reads, keyspace, maxKeysPerCall)
      loaders.set(keyspace, loader)
    }
    return loader(key)
  }
}

type KeyspaceLoader = (key: string) => Entry | null | Promise<Entry | null>

function keyspaceLoader(engine: EngineApi, reads: ReadRecord, keyspace: string, maxBatchSize: number): KeyspaceLoader {
  const note = reads.noteEach(keyspace)
  const hits = new Map<string, Entry | null>()
  const maxBytes = engine.maxAnswerBytes / 4
  let bytes = 0
  let bulk: DataLoader<string, Entry | null> | undefined
  return (key) => {
    const known = hits.get(key)
    if (known !== undefined) return known
    // One value at a time the engine cannot tell when they are too many for one answer; asked in bulk it says so.
    const hit = bytes < maxBytes ? engine.readNow(keyspace, key) : undefined
    if (hit !== undefined) {
      bytes += hit?.encoded.length ?? 0
      hits.set(key, hit)
      note(hit)
      return hit
    }
    bulk ??= new DataLoader<string, Entry | null>(
      async (keys) => {
        const results = await engine.getMany(keyspace, keys)
        reads.note(keyspace, results)
        return results
      },
      { maxBatchSize },
    )
    return bulk.load(key)
  }
}
