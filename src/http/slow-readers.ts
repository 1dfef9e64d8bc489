import type { Socket } from 'node:net'

/** How fast a client has to read. */
export interface ReadingPace {
  /** How long what was written may wait for the client. */
  readonly timeoutMs: number
  /** How much longer for every so many bytes that wait: this many a second. */
  readonly bytesPerSecond: number
}

interface Reader {
  readonly onSlow: (waitingBytes: number) => void
  /** Bytes that have left this process. */
  sentBytes: number
  /** When what waits must have left; `Infinity` while nothing waits. */
  deadlineMs: number
}

/**
 * Finds the clients that do not read what they are sent. What waits for them lies in this process's memory, for as long
 * as they please.
 *
 * Judged is each write as a whole, because how much of one is sent cannot be seen from outside: a client that takes in a
 * byte now and then wins nothing by it.
 */
export class SlowReaders {
  readonly #pace: ReadingPace
  readonly #readers = new Map<Socket, Reader>()
  #timer: NodeJS.Timeout | undefined
  #found = 0

  constructor(pace: ReadingPace) {
    this.#pace = pace
  }

  /** How often a client was too slow. */
  get found(): number {
    return this.#found
  }

  /**
   * Watches a connection until it is closed, in place of what watched it before.
   *
   * @param onSlow called when the client is too slow, and again whenever it is so for as long once more.
   */
  watch(socket: Socket, onSlow: (waitingBytes: number) => void): void {
    if (!this.#readers.has(socket)) socket.once('close', () => this.#readers.delete(socket))
    this.#readers.set(socket, { onSlow, sentBytes: 0, deadlineMs: Infinity })
    this.#timer ??= setInterval(() => this.#look(), this.#pace.timeoutMs / 5).unref()
  }

  /** Stops watching all. */
  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#readers.clear()
  }

  #look(): void {
    const nowMs = performance.now()
    const { timeoutMs, bytesPerSecond } = this.#pace
    for (const [socket, reader] of this.#readers) {
      const waitingBytes = socket.writableLength
      const sentBytes = socket.bytesWritten - waitingBytes
      if (waitingBytes === 0) {
        reader.deadlineMs = Infinity
      } else if (reader.deadlineMs === Infinity || sentBytes > reader.sentBytes) {
        reader.deadlineMs = nowMs + timeoutMs + (waitingBytes / bytesPerSecond) * 1000
      } else if (nowMs >= reader.deadlineMs) {
        reader.deadlineMs = nowMs + timeoutMs
        this.#found++
        reader.onSlow(waitingBytes)
      }
      reader.sentBytes = sentBytes
    }
  }
}
