import { randomUUID } from 'node:crypto'
import {
  type Logger,
  type LoadResult,
  type Source,
  type SourceChange,
  sourceEntry,
  type StoreRequest,
  type WriteResult,
} from '../../ports/index.ts'
import type { NatsBusOptions } from '../bus/nats-bus-options.ts'
import { systemClock } from '../clock/system-clock.ts'
import { errorOf, harmless } from './answers.ts'
import { ConcurrencyLimit } from './concurrency-limit.ts'
import type { KvValue, NatsKvBucket } from './nats-kv-bucket.ts'
import { NatsKvConnection } from './nats-kv-connection.ts'
import { isListOfTexts, OptionProblems } from './option-problems.ts'

/** Options of {@link natsKvSource}. */
export interface NatsKvSourceOptions {
  /** Name of the bucket: letters, digits, `-` and `_`. It is made where it is not there. */
  readonly bucket: string
  /**
   * How the source is named in logs and in `Keyspace.source`.
   *
   * @default 'nats-kv'
   */
  readonly name?: string
  /**
   * NATS servers, as `nats://HOST:PORT` or `tls://HOST:PORT`, with JetStream.
   *
   * @default those of the cluster, with its `tls` and `auth`
   */
  readonly servers?: readonly string[]
  /**
   * What the values in the bucket are, which is the `format` of the keyspace: JSON, text or bytes.
   *
   * @default 'json'
   */
  readonly format?: 'json' | 'text' | 'bytes'
  /**
   * How many servers keep a copy of a bucket that is made: 1, 3 or 5.
   *
   * @default 1
   */
  readonly replicas?: number
  /**
   * How long a bucket that is made keeps a value after it was written last, in milliseconds; whatever its own lifetime.
   * An entry's own `ttl` hides it when it has passed, but NATS before 2.11 frees its room only by this.
   *
   * @default for ever
   */
  readonly maxAgeMs?: number
  /**
   * How long NATS may take to answer one question or write, in milliseconds. A whole number from 1.
   *
   * @default 5000
   */
  readonly requestTimeoutMs?: number
  /**
   * How many questions and writes may be under way at a time. A whole number from 1.
   *
   * @default 64
   */
  readonly concurrency?: number
}

/** How a process reaches the NATS of its cluster. */
export type ClusterNats = Pick<
  NatsBusOptions,
  'servers' | 'watchServers' | 'tls' | 'auth' | 'name' | 'inboxPrefix' | 'logger'
>

/** A source on NATS. Made without `servers` of its own it is told those of the cluster before it starts. */
export interface NatsKvSource extends Source {
  useCluster(nats: ClusterNats): void
}

/**
 * A writable source on a JetStream key-value bucket: durable puts and sessions without a database. An acknowledged write
 * is in the bucket, so it survives every fedcache process; how many NATS servers it survives is up to `replicas`.
 *
 * Versions are the bucket's revisions. Lifetimes and tags travel in headers of the bucket's messages, and what has
 * expired is not found. What others write, with `nats kv put` for instance, is read like everything else, and drops
 * copies that are cached. A key with characters that a bucket does not take is encoded, `a b` as `a=20b`; keys of others
 * with an `=` that is not part of such an encoding cannot be read.
 *
 * Values larger than NATS's `max_payload`, less about 1 KiB, are refused as `VALUE_TOO_LARGE`. While NATS is away loads
 * fail after two seconds, and writes with `outcome: 'NONE'`.
 *
 * @throws ConfigError with everything that is wrong with the options.
 */
export function natsKvSource(options: NatsKvSourceOptions): NatsKvSource {
  checkOptions(options)
  return new KvSource(options).source()
}

class KvSource {
  readonly #options: NatsKvSourceOptions
  readonly #limit: ConcurrencyLimit
  readonly #clock = systemClock()
  #cluster: ClusterNats | undefined
  #connection: NatsKvConnection | undefined

  constructor(options: NatsKvSourceOptions) {
    this.#options = options
    this.#limit = new ConcurrencyLimit(options.concurrency ?? 64)
  }

  /** An object with methods of its own, so that it can be spread into another source. */
  source(): NatsKvSource {
    return {
      name: this.#options.name ?? 'nats-kv',
      useCluster: (nats) => (this.#cluster = nats),
      start: async () => this.#start(),
      close: async () => this.#connection?.close(),
      loadMany: (keys, { signal }) => this.#load(keys, signal),
      storeMany: (requests, { signal }) =>
        this.#writeEach(requests, signal, (bucket, request) => this.#store(bucket, request)),
      deleteMany: (keys, { signal }) => this.#writeEach(keys, signal, (bucket, key) => bucket.delete(key)),
      watch: (onChange, onGap) => this.#watch(onChange, onGap),
    }
  }

  #start(): void {
    const { bucket, servers, replicas = 1, maxAgeMs, requestTimeoutMs = 5_000 } = this.#options
    const writer = randomUUID()
    const own = { name: `fedcache ${bucket}`, inboxPrefix: '_INBOX' }
    const nats = servers === undefined ? this.#cluster : { ...own, servers }
    if (nats === undefined) {
      throw new Error('natsKvSource needs the option servers where this process has no cluster over NATS')
    }
    this.#connection = new NatsKvConnection({
      nats,
      bucket: { bucket, replicas, maxAgeMs, requestTimeoutMs, writer },
      clock: this.#clock,
      logger: this.#cluster?.logger ?? silent,
    })
    this.#connection.open()
  }

  async #load(keys: readonly string[], signal: AbortSignal): Promise<readonly LoadResult[]> {
    const bucket = await this.#started().bucket(signal)
    // What is wrong with the bucket as a whole is said once, not by every key.
    await bucket.open()
    return this.#limit.answerEach(keys, signal, async (key) => this.#answer(await bucket.get(key)))
  }

  #answer(value: KvValue | undefined): LoadResult {
    if (value === undefined) return null
    const { data, revision, expiresAt, tags } = value
    const ttl = expiresAt === undefined ? {} : { ttlMs: Math.max(1, expiresAt - this.#clock.now()) }
    return sourceEntry(this.#decoded(data), { revision, tags, ...ttl })
  }

  #decoded(data: Uint8Array): unknown {
    const { format = 'json' } = this.#options
    if (format === 'bytes') return Uint8Array.from(data)
    const text = Buffer.from(data.buffer, data.byteOffset, data.length).toString()
    return format === 'text' ? text : JSON.parse(text)
  }

  #store(bucket: NatsKvBucket, { key, value, ttlMs, tags }: StoreRequest): Promise<number> {
    const { format = 'json' } = this.#options
    const data =
      format === 'bytes'
        ? (value as Uint8Array)
        : Buffer.from(format === 'text' ? `${value as string}` : JSON.stringify(value))
    const expiresAt = ttlMs === undefined ? undefined : Math.ceil(this.#clock.now() + ttlMs)
    return bucket.put({ key, data, expiresAt, tags })
  }

  async #writeEach<Request>(
    requests: readonly Request[],
    signal: AbortSignal,
    write: (bucket: NatsKvBucket, request: Request) => Promise<number>,
  ): Promise<readonly WriteResult[]> {
    let bucket: NatsKvBucket
    try {
      bucket = await this.#started().bucket(signal)
    } catch (error) {
      throw harmless('there is no connection to NATS', error)
    }
    return Promise.all(
      requests.map((request) =>
        this.#limit
          .run(signal, async (): Promise<WriteResult> => ({ revision: await write(bucket, request) }))
          .catch(errorOf),
      ),
    )
  }

  /** Resolves when changes are told, or when there is nobody yet to tell them. */
  async #watch(onChange: (change: SourceChange) => void, onGap: () => void): Promise<() => Promise<void>> {
    let stopped = false
    let isFirst = true
    let stopWatching = (): void => {}
    let begun = (): void => {}
    const firstBegun = new Promise<void>((resolve) => (begun = resolve))
    const begin = async (bucket: NatsKvBucket): Promise<void> => {
      while (!stopped && !bucket.isLost) {
        try {
          const stop = await bucket.watch(onChange)
          if (stopped) return stop()
          stopWatching = stop
          // Whatever changed before went unnoticed.
          if (!isFirst) onGap()
          isFirst = false
          return begun()
        } catch (error) {
          this.#cluster?.logger.warn({ bucket: this.#options.bucket, error }, 'a bucket cannot be watched; trying on')
          isFirst = false
          await new Promise<void>((resolve) => void this.#clock.setTimer(resolve, retryMs))
        }
      }
    }
    const stopListening = this.#started().onConnected((bucket) => void begin(bucket))
    await Promise.race([firstBegun, new Promise<void>((resolve) => void this.#clock.setTimer(resolve, maxWatchWaitMs))])
    isFirst = false
    return async () => {
      stopped = true
      stopListening()
      stopWatching()
    }
  }

  #started(): NatsKvConnection {
    if (this.#connection === undefined) throw new Error('the source was not started')
    return this.#connection
  }
}

/** How long to wait before a bucket that could not be watched is tried again. */
const retryMs = 1_000
/** How long a start waits for NATS. */
const maxWatchWaitMs = 2_000

const silent: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore, child: () => silent }

function ignore(): void {}

function checkOptions(options: NatsKvSourceOptions): void {
  const problems = new OptionProblems('natsKvSource')
  problems.requireOptions(options)
  const { bucket, name, servers, format, replicas, maxAgeMs, requestTimeoutMs, concurrency } = options
  if (typeof bucket !== 'string' || !/^[-\w]{1,64}$/.test(bucket)) {
    problems.add('bucket', 'must be a name made of 1 to 64 letters, digits, "-" and "_"', bucket)
  }
  problems.type('name', name, 'string')
  if (servers !== undefined && !isListOfTexts(servers)) {
    problems.add('servers', 'must be a list of NATS servers that is not empty', servers)
  }
  if (format !== undefined && !['json', 'text', 'bytes'].includes(format)) {
    problems.add('format', "must be 'json', 'text' or 'bytes'", format)
  }
  problems.wholeNumber('replicas', replicas, 1)
  problems.wholeNumber('maxAgeMs', maxAgeMs, 1)
  problems.wholeNumber('requestTimeoutMs', requestTimeoutMs, 1)
  problems.wholeNumber('concurrency', concurrency, 1)
  problems.throwIfAny()
}
