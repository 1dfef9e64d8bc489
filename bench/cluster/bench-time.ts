import type { Clock, Timer } from '../../src/ports/index.ts'

/** A clock that passes as fast as what happens can be handled, so that many peers fit into one process. */
export class BenchTime implements Clock {
  #nowMs = 1_000
  readonly #due = new Map<number, (() => void)[]>()

  now(): number {
    return Date.UTC(2026, 0, 1) + this.#nowMs
  }

  monotonic(): number {
    return this.#nowMs
  }

  wallOffsetMs(): number {
    return Date.UTC(2026, 0, 1)
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    let cancelled = false
    const dueMs = Math.ceil(this.#nowMs + Math.max(0, delayMs))
    const fire = (): void => {
      if (!cancelled) callback()
    }
    const list = this.#due.get(dueMs)
    if (list === undefined) this.#due.set(dueMs, [fire])
    else list.push(fire)
    return { cancel: () => (cancelled = true) }
  }

  /** Lets time pass, millisecond by millisecond. */
  async run(durationMs: number): Promise<void> {
    const endMs = this.#nowMs + durationMs
    await this.#present()
    while (this.#nowMs < endMs) {
      this.#nowMs++
      await this.#present()
    }
  }

  /** Does all that is due now, and what that makes due at once. */
  async #present(): Promise<void> {
    for (;;) {
      await delivered()
      const list = this.#due.get(this.#nowMs)
      if (list === undefined) return
      this.#due.delete(this.#nowMs)
      for (const fire of list) fire()
    }
  }
}

/** Resolves when the messages that are on their way have been handled, and what they caused. */
async function delivered(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise<void>((resolve) => void setImmediate(resolve))
}
