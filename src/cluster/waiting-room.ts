import type { Clock } from '../ports/index.ts'

/** Holds callers until a condition is met. Whoever changes what the condition depends on must call `look`. */
export class WaitingRoom {
  readonly #clock: Clock
  readonly #waiting = new Set<() => void>()
  #isClosed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Resolves true as soon as `condition` holds, false after `timeoutMs`; `Infinity` waits for good. */
  wait(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    if (condition()) return Promise.resolve(true)
    if (timeoutMs <= 0 || this.#isClosed) return Promise.resolve(false)
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.#isClosed || condition()) end(condition())
      }
      const end = (met: boolean): void => {
        this.#waiting.delete(look)
        timer?.cancel()
        resolve(met)
      }
      const timer = timeoutMs === Infinity ? undefined : this.#clock.setTimer(() => end(condition()), timeoutMs)
      this.#waiting.add(look)
    })
  }

  /** Lets everybody go, now and from now on. */
  close(): void {
    this.#isClosed = true
    this.look()
  }

  /** Lets those go whose condition holds now. */
  look(): void {
    for (const look of this.#waiting) look()
  }
}
