import type { CacheScope, ValueFormat } from '../engine/policy.ts'
import type { Identity, Source, StoreFactory } from '../ports/index.ts'
import type { Duration, Size } from './units.ts'

/** A limit on the bulk calls that a keyspace makes to its source. */
export interface RateLimitConfig {
  /** Calls per `interval`, which may also come all at once. A whole number from 1. */
  readonly calls: number
  /** From 1 ms to 1 h. */
  readonly interval: Duration
}

/** When to leave a failing source in peace. */
export interface CircuitBreakerConfig {
  /**
   * Failed calls in a row that open the circuit: those that threw, took too long, or returned an error for every key. A
   * key that fails by itself counts once in a row, however often it is asked for. A whole number from 1.
   */
  readonly failures: number
  /** How long reads then fail with `SOURCE_CIRCUIT_OPEN`, before one call tries again. From 1 ms to 1 h. */
  readonly reset: Duration
}

/** The rules of one keyspace. Everything is optional: `{}` is a keyspace that is only put to. */
export interface KeyspaceConfig {
  /**
   * Where values come from: a source, or the name of one in the config's `sources`.
   *
   * @default none: entries are only put, and a read of anything else is not found.
   */
  readonly source?: Source | string
  /**
   * What values are: `'json'`, `'text'` or `'bytes'`.
   *
   * @default 'json'
   */
  readonly format?: ValueFormat
  /**
   * What the keyspace may hold in this process, or in all its `workers` together: keys, values and overhead. At most
   * `memoryLimit`; it is a limit, not a reservation, so the keyspaces of one config may promise more than `memoryLimit`
   * together.
   *
   * @default the config's `memoryLimit`
   */
  readonly maxBytes?: Size
  /**
   * How many entries the keyspace may hold in this process, or in all its `workers` together, from 1 to 16,000,000.
   *
   * @default no limit but `maxBytes`
   */
  readonly maxEntries?: number
  /**
   * The largest value that is kept. A larger one is refused and changes nothing. At most `maxBytes`.
   *
   * @default '8mb', or `maxBytes` where that is less
   */
  readonly maxValueBytes?: Size
  /**
   * How long an entry lives, counted from when it was loaded or put. `'forever'`, or null, for entries that are only
   * given up for memory or by hand. From 1 ms to 3,650 days.
   *
   * @default '5m'
   */
  readonly ttl?: Duration | 'forever' | null
  /**
   * The share of the ttl, from 0 to 1, that is taken off at random, so that entries which were loaded together do not
   * expire together. Entries that expire together are loaded together, in bulk, so most sources need none.
   *
   * @default 0
   */
  readonly ttlJitter?: number
  /**
   * How long it is remembered that the source has no value for a key. 0 asks the source every time.
   *
   * @default '5s'
   */
  readonly negativeTtl?: Duration
  /**
   * How long after its expiry an entry is still served while it is loaded anew in the background.
   *
   * @default 0
   */
  readonly staleWhileRevalidate?: Duration
  /**
   * How long after its expiry an entry is served when loading it fails.
   *
   * @default 0
   */
  readonly staleIfError?: Duration
  /**
   * How long a peer may serve a copy of an entry that another peer owns. 0 keeps no such copies.
   *
   * @default '10s'
   */
  readonly nearTtl?: Duration
  /**
   * How long a reader waits before its read fails with `READ_TIMEOUT`. From 1 ms to 1 h.
   *
   * @default '10s'
   */
  readonly readTimeout?: Duration
  /**
   * How long a writer waits for a writable source. From 1 ms to 1 h.
   *
   * @default '5s'
   */
  readonly writeTimeout?: Duration
  /**
   * The most keys in one call to the source, from 1 to 100,000.
   *
   * @default 500
   */
  readonly maxBatchSize?: number
  /**
   * How long misses are gathered before the source is asked. 0 gathers what arrives together and adds no waiting. At
   * most 10 s, and less than `readTimeout`.
   *
   * @default 0
   */
  readonly batchWindow?: Duration
  /**
   * A limit on bulk calls to the source. Reads that would need a call beyond it fail with `SOURCE_RATE_LIMITED`.
   *
   * @default none
   */
  readonly rateLimit?: RateLimitConfig
  /**
   * Leaves a failing source in peace for a while.
   *
   * @default none
   */
  readonly circuitBreaker?: CircuitBreakerConfig
  /**
   * Keys to load when the process starts, or a function that gives them.
   *
   * @default none
   */
  readonly warmKeys?: readonly string[] | (() => readonly string[] | Promise<readonly string[]>)
  /**
   * Who may keep an answer made from the keyspace: `'private'`, only the client that asked, or `'public'`, shared HTTP
   * caches as well.
   *
   * @default 'private'
   */
  readonly cacheScope?: CacheScope
  /**
   * Gives the lifetime of a loaded or put value: a duration, of which 0 keeps nothing, `'forever'`, or undefined for
   * the keyspace's ttl. A lifetime that the source or the writer gave goes before it.
   *
   * @default none
   */
  readonly expiry?: (key: string, value: unknown) => Duration | 'forever' | undefined
  /**
   * Gives the tags of a loaded or put value, for `invalidateTags`.
   *
   * @default none
   */
  readonly tags?: (key: string, value: unknown) => readonly string[]
  /**
   * Gives every caller of the API a part of the keyspace of their own, named by what this returns. In it they read,
   * write and watch under their own names for keys; the engine, the source, `tags` and `expiry` see
   * `<part, percent-encoded>/<key>`. Tags of puts and of `invalidateTags` get the same prefix. Needs `auth`. A caller
   * for whom it throws, or gives no text or an empty one, is refused.
   *
   * @default none: all callers share the keyspace
   */
  readonly partition?: (identity: Identity) => string
  /**
   * Makes the store that keeps the entries and decides which to give up.
   *
   * @default `lruStore`: the least recently used go first
   */
  readonly store?: StoreFactory
}
