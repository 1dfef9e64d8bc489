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
    while (this.#nowMs < endMs) {
      this.#nowMs++
      for (let list = this.#due.get(this.#nowMs); list !== undefined; list = this.#due.get(this.#nowMs)) {
        this.#due.delete(this.#nowMs)
        for (const fire of list) fire()
        await new Promise<void>((resolve) => void setImmediate(resolve))
      }
    }
  }
}
