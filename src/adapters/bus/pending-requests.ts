import { BusError, type BusErrorKind, type Clock, type Timer } from '../../ports/index.ts'

interface PendingRequest {
  readonly subject: string
  readonly timer: Timer
  resolve(data: Uint8Array): void
  reject(error: BusError): void
}

/** Emptied when its request has ended: the Map itself may keep what was deleted until a full collection. */
interface Place {
  request: PendingRequest | undefined
}

/** A request that has been entered. */
export interface EnteredRequest {
  /** Names the request in its reply subject; never used twice by the same object. */
  readonly token: string
  readonly reply: Promise<Uint8Array>
}

/** The requests of one bus that wait for a reply. Each ends exactly once: by its reply, an error or its timeout. */
export class PendingRequests {
  readonly #clock: Clock
  readonly #places = new Map<string, Place>()
  #lastToken = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#places.size
  }

  enter(subject: string, timeoutMs: number): EnteredRequest {
    const token = (++this.#lastToken).toString(36)
    const reply = new Promise<Uint8Array>((resolve, reject) => {
      const timer = this.#clock.setTimer(() => this.fail(token, 'TIMEOUT', `after ${timeoutMs} ms`), timeoutMs)
      this.#places.set(token, { request: { subject, timer, resolve, reject } })
    })
    return { token, reply }
  }

  /** Does nothing for a token that is not waited for: a reply that comes late, or again. */
  resolve(token: string, data: Uint8Array): void {
    this.#take(token)?.resolve(data)
  }

  fail(token: string, kind: BusErrorKind, reason: string): void {
    const request = this.#take(token)
    request?.reject(new BusError(kind, `No reply on ${request.subject}: ${reason}.`))
  }

  failAll(kind: BusErrorKind, reason: string): void {
    for (const token of this.#places.keys()) this.fail(token, kind, reason)
  }

  #take(token: string): PendingRequest | undefined {
    const place = this.#places.get(token)
    if (place === undefined) return undefined
    this.#places.delete(token)
    const { request } = place
    place.request = undefined
    request?.timer.cancel()
    return request
  }
}
