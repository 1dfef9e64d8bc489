import type { Clock } from '../ports/index.ts'

const ticksPerMillisecond = 1000
const maxLeadMs = 60_000

/**
 * A hybrid logical clock (Kulkarni et al., "Logical Physical Clocks", 2014) in one number: microseconds since the
 * epoch, of which the lowest three digits count instead of measuring. It fits a double until the year 2255.
 *
 * It orders the writes that one owner made, and writes of different owners as well as their wall clocks agree.
 */
export class VersionClock {
  readonly #clock: Clock
  #last = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A version above every one that was given or observed before. */
  next(): number {
    this.#last = Math.max(this.#last + 1, Math.floor(this.#clock.now()) * ticksPerMillisecond)
    return this.#last
  }

  /** The highest version given or observed. */
  get last(): number {
    return this.#last
  }

  /**
   * Makes later versions higher than one that another peer gave.
   *
   * @returns false, and changes nothing, when it lies more than 60 s ahead of this machine's clock: one wrong clock
   * must not drag the cluster's along.
   */
  observe(version: number): boolean {
    if (!Number.isSafeInteger(version) || version > (this.#clock.now() + maxLeadMs) * ticksPerMillisecond) return false
    if (version > this.#last) this.#last = version
    return true
  }
}
