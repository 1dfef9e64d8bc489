import type { Source, StoreFactory } from '../ports/index.ts'

/** How the values of a keyspace are written: JSON values, text, or bytes. */
export type ValueFormat = 'json' | 'text' | 'bytes'

/** Who may keep an answer that was made from a keyspace: only the client that asked, or shared caches as well. */
export type CacheScope = 'private' | 'public'

/** A token bucket on source calls: `calls` bulk calls per `intervalMs`, with bursts up to `calls`. */
export interface RateLimit {
  readonly calls: number
  readonly intervalMs: number
}

/** Stops asking a source that keeps failing: after `failures` failed calls in a row it rests for `resetMs`. */
export interface CircuitBreaker {
  readonly failures: number
  readonly resetMs: number
}

/** The rules of one keyspace, with every default filled in. Durations are milliseconds, sizes are bytes. */
export interface KeyspacePolicy {
  readonly format: ValueFormat
  /** What the keyspace may hold in this process: keys, values and overhead. */
  readonly maxBytes: number
  /** `Infinity` where the number of entries is not limited. */
  readonly maxEntries: number
  readonly maxValueBytes: number
  /** `Infinity` where entries do not expire. */
  readonly ttlMs: number
  /** Share of the ttl, 0 to 1, that is taken off at random, so that entries loaded together do not expire together. */
  readonly ttlJitter: number
  /** How long a not-found answer is remembered; 0: not at all. */
  readonly negativeTtlMs: number
  /** How long after its expiry an entry may still be served while it is loaded anew in the background. */
  readonly staleWhileRevalidateMs: number
  /** How long after its expiry an entry may be served when loading it fails. */
  readonly staleIfErrorMs: number
  readonly nearTtlMs: number
  readonly readTimeoutMs: number
  readonly writeTimeoutMs: number
  /** The most keys in one call to the source. */
  readonly maxBatchSize: number
  /** How long misses are gathered before the source is asked; 0: until the events waiting now are handled. */
  readonly batchWindowMs: number
  readonly rateLimit: RateLimit | undefined
  readonly circuitBreaker: CircuitBreaker | undefined
  /** Keys loaded when the process starts. */
  readonly warmKeys: readonly string[] | (() => readonly string[] | Promise<readonly string[]>)
  readonly cacheScope: CacheScope
  /** Gives the lifetime of a loaded value in milliseconds; `undefined`: the keyspace's ttl. Must not throw. */
  readonly expiry: ((key: string, value: unknown) => number | undefined) | undefined
  /** Gives the tags of a loaded value. */
  readonly tags: ((key: string, value: unknown) => readonly string[]) | undefined
  readonly store: StoreFactory
}

/** Where a keyspace was defined: in the configuration file or through the API. */
export type KeyspaceOrigin = 'CONFIG' | 'RUNTIME'

/** A keyspace with everything that it needs to run. */
export interface KeyspaceDefinition {
  readonly name: string
  readonly origin: KeyspaceOrigin
  /** The name under which clients see the source; `undefined` where there is none. */
  readonly sourceName: string | undefined
  readonly source: Source | undefined
  readonly policy: KeyspacePolicy
}
