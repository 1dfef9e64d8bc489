/** A timer that has been set and can be cancelled. */
export interface Timer {
  /** Stops the timer. Cancelling twice, or after it fired, does nothing. */
  cancel(): void
}

/**
 * Where time comes from. Everything that measures, expires or waits asks a `Clock`, so that tests decide
 * when time passes.
 */
export interface Clock {
  /** Wall-clock time in milliseconds since the Unix epoch. It may step when the machine's clock is set. */
  now(): number
  /** Milliseconds from an arbitrary start. Never steps back; all expiry and all deadlines are counted on it. */
  monotonic(): number
  /**
   * What is to be added to a moment of `monotonic` for wall-clock time, in whole milliseconds. The same until the
   * machine's clock has been set, or the two have come apart, so that a moment is told alike every time.
   */
  wallOffsetMs(): number
  /**
   * Calls `callback` once, no earlier than `delayMs` milliseconds from now. A delay of 0 means after the I/O events
   * that are already waiting, not before the current call returns. A set timer keeps the process alive: somebody waits.
   */
  setTimer(callback: () => void, delayMs: number): Timer
}
