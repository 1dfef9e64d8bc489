import {
  type Bus,
  BusError,
  type BusHandler,
  type BusServer,
  type BusStats,
  type BusStatus,
  type Clock,
  type Logger,
} from '../../ports/index.ts'
import { busError } from './bus-error.ts'
import { checkSubject, checkSubscription } from './check-subject.ts'
import { HandlerRunner } from './handler-runner.ts'
import type { HubLine, HubMessage, HubPort, HubSubscription, MemoryHub } from './memory-hub.ts'
import { PendingRequests } from './pending-requests.ts'
import { StatusListeners } from './status-listeners.ts'

/** What a {@link memoryBus} is made of. */
export interface MemoryBusOptions {
  readonly hub: MemoryHub
  /** Names the bus at its hub; no two have the same. */
  readonly name: string
  readonly logger: Logger
  /** Counts the timeouts of requests; default the hub's. One of its own lets a simulation stop a single process. */
  readonly clock?: Clock
  /** How long `close` waits for handlers in milliseconds. Default 5,000. */
  readonly closeTimeoutMs?: number
}

/**
 * A bus between objects of one process: for a peer that has no cluster, with a hub of its own, and for simulations. It
 * connects a moment after it was made.
 *
 * Beyond what {@link Bus} says nothing is promised; what is delivered when is up to the hub's scheduler.
 *
 * @throws RangeError when the hub has a bus of this name.
 */
export function memoryBus(options: MemoryBusOptions): Bus {
  return new MemoryBus(options)
}

interface Subscription extends HubSubscription {
  ending: boolean
}

const server: BusServer = { address: 'memory', name: 'memory', version: '' }

class MemoryBus implements Bus, HubPort {
  readonly name: string
  readonly subscriptions = new Set<Subscription>()
  readonly #hub: MemoryHub
  readonly #line: HubLine
  readonly #clock: Clock
  readonly #closeTimeoutMs: number
  readonly #inbox: string
  readonly #pending: PendingRequests
  readonly #handlers: HandlerRunner
  readonly #status: StatusListeners
  readonly #replies: Subscription
  readonly #totals = { sentMessages: 0, sentBytes: 0, receivedMessages: 0, receivedBytes: 0, slowConsumers: 0 }
  #connected = false
  #connections = 0
  #closing: Promise<void> | undefined
  #closed = false

  constructor(options: MemoryBusOptions) {
    this.name = options.name
    this.#hub = options.hub
    this.#clock = options.clock ?? options.hub.clock
    this.#closeTimeoutMs = options.closeTimeoutMs ?? 5000
    this.#inbox = `_INBOX.${options.name}.`
    this.#pending = new PendingRequests(this.#clock)
    this.#handlers = new HandlerRunner(options.logger)
    this.#status = new StatusListeners(this.#handlers)
    this.#replies = this.#addSubscription(`${this.#inbox}*`, (message) => this.#receiveReply(message))
    this.#line = options.hub.attach(this)
  }

  get connected(): boolean {
    return this.#connected
  }

  get maxPayload(): number {
    return this.#hub.maxPayload
  }

  get server(): BusServer | undefined {
    return this.#connected ? server : undefined
  }

  get stats(): BusStats {
    return {
      ...this.#totals,
      failedHandlers: this.#handlers.failed,
      reconnects: Math.max(0, this.#connections - 1),
      pendingRequests: this.#pending.size,
    }
  }

  ready(): Promise<void> {
    return this.#status.ready()
  }

  publish(subject: string, data: Uint8Array): void {
    checkSubject(subject)
    this.#send(subject, data)
  }

  request(subject: string, data: Uint8Array, options: { readonly timeoutMs: number }): Promise<Uint8Array> {
    checkSubject(subject)
    const { token, reply } = this.#pending.enter(subject, options.timeoutMs)
    try {
      this.#send(subject, data, this.#inbox + token)
    } catch (error) {
      const { kind, message } = error instanceof BusError ? error : busError('DISCONNECTED')
      this.#pending.fail(token, kind, message)
    }
    return reply
  }

  subscribe(subject: string, handler: BusHandler): () => void {
    checkSubscription(subject)
    if (this.#closing !== undefined) throw busError('CLOSED')
    const subscription = this.#addSubscription(subject, (message) => this.#receive(handler, message))
    return () => {
      this.subscriptions.delete(subscription)
    }
  }

  flush(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.#connected) return reject(busError(this.#closed ? 'CLOSED' : 'DISCONNECTED'))
      const stop = this.onStatus(() => {
        stop()
        reject(busError(this.#closed ? 'CLOSED' : 'DISCONNECTED'))
      })
      this.#line.act(() => {
        stop()
        resolve()
      })
    })
  }

  onStatus(listener: (status: BusStatus) => void): () => void {
    return this.#status.on(listener)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** For the hub. */
  connectionMade(): void {
    this.#connected = true
    this.#connections++
    this.#status.emit({ type: this.#connections === 1 ? 'connected' : 'reconnected', server })
  }

  /** For the hub. */
  connectionLost(reason: string, slowConsumer: boolean): void {
    this.#connected = false
    if (slowConsumer) {
      this.#totals.slowConsumers++
      this.#status.emit({ type: 'slowConsumer', reason })
    }
    this.#pending.failAll('DISCONNECTED', reason)
    this.#status.emit({ type: 'disconnected', reason })
  }

  async #close(): Promise<void> {
    const { promise: timeout, resolve } = Promise.withResolvers<void>()
    const timer = this.#clock.setTimer(resolve, this.#closeTimeoutMs)
    await Promise.race([this.#quiet(), timeout])
    timer.cancel()
    this.#closed = true
    this.#connected = false
    this.#pending.failAll('CLOSED', 'the bus was closed')
    this.#line.detach()
    this.#status.emit({ type: 'closed' })
  }

  /** What was on its way when the subscriptions ended is still delivered, as NATS does. */
  async #quiet(): Promise<void> {
    for (const subscription of this.subscriptions) {
      if (subscription !== this.#replies) subscription.ending = true
    }
    await this.#line.quiet()
    await this.#handlers.idle()
  }

  #addSubscription(subject: string, receive: (message: HubMessage) => void): Subscription {
    const subscription = { pattern: subject.split('.'), ending: false, receive }
    this.subscriptions.add(subscription)
    return subscription
  }

  #receive(handler: BusHandler, { subject, data, reply }: HubMessage): void {
    this.#count(data)
    const received = { subject, data }
    const respond = (answer: Uint8Array) => this.#send(reply ?? '', Uint8Array.from(answer))
    this.#handlers.run(handler, reply === undefined ? received : { ...received, respond })
  }

  #receiveReply({ subject, data, noResponders }: HubMessage): void {
    this.#count(data)
    const token = subject.slice(this.#inbox.length)
    if (noResponders) this.#pending.fail(token, 'NO_RESPONDERS', 'nobody subscribes to it')
    else this.#pending.resolve(token, data)
  }

  #count(data: Uint8Array): void {
    this.#totals.receivedMessages++
    this.#totals.receivedBytes += data.length
  }

  #send(subject: string, data: Uint8Array, reply?: string): void {
    if (!this.#connected) throw busError(this.#closed ? 'CLOSED' : 'DISCONNECTED')
    if (data.length > this.#hub.maxPayload) throw busError('TOO_LARGE')
    this.#totals.sentMessages++
    this.#totals.sentBytes += data.length
    this.#line.send({ subject, data, reply, noResponders: false })
  }
}
