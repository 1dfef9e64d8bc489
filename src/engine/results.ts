import type { FedcacheError } from '../errors.ts'
import type { Entry } from './entry.ts'
import type { Confirmation } from '../ports/index.ts'
import type { CacheScope, KeyspaceOrigin, ValueFormat } from './policy.ts'

/** The answer for one key of a read: the entry, `null` for not found, or why it could not be had. */
export type ReadResult = Entry | null | FedcacheError

/** What a reader may ask for beside the keys. */
export interface ReadOptions {
  /** How long this reader waits, in milliseconds; at most, and by default, the keyspace's read timeout. */
  readonly timeoutMs?: number
}

/** One entry to put. Exactly one of `value`, `text` and `bytes` is given, one that the keyspace's format takes. */
export interface PutInput {
  readonly key: string
  /** A JSON value; not `null`. */
  readonly value?: unknown
  readonly text?: string | null
  readonly bytes?: Uint8Array | null
  /** Lifetime in milliseconds; at most one of `ttlMs` and `expiresAt`. Without them the keyspace's ttl counts. */
  readonly ttlMs?: number | null
  readonly expiresAt?: Date | null
  readonly tags?: readonly string[] | null
}

/** The outcome of `put`. */
export interface PutResult extends Confirmation {
  readonly entry: Entry
}

/** The outcome of `putMany`: per input, in order, the entry or why it was not stored. */
export interface PutManyResult extends Confirmation {
  readonly results: readonly (Entry | FedcacheError)[]
}

/** The outcome of `deleteMany`: per key, in order, `true` or why it was not deleted. */
export interface DeleteManyResult extends Confirmation {
  readonly results: readonly (true | FedcacheError)[]
}

/** The outcome of `warm`. */
export interface WarmResult {
  /** How many of the keys are in memory now. */
  readonly loaded: number
  /** How many of the keys the source does not have. */
  readonly notFound: number
  readonly errors: readonly { readonly index: number; readonly key: string; readonly error: FedcacheError }[]
}

/** What this peer counted for one keyspace since it started or the keyspace was made. */
export interface KeyspaceStats {
  readonly entries: number
  /** Bytes charged: keys, values and overhead. */
  readonly bytes: number
  /** Reads answered from memory, stale and not-found answers included. */
  readonly hits: number
  readonly misses: number
  /** Calls made to the source. */
  readonly loads: number
  /** Keys asked of the source. */
  readonly loadedKeys: number
  /** Keys that the source failed to answer. */
  readonly loadErrors: number
  readonly evictions: number
  readonly puts: number
  readonly deletes: number
  /** Answers given past their expiry. */
  readonly staleHits: number
  /** Reads answered from a near copy. */
  readonly nearHits: number
  /** Keys read from other peers. */
  readonly peerReads: number
  /** Loads and other fills that were not stored because a write came between. */
  readonly fencedFills: number
}

/** A keyspace as clients see it. */
export interface KeyspaceInfo {
  readonly name: string
  readonly origin: KeyspaceOrigin
  /** Name of the source; `null` where there is none. */
  readonly source: string | null
  readonly writable: boolean
  readonly format: ValueFormat
  /** Milliseconds; `null` where entries do not expire. */
  readonly ttlMs: number | null
  readonly negativeTtlMs: number
  readonly staleWhileRevalidateMs: number
  readonly staleIfErrorMs: number
  readonly nearTtlMs: number
  readonly readTimeoutMs: number
  readonly writeTimeoutMs: number
  readonly maxBytes: number
  /** `null` where the number of entries is not limited. */
  readonly maxEntries: number | null
  readonly maxValueBytes: number
  readonly maxBatchSize: number
  readonly batchWindowMs: number
  readonly cacheScope: CacheScope
  readonly stats: KeyspaceStats
}

/** Settings of a keyspace that can be changed while it runs. A field left out, or null, stays as it is. */
export interface KeyspaceSettings {
  readonly ttlMs?: number | null
  readonly ttlJitter?: number | null
  readonly negativeTtlMs?: number | null
  readonly staleWhileRevalidateMs?: number | null
  readonly staleIfErrorMs?: number | null
  readonly nearTtlMs?: number | null
  readonly readTimeoutMs?: number | null
  readonly writeTimeoutMs?: number | null
  readonly maxBytes?: number | null
  readonly maxEntries?: number | null
  readonly maxValueBytes?: number | null
  readonly maxBatchSize?: number | null
  readonly batchWindowMs?: number | null
  readonly cacheScope?: CacheScope | null
}

/** A keyspace to make while the process runs. */
export interface CreateKeyspaceInput extends KeyspaceSettings {
  readonly name: string
  /** One of the configuration's `sources` by name; none makes a keyspace that is only put to. */
  readonly source?: string | null
  readonly format?: ValueFormat | null
}

export type { ClusterInfo, Confirmation, PeerInfo, PeerState } from '../ports/index.ts'
