import type { Clock } from '../ports/index.ts'
import { copyString } from './input-limits.ts'

/** The most keys remembered from one window. */
const maxRemembered = 16_384

/**
 * Decides which keys of other peers are worth a near copy: those read twice within a window. A key that is read once
 * should not push out what this peer owns.
 */
export class NearAdmission {
  readonly #clock: Clock
  #seen = new Set<string>()
  #windowEndsAtMs = -Infinity

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Notes a read of `key` and tells whether it is one of the hot ones. */
  admit(key: string, windowMs: number): boolean {
    const nowMs = this.#clock.monotonic()
    if (nowMs >= this.#windowEndsAtMs || this.#seen.size >= maxRemembered) {
      this.#seen = new Set()
      this.#windowEndsAtMs = nowMs + windowMs
    }
    if (this.#seen.has(key)) return true
    this.#seen.add(copyString(key))
    return false
  }
}
