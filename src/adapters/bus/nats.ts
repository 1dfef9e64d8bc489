import { createInbox, type Msg, type NatsConnection, type Subscription } from 'nats'
import {
  type Bus,
  BusError,
  type BusHandler,
  type BusServer,
  type BusService,
  type BusStats,
  type BusStatus,
  type Clock,
  type Logger,
} from '../../ports/index.ts'
import { systemClock } from '../clock/system-clock.ts'
import { busError } from './bus-error.ts'
import { checkSubject, checkSubscription } from './check-subject.ts'
import { HandlerRunner } from './handler-runner.ts'
import type { NatsBusOptions } from './nats-bus-options.ts'
import { NatsDialler } from './nats-dialler.ts'
import { isNoResponders, NatsSession } from './nats-session.ts'
import { PendingRequests } from './pending-requests.ts'
import { StatusListeners } from './status-listeners.ts'

/**
 * A bus over NATS. It is made at once, and connects in the background, for ever, as soon as it is used: see {@link Bus.ready}.
 *
 * Beyond what {@link Bus} says: messages on different subjects from one connection keep their order as long as all
 * peers use the same server, and a message that this process sends to itself comes behind all that this server had
 * queued for it before.
 *
 * @throws RangeError for an inbox prefix that is not a subject.
 */
export function natsBus(options: NatsBusOptions): Bus {
  checkSubject(options.inboxPrefix)
  return new NatsBus(options)
}

interface Subscribed {
  readonly subject: string
  readonly handler: BusHandler
  /** In the present session. */
  live: Subscription | undefined
}

interface Advertised {
  readonly service: BusService
  /** Withdraws it from the present session. */
  live: Promise<() => Promise<void>> | undefined
}

/** What is assumed before a server has said what it carries. */
const defaultMaxPayload = 1024 * 1024

/** How long requests may still wait for their replies when the connection moves, in milliseconds. */
const moveGraceMs = 1000

class NatsBus implements Bus {
  readonly #logger: Logger
  readonly #clock: Clock
  readonly #closeTimeoutMs: number
  readonly #dialler: NatsDialler
  readonly #inbox: string
  readonly #pending: PendingRequests
  readonly #handlers: HandlerRunner
  readonly #subscriptions = new Set<Subscribed>()
  readonly #advertised = new Set<Advertised>()
  readonly #status: StatusListeners
  readonly #totals = { sentMessages: 0, sentBytes: 0, receivedMessages: 0, receivedBytes: 0, slowConsumers: 0 }
  readonly #watchServers: NatsBusOptions['watchServers']
  #running: Promise<void> | undefined
  #watching: Promise<() => void> | undefined
  #session: NatsSession | undefined
  /** The connection that takes the place of the present one. */
  #next: Promise<NatsConnection | undefined> | undefined
  #sessions = 0
  #maxPayload = defaultMaxPayload
  #closing: Promise<void> | undefined
  #closed = false

  constructor(options: NatsBusOptions) {
    this.#logger = options.logger
    this.#clock = options.clock ?? systemClock()
    this.#closeTimeoutMs = options.closeTimeoutMs ?? 5000
    this.#dialler = new NatsDialler({ ...options, clock: this.#clock })
    this.#inbox = `${createInbox(options.inboxPrefix)}.`
    this.#pending = new PendingRequests(this.#clock)
    this.#handlers = new HandlerRunner(options.logger)
    this.#status = new StatusListeners(this.#handlers)
    this.#watchServers = options.watchServers
  }

  get connected(): boolean {
    return this.#session !== undefined
  }

  get maxPayload(): number {
    return this.#maxPayload
  }

  get server(): BusServer | undefined {
    return this.#session?.server
  }

  get stats(): BusStats {
    return {
      ...this.#totals,
      failedHandlers: this.#handlers.failed,
      reconnects: Math.max(0, this.#sessions - 1),
      pendingRequests: this.#pending.size,
    }
  }

  ready(): Promise<void> {
    this.#use()
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
      const { kind, message } = error instanceof BusError ? error : busError('DISCONNECTED', error)
      this.#pending.fail(token, kind, message)
    }
    return reply
  }

  subscribe(subject: string, handler: BusHandler): () => void {
    checkSubscription(subject)
    this.#use()
    if (this.#closing !== undefined) throw busError('CLOSED')
    const subscribed: Subscribed = { subject, handler, live: undefined }
    this.#subscriptions.add(subscribed)
    if (this.#session !== undefined) this.#place(this.#session, subscribed)
    return () => {
      this.#subscriptions.delete(subscribed)
      subscribed.live?.unsubscribe()
    }
  }

  async flush(): Promise<void> {
    const session = this.#openSession()
    try {
      await session.flush()
    } catch (error) {
      throw busError(this.#closed ? 'CLOSED' : 'DISCONNECTED', error)
    }
  }

  onStatus(listener: (status: BusStatus) => void): () => void {
    this.#use()
    return this.#status.on(listener)
  }

  advertise(service: BusService): () => void {
    const advertised: Advertised = { service, live: this.#session?.advertise(service) }
    this.#advertised.add(advertised)
    return () => {
      this.#advertised.delete(advertised)
      void advertised.live?.then((withdraw) => withdraw())
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** Connects, if that has not begun. */
  #use(): void {
    if (this.#running !== undefined || this.#closing !== undefined) return
    this.#running = this.#run()
    this.#watching = this.#watchServers?.((servers) => {
      if (this.#dialler.replace(servers)) void this.#move()
    }).catch((error: unknown) => {
      this.#logger.warn({ error }, 'changes of the NATS servers cannot be seen')
      return () => {}
    })
  }

  async #close(): Promise<void> {
    this.#dialler.stop()
    void this.#watching?.then((stop) => stop())
    // Draining a subscription, unlike just ending it, still delivers what the server sent before it knew. nats.js's own
    // draining of the connection does not wait for handlers, and would lose the replies of those under way.
    const session = this.#session
    const quiet = Promise.all([
      ...[...this.#advertised].map(async ({ live }) => (await live)?.()),
      ...[...this.#subscriptions].map(({ live }) => live && session?.drainSubscription(live)),
    ]).then(() => this.#handlers.idle())
    await this.#within(quiet)
    this.#closed = true
    this.#pending.failAll('CLOSED', 'the bus was closed')
    if (session !== undefined) {
      await this.#within(session.drain())
      await session.destroy()
    }
    await this.#running
    this.#status.emit({ type: 'closed' })
  }

  /** Resolves when `promise` does, but after `closeTimeoutMs` anyway. */
  async #within(promise: Promise<void>): Promise<void> {
    const { promise: timeout, resolve } = Promise.withResolvers<void>()
    const timer = this.#clock.setTimer(resolve, this.#closeTimeoutMs)
    await Promise.race([promise, timeout])
    timer.cancel()
  }

  async #run(): Promise<void> {
    for (;;) {
      const next = this.#next ?? this.#dialler.dial()
      const connection = await next
      this.#next = undefined
      if (connection === undefined) return
      const session = new NatsSession(connection, {
        logger: this.#logger,
        onServers: (addresses) => this.#dialler.learn(addresses),
      })
      if (this.#closing === undefined) await this.#serve(session)
      else await session.destroy()
    }
  }

  /**
   * Moves to a server of a set that replaced all those before. The new connection is made before the old one is given
   * up, and requests that wait for a reply get a moment for it. What is published between the two is refused, as while
   * there is no connection; what others publish then is missed, as ever.
   */
  async #move(): Promise<void> {
    const session = this.#session
    if (session === undefined || this.#next !== undefined || this.#closing !== undefined) return
    this.#next = this.#dialler.dial()
    if ((await this.#next) === undefined) return
    const deadlineMs = this.#clock.monotonic() + moveGraceMs
    while (this.#pending.size > 0 && this.#session === session && this.#clock.monotonic() < deadlineMs) {
      await new Promise<void>((resolve) => this.#clock.setTimer(resolve, 10))
    }
    if (this.#session === session) await session.destroy()
  }

  async #serve(session: NatsSession): Promise<void> {
    this.#session = session
    this.#sessions++
    this.#maxPayload = session.maxPayload
    session.subscribe(`${this.#inbox}*`, (message) => this.#receiveReply(message))
    for (const subscribed of this.#subscriptions) this.#place(session, subscribed)
    for (const advertised of this.#advertised) advertised.live = session.advertise(advertised.service)
    // All in one turn of the event loop: no message can come before this is told.
    this.#status.emit({ type: this.#sessions === 1 ? 'connected' : 'reconnected', server: session.server })
    // All servers were replaced once more while the connection moved.
    if (this.#dialler.hasDeparted(session.server.address)) void this.#move()

    const reason = await session.ended
    this.#session = undefined
    if (/slow consumer/i.test(reason)) {
      this.#totals.slowConsumers++
      this.#status.emit({ type: 'slowConsumer', reason })
    }
    this.#pending.failAll('DISCONNECTED', reason)
    if (!this.#closed) this.#status.emit({ type: 'disconnected', reason })
  }

  #place(session: NatsSession, subscribed: Subscribed): void {
    subscribed.live = session.subscribe(subscribed.subject, (message) => this.#receive(subscribed.handler, message))
  }

  #receive(handler: BusHandler, message: Msg): void {
    const { subject, data, reply } = message
    this.#count(data)
    const received = { subject, data }
    // nats.js copies it into what it writes to the socket, in a microtask at the latest.
    const respond = (answer: Uint8Array) => this.#send(reply ?? '', answer)
    // nats.js gives an empty reply subject where there is none.
    this.#handlers.run(handler, reply === undefined || reply === '' ? received : { ...received, respond })
  }

  #receiveReply(message: Msg): void {
    const { data } = message
    this.#count(data)
    const token = message.subject.slice(this.#inbox.length)
    if (isNoResponders(message)) this.#pending.fail(token, 'NO_RESPONDERS', 'nobody subscribes to it')
    else this.#pending.resolve(token, data)
  }

  #count(data: Uint8Array): void {
    this.#totals.receivedMessages++
    this.#totals.receivedBytes += data.length
  }

  #send(subject: string, data: Uint8Array, reply?: string): void {
    const session = this.#openSession()
    // nats.js checks the size as well, but in a handler's reply its exception would end the reader.
    if (data.length > session.maxPayload) throw busError('TOO_LARGE')
    try {
      session.publish(subject, data, reply)
    } catch (error) {
      throw busError('DISCONNECTED', error)
    }
    this.#totals.sentMessages++
    this.#totals.sentBytes += data.length
  }

  #openSession(): NatsSession {
    // nats.js would take messages without a connection, and lose them.
    if (this.#session !== undefined && !this.#closed) return this.#session
    throw busError(this.#closed ? 'CLOSED' : 'DISCONNECTED')
  }
}
