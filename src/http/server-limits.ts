import { OperationPlaces } from './operation-places.ts'

/** How much may be under way in one server at once. What is beyond is refused with `BUSY`, and does not wait. */
export interface ServerLimits {
  /** Queries and mutations, whichever way they come. */
  readonly maxOperations: number
  /** Subscriptions, whichever way they come. */
  readonly maxSubscriptions: number
  readonly maxWebSockets: number
  readonly maxOperationsPerWebSocket: number
  /** Bytes of answers that may wait for the client of one WebSocket. */
  readonly maxWaitingBytes: number
}

/** How long clients may take, in milliseconds. */
export interface ServerTimeouts {
  /** For the head of a request, and for the greetings of TLS. */
  readonly headersMs: number
  /** For a request as a whole. */
  readonly requestMs: number
  /** Between two requests on one connection. */
  readonly keepAliveMs: number
  /** To read what they are sent; and what they read at `minBytesPerSecond` beside. */
  readonly slowClientMs: number
  readonly minBytesPerSecond: number
  /** To answer the pings of a WebSocket. */
  readonly pingMs: number
}

/** The limits of a server that says nothing of them. */
const defaultLimits: ServerLimits = {
  maxOperations: 20_000,
  maxSubscriptions: 10_000,
  maxWebSockets: 10_000,
  maxOperationsPerWebSocket: 1000,
  maxWaitingBytes: 128 * 2 ** 20,
}

/** The timeouts of a server that says nothing of them. */
export const defaultTimeouts: ServerTimeouts = {
  headersMs: 10_000,
  requestMs: 60_000,
  // Longer than load balancers keep theirs, which would otherwise send requests on connections that are being closed.
  keepAliveMs: 75_000,
  slowClientMs: 30_000,
  minBytesPerSecond: 128 * 2 ** 10,
  pingMs: 12_000,
}

/** What is under way in one server, and how much of it may be. */
export interface UnderWay {
  readonly limits: ServerLimits
  readonly operations: OperationPlaces
  readonly subscriptions: OperationPlaces
}

/** Counts what is under way, from nothing on. */
export function underWay(given: Partial<ServerLimits> | undefined): UnderWay {
  const limits = { ...defaultLimits, ...given }
  return {
    limits,
    operations: new OperationPlaces(limits.maxOperations),
    subscriptions: new OperationPlaces(limits.maxSubscriptions),
  }
}
