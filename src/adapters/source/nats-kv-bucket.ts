import { DeliverPolicy, headers, type JsMsg, type Msg, type MsgHdrs, type NatsConnection, NatsError } from 'nats'
import { FedcacheError } from '../../errors.ts'
import type { Clock } from '../../ports/index.ts'
import { harmless } from './answers.ts'
import { decodeKvKey, encodeKvKey } from './nats-kv-key.ts'

/** Which bucket, and how to make it where it is not there. */
export interface NatsKvBucketOptions {
  readonly bucket: string
  readonly replicas: number
  readonly maxAgeMs: number | undefined
  readonly requestTimeoutMs: number
  /** Tells the writes of this process from those of others. */
  readonly writer: string
}

/** A value as the bucket has it. */
export interface KvValue {
  readonly data: Uint8Array
  readonly revision: number
  /** Milliseconds since the epoch; `undefined` where it does not expire. */
  readonly expiresAt: number | undefined
  readonly tags: readonly string[]
}

/** A value on its way into the bucket. */
export interface KvPut {
  readonly key: string
  readonly data: Uint8Array
  readonly expiresAt: number | undefined
  readonly tags: readonly string[]
}

/** A change in the bucket that another process made. */
export interface KvChange {
  readonly key: string
  readonly revision: number
}

const operationHeader = 'KV-Operation'
const expiresHeader = 'Fedcache-Expires'
const tagsHeader = 'Fedcache-Tags'
const writerHeader = 'Fedcache-Writer'
/** What a message takes beside its value, subject and tags. */
const headerAllowanceBytes = 1_024

interface Stream {
  /** Whether reading past the API, which any server of the cluster answers, gives what was written last. */
  readonly readsDirectly: boolean
  readonly maxDataBytes: number
}

/** One bucket on one connection. Its messages carry headers, which the key-value interface of nats.js does not show. */
export class NatsKvBucket {
  readonly #connection: NatsConnection
  readonly #options: NatsKvBucketOptions
  readonly #clock: Clock
  readonly #streamName: string
  readonly #lost: Promise<never>
  #stream: Promise<Stream> | undefined

  constructor(connection: NatsConnection, options: NatsKvBucketOptions, clock: Clock) {
    this.#connection = connection
    this.#options = options
    this.#clock = clock
    this.#streamName = `KV_${options.bucket}`
    this.#lost = connection.closed().then(() => {
      throw new Error('the connection to NATS was lost')
    })
    this.#lost.catch(() => {})
  }

  /** Whether the connection is closed. */
  get isLost(): boolean {
    return this.#connection.isClosed()
  }

  /** Makes the bucket where it is not there. @throws an Error where that cannot be. */
  open(): Promise<Stream> {
    this.#stream ??= this.#open().catch((error: unknown) => {
      this.#stream = undefined
      throw error
    })
    return this.#stream
  }

  /** The value of a key; `undefined`: there is none. */
  async get(key: string): Promise<KvValue | undefined> {
    const { readsDirectly } = await this.open()
    const found = readsDirectly ? await this.#getDirectly(key) : await this.#getByApi(key)
    if (found === undefined || found.header?.get(operationHeader) !== '') return undefined
    const expires = found.header.get(expiresHeader)
    const expiresAt = expires === '' ? undefined : Number(expires)
    if (expiresAt !== undefined && expiresAt <= this.#clock.now()) return undefined
    const tags = found.header.get(tagsHeader)
    return {
      data: found.data,
      revision: found.revision,
      expiresAt,
      tags: tags === '' ? [] : (JSON.parse(tags) as string[]),
    }
  }

  /**
   * Stores a value.
   *
   * @returns its revision.
   * @throws an Error with `outcome: 'NONE'` where it is certain that nothing was changed.
   */
  async put({ key, data, expiresAt, tags }: KvPut): Promise<number> {
    const { maxDataBytes } = await this.#openForWrite()
    const head = headers()
    head.set(writerHeader, this.#options.writer)
    if (expiresAt !== undefined) head.set(expiresHeader, `${expiresAt}`)
    if (tags.length > 0) head.set(tagsHeader, inAscii(JSON.stringify(tags)))
    const limit = maxDataBytes - headerAllowanceBytes - (tags.length > 0 ? head.get(tagsHeader).length : 0)
    if (data.length > limit) {
      throw new FedcacheError(
        'VALUE_TOO_LARGE',
        `The value of ${JSON.stringify(key.slice(0, 64))} has ${data.length} bytes; the bucket "${this.#options.bucket}" takes values of up to ${limit}.`,
        { outcome: 'NONE' },
      )
    }
    return this.#write(key, data, head)
  }

  /** Deletes a key, whether it is there or not. @returns the revision of the deletion. @throws like `put`. */
  async delete(key: string): Promise<number> {
    await this.#openForWrite()
    const head = headers()
    head.set(writerHeader, this.#options.writer)
    head.set(operationHeader, 'DEL')
    return this.#write(key, new Uint8Array(0), head)
  }

  /** Calls `onChange` for every change that others make, from the moment this resolves until it is stopped. */
  async watch(onChange: (change: KvChange) => void): Promise<() => void> {
    await this.open()
    const { streams } = this.#connection.jetstream()
    const stream = await this.#unlessLost(streams.get(this.#streamName))
    const { state } = await this.#unlessLost(stream.info())
    // It counts what it gets, and asks again for what it missed.
    const consumer = await this.#unlessLost(
      stream.getConsumer({
        filterSubjects: this.#subject('>'),
        deliver_policy: DeliverPolicy.StartSequence,
        opt_start_seq: state.last_seq + 1,
        headers_only: true,
      }),
    )
    const messages = await this.#unlessLost(consumer.consume())
    void this.#read(messages, onChange)
    return () => messages.stop()
  }

  async #read(messages: AsyncIterable<JsMsg>, onChange: (change: KvChange) => void): Promise<void> {
    for await (const message of messages) {
      const key = this.#changedKey(message)
      if (key !== undefined) onChange({ key, revision: message.seq })
    }
  }

  #changedKey({ subject, headers: head }: JsMsg): string | undefined {
    if (head?.get(writerHeader) === this.#options.writer) return undefined
    return decodeKvKey(subject.slice(this.#subject('').length))
  }

  async #open(): Promise<Stream> {
    const { bucket, replicas, maxAgeMs } = this.#options
    const manager = await this.#unlessLost(this.#connection.jetstreamManager())
    let info
    try {
      info = await this.#unlessLost(manager.streams.info(this.#streamName))
    } catch (error) {
      if (!(error instanceof NatsError) || error.api_error?.code !== 404) throw error
      const age = maxAgeMs === undefined ? {} : { ttl: maxAgeMs }
      await this.#unlessLost(
        this.#connection.jetstream().views.kv(bucket, { history: 1, replicas, allow_direct: true, ...age }),
      )
      info = await this.#unlessLost(manager.streams.info(this.#streamName))
    }
    const { allow_direct: isDirect, num_replicas: copies, max_msg_size: maxMessage } = info.config
    const maxPayload = this.#connection.info?.max_payload ?? 2 ** 20
    return {
      // A copy of the bucket on another server may lag behind the write that was acknowledged.
      readsDirectly: isDirect && copies === 1,
      maxDataBytes: maxMessage > 0 ? Math.min(maxMessage, maxPayload) : maxPayload,
    }
  }

  async #openForWrite(): Promise<Stream> {
    try {
      return await this.open()
    } catch (error) {
      throw harmless('the bucket could not be opened', error)
    }
  }

  async #getDirectly(key: string): Promise<Found | undefined> {
    const reply = await this.#request(`$JS.API.DIRECT.GET.${this.#streamName}.${this.#subject(encodeKvKey(key))}`)
    const { headers: head, data } = reply
    if (head === undefined || head.code === 404) return undefined
    if (head.code >= 400) throw new Error(`NATS answered ${head.code} ${head.description}`)
    return { data, header: head, revision: Number(head.get('Nats-Sequence')) }
  }

  async #getByApi(key: string): Promise<Found | undefined> {
    const manager = await this.#unlessLost(this.#connection.jetstreamManager({ checkAPI: false }))
    try {
      const query = { last_by_subj: this.#subject(encodeKvKey(key)) }
      const { data, header, seq } = await this.#unlessLost(manager.streams.getMessage(this.#streamName, query))
      return { data, header, revision: seq }
    } catch (error) {
      if (error instanceof NatsError && error.api_error?.code === 404) return undefined
      throw error
    }
  }

  async #write(key: string, data: Uint8Array, head: MsgHdrs): Promise<number> {
    if (this.isLost) throw harmless('there is no connection to NATS')
    let reply: Msg
    try {
      reply = await this.#request(this.#subject(encodeKvKey(key)), data, head)
    } catch (error) {
      // Nobody was there to take it: no JetStream, or no leader of the bucket.
      if (error instanceof NatsError && error.code === '503') throw harmless('JetStream does not answer', error)
      throw error
    }
    const { seq, error } = reply.json<{ readonly seq?: number; readonly error?: { readonly description: string } }>()
    if (error !== undefined) throw harmless(`NATS refused the write: ${error.description}`)
    if (seq === undefined) throw new Error('NATS acknowledged the write without its revision')
    return seq
  }

  #request(subject: string, data: Uint8Array = new Uint8Array(0), head?: MsgHdrs): Promise<Msg> {
    const options = { timeout: this.#options.requestTimeoutMs, ...(head === undefined ? {} : { headers: head }) }
    return this.#unlessLost(this.#connection.request(subject, data, options))
  }

  /** nats.js leaves requests waiting when their connection is lost. */
  #unlessLost<Result>(promise: Promise<Result>): Promise<Result> {
    return Promise.race([promise, this.#lost])
  }

  #subject(encodedKey: string): string {
    return `$KV.${this.#options.bucket}.${encodedKey}`
  }
}

interface Found {
  readonly data: Uint8Array
  readonly header: MsgHdrs | undefined
  readonly revision: number
}

/** Headers of NATS are lines of ASCII. */
function inAscii(json: string): string {
  return json.replaceAll(/[^ -~]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
