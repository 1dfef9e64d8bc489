import type { NatsConnection } from 'nats'
import type { Clock, Logger } from '../../ports/index.ts'
import type { NatsBusOptions } from '../bus/nats-bus-options.ts'
import { NatsDialler } from '../bus/nats-dialler.ts'
import { NatsKvBucket, type NatsKvBucketOptions } from './nats-kv-bucket.ts'

/** What a connection to a bucket is made with. */
export interface NatsKvConnectionOptions {
  readonly nats: Omit<NatsBusOptions, 'logger' | 'clock'>
  readonly bucket: NatsKvBucketOptions
  readonly clock: Clock
  readonly logger: Logger
}

/** How long a caller waits for a connection that is not there. */
const maxWaitMs = 2_000

/** A connection to NATS that is replaced when it is lost, with a bucket on it. */
export class NatsKvConnection {
  readonly #options: NatsKvConnectionOptions
  readonly #dialler: NatsDialler
  readonly #listeners = new Set<(bucket: NatsKvBucket) => void>()
  #current: { readonly bucket: NatsKvBucket; readonly connection: NatsConnection } | undefined
  #next: PromiseWithResolvers<NatsKvBucket> = withResolvers()
  #closed = false
  #running: Promise<void> | undefined

  constructor(options: NatsKvConnectionOptions) {
    const { nats, clock, logger } = options
    this.#options = options
    this.#dialler = new NatsDialler({ ...nats, clock, logger })
  }

  /** Begins to connect, for as long as it takes. */
  open(): void {
    this.#running ??= this.#run()
  }

  /** Calls the listener with the bucket on every connection, the present one included. Returns a function that stops it. */
  onConnected(listener: (bucket: NatsKvBucket) => void): () => void {
    this.#listeners.add(listener)
    if (this.#current !== undefined) listener(this.#current.bucket)
    return () => this.#listeners.delete(listener)
  }

  /** The bucket on the present connection, or on the next one. @throws an Error when none comes soon. */
  async bucket(signal: AbortSignal): Promise<NatsKvBucket> {
    if (this.#current !== undefined) return this.#current.bucket
    if (this.#closed) throw new Error('the source was closed')
    const { clock } = this.#options
    return new Promise((resolve, reject) => {
      const fail = (): void => settle(() => reject(new Error('there is no connection to NATS')))
      const timer = clock.setTimer(fail, maxWaitMs)
      const settle = (end: () => void): void => {
        timer.cancel()
        signal.removeEventListener('abort', fail)
        end()
      }
      signal.addEventListener('abort', fail, { once: true })
      void this.#next.promise.then((bucket) => settle(() => resolve(bucket)))
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#dialler.stop()
    await this.#current?.connection.close()
    await this.#running
  }

  async #run(): Promise<void> {
    const { bucket: options, clock } = this.#options
    while (!this.#closed) {
      const connection = await this.#dialler.dial()
      if (connection === undefined) return
      const bucket = new NatsKvBucket(connection, options, clock)
      this.#current = { bucket, connection }
      this.#next.resolve(bucket)
      for (const listener of this.#listeners) listener(bucket)
      await connection.closed()
      this.#current = undefined
      this.#next = withResolvers()
    }
  }
}

/** `Promise.withResolvers`, which the declarations of this project's oldest target do not have. */
function withResolvers<Value>(): PromiseWithResolvers<Value> {
  let resolve!: (value: Value | PromiseLike<Value>) => void
  let reject!: (reason?: unknown) => void
  const promise = new Promise<Value>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}
