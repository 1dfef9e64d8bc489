import type { KeyspaceStats } from './results.ts'

/** Counters of one keyspace; they only grow. */
export type Counters = { -readonly [Name in Exclude<keyof KeyspaceStats, 'entries' | 'bytes'>]: number }

/** Counters at zero. */
export function newCounters(): Counters {
  return {
    hits: 0,
    misses: 0,
    loads: 0,
    loadedKeys: 0,
    loadErrors: 0,
    evictions: 0,
    puts: 0,
    deletes: 0,
    staleHits: 0,
    nearHits: 0,
    peerReads: 0,
    fencedFills: 0,
  }
}
