import type { Clock } from '../ports/index.ts'

/** Holds callers until a condition is met. Whoever changes what the condition depends on must call `look`. */
export class WaitingRoom {
  readonly #clock: Clock
  readonly #waiting = new Set<() => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Resolves true as soon as `condition` holds, false after `timeoutMs`; `Infinity` waits for good. */
  wait(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    if (condition()) return Promise.resolve(true)
    if (timeoutMs <= 0) return Promise.resolve(false)
    return new Promise((resolve) => {
      const look = (): void => {
        if (condition()) end(true)
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

  /** Lets those go whose condition holds now. */
  look(): void {
    for (const look of this.#waiting) look()
  }
}
