/**
 * - `NO_RESPONDERS`: nobody subscribes to the subject, as far as the server knows that was asked.
 * - `TIMEOUT`: no reply came in time; the request may have been carried out.
 * - `DISCONNECTED`: there is no connection, or it was lost before the reply came; a request that was already sent may
 *   have been carried out.
 * - `CLOSED`: the bus was closed; the same holds for requests that were sent before.
 * - `TOO_LARGE`: the data is over `maxPayload`; nothing was sent.
 */
export type BusErrorKind = 'NO_RESPONDERS' | 'TIMEOUT' | 'DISCONNECTED' | 'CLOSED' | 'TOO_LARGE'

/** What every method of a {@link Bus} throws or rejects with, but for arguments that are never valid. */
export class BusError extends Error {
  override readonly name: string = 'BusError'
  readonly kind: BusErrorKind

  constructor(kind: BusErrorKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}

/** One received message. */
export interface BusMessage {
  /** Where it was published, without wildcards. */
  readonly subject: string
  /**
   * What was published. It may be a window on a much larger buffer: copy what is kept beyond the handler, and never
   * write to it.
   */
  readonly data: Uint8Array
  /**
   * Sends a reply; there where the sender waits for one, and only the first counts. Works until the bus is closed, the
   * handler's own end does not matter. The data may be changed from the next turn of the event loop on.
   *
   * @throws BusError `TOO_LARGE`, `DISCONNECTED` or `CLOSED`; then nothing was sent, and after `TOO_LARGE` a smaller
   * reply can be.
   */
  readonly respond?: (data: Uint8Array) => void
}

/**
 * Called for every message, in the order they came, without waiting for the promise of the one before. What it throws
 * or rejects with is counted and logged, and changes nothing else: whoever waits for a reply waits until the timeout.
 */
export type BusHandler = (message: BusMessage) => void | Promise<void>

/** The server at the other end, for logs. */
export interface BusServer {
  readonly address: string
  readonly name: string
  readonly version: string
}

/**
 * What happened to the connection. `slowConsumer`: messages for this process were thrown away because it was too slow
 * to read them. Not every loss is reported so, a server may just as well disconnect: after either, and while
 * disconnected, anything may have been missed.
 */
export type BusStatus =
  | { readonly type: 'connected'; readonly server: BusServer }
  | { readonly type: 'disconnected'; readonly reason: string }
  | { readonly type: 'reconnected'; readonly server: BusServer }
  | { readonly type: 'slowConsumer'; readonly reason: string }
  | { readonly type: 'closed' }

/** How a process appears in listings of services such as `nats micro ls`. */
export interface BusService {
  /** Letters, digits, `-` and `_`. */
  readonly name: string
  /** A semantic version. */
  readonly version: string
  readonly description: string
  readonly metadata: Readonly<Record<string, string>>
}

/** Totals since the bus was made, and what is under way. */
export interface BusStats {
  /** Published messages, requests and replies included. */
  readonly sentMessages: number
  readonly sentBytes: number
  /** Messages given to handlers, and replies. */
  readonly receivedMessages: number
  readonly receivedBytes: number
  /** Handlers that threw or rejected. */
  readonly failedHandlers: number
  /** How often a lost connection was replaced. */
  readonly reconnects: number
  readonly slowConsumers: number
  /** Requests that wait for a reply. */
  readonly pendingRequests: number
}

/**
 * Carries messages between peers: publish and subscribe, and requests with one reply. It is made unconnected, keeps
 * trying to connect for as long as it takes, and connects anew when it lost the connection.
 *
 * Messages of one sender on one subject arrive in the order they were sent. Nothing else is promised: between subjects
 * or senders there is no order, a message may be lost at any time, whoever subscribes gets nothing from before, and a
 * subscription is in place only some time after `subscribe`, on other servers later than on one's own. A sender's own
 * messages come to its own subscriptions like everybody's.
 *
 * Subjects are dot-separated tokens without white space. In subscriptions a token `*` stands for any one token, and `>`
 * at the end for one or more; anything malformed throws a RangeError.
 */
export interface Bus {
  /** Whether there is a connection, as far as is known: one that died silently is noticed some seconds later. */
  readonly connected: boolean
  /** Largest data of a message in bytes, by the server connected to last. */
  readonly maxPayload: number
  /** The server connected to; `undefined` while there is none. */
  readonly server: BusServer | undefined
  readonly stats: BusStats
  /**
   * Resolves as soon as there is a connection. Rejects with `CLOSED` when the bus is closed before. A bus may wait with
   * connecting until this, `onStatus` or `subscribe` is called.
   */
  ready(): Promise<void>
  /**
   * Sends a message to whoever subscribes, without knowing whether anybody got it. The data must not be changed
   * afterwards.
   *
   * @throws BusError `TOO_LARGE`, `DISCONNECTED` or `CLOSED`; nothing was sent, and nothing will be when the connection
   * is back.
   */
  publish(subject: string, data: Uint8Array): void
  /**
   * Sends a message and resolves with the data of the first reply; see {@link BusMessage.data}. The data sent must not
   * be changed afterwards.
   *
   * Rejects with a {@link BusError}, when the connection is lost at once.
   */
  request(subject: string, data: Uint8Array, options: { readonly timeoutMs: number }): Promise<Uint8Array>
  /**
   * Calls the handler for messages on the subject, on this connection and those after it, until the function that is
   * returned is called. `connected` and `reconnected` are told before the first message of the new connection.
   *
   * @throws BusError `CLOSED`.
   */
  subscribe(subject: string, handler: BusHandler): () => void
  /**
   * Resolves when the server has seen everything sent before, subscriptions included. Says nothing about other servers
   * and receivers. Rejects with `DISCONNECTED` or `CLOSED`.
   */
  flush(): Promise<void>
  /** Calls the listener on every change, synchronously. Returns a function that stops it. */
  onStatus(listener: (status: BusStatus) => void): () => void
  /** Shows this process in listings of services, where the bus has such. Returns a function that withdraws it. */
  advertise?(service: BusService): () => void
  /**
   * Unsubscribes, waits for handlers under way (which may still publish, respond and request), fails the requests that
   * still wait with `CLOSED`, sends what is to be sent, and disconnects. Gives up waiting after some seconds, never
   * rejects, and does nothing the second time.
   */
  close(): Promise<void>
}
