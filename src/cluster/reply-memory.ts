import type { Clock } from '../ports/index.ts'

/** Memory that the replies of one turn of the event loop share. */
const sharedBytes = 1024 * 1024

/**
 * Memory for replies, used anew in every turn of the event loop: the bus has taken a reply out of it by then. Replies are
 * large, and memory of their own for each would make V8 collect everything after some hundreds of them.
 */
export class ReplyMemory {
  readonly #clock: Clock
  #shared: Buffer | undefined
  #usedBytes = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Gives uninitialised memory for one reply, which must be on the bus before the turn ends. */
  readonly take = (bytes: number): Buffer => {
    if (this.#usedBytes + bytes > sharedBytes) return Buffer.allocUnsafeSlow(bytes)
    if (this.#usedBytes === 0) this.#clock.setTimer(() => (this.#usedBytes = 0), 0)
    this.#shared ??= Buffer.allocUnsafeSlow(sharedBytes)
    const from = this.#usedBytes
    this.#usedBytes += bytes
    return this.#shared.subarray(from, this.#usedBytes)
  }
}
