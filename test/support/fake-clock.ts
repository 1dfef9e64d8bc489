import type { Clock, Timer } from '../../src/ports/index.ts'

/** A clock whose time passes only when a test says so. */
export interface FakeClock extends Clock {
  /** Timers that are set and have neither fired nor been cancelled. */
  readonly pending: number
  /** When the next timer is due on the monotonic scale; `undefined` where none is set. */
  readonly nextDueMs: number | undefined
  /**
   * Lets `durationMs` milliseconds pass: fires what falls due, in order of time and then of setting, timers set
   * meanwhile included. Promise callbacks run before, between and after the timers. Timers with delay 0 fire at
   * `advance(0)`.
   */
  advance(durationMs: number): Promise<void>
  /** Lets time pass without firing what falls due, as for a process that was paused, until `advance` is called. */
  oversleep(durationMs: number): void
  /** Steps the wall clock, and not the monotonic one, as setting a machine's clock does. */
  stepWallClock(byMs: number): void
}

interface PendingTimer {
  readonly dueMs: number
  readonly order: number
  readonly callback: () => void
}

/** Lets everything run that needs no time to pass: promise callbacks, `nextTick`s and one round of the event loop. */
export async function settled(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve)
  })
}

/**
 * Makes a clock that stands still until it is advanced.
 *
 * @param startMs what `now()` gives at first, in milliseconds since the epoch. `monotonic()` starts at 1,000.
 */
export function fakeClock(startMs: number = Date.UTC(2026, 0, 1)): FakeClock {
  const timers = new Set<PendingTimer>()
  let monotonicMs = 1000
  let wallOffsetMs = startMs - monotonicMs
  let nextOrder = 0

  function next(): PendingTimer | undefined {
    let first: PendingTimer | undefined
    for (const timer of timers) {
      if (
        first === undefined ||
        timer.dueMs < first.dueMs ||
        (timer.dueMs === first.dueMs && timer.order < first.order)
      ) {
        first = timer
      }
    }
    return first
  }

  return {
    get pending() {
      return timers.size
    },
    get nextDueMs() {
      return next()?.dueMs
    },
    now: () => monotonicMs + wallOffsetMs,
    monotonic: () => monotonicMs,
    wallOffsetMs: () => wallOffsetMs,
    setTimer(callback: () => void, delayMs: number): Timer {
      const timer = { dueMs: monotonicMs + Math.max(0, delayMs), order: nextOrder++, callback }
      timers.add(timer)
      return {
        cancel() {
          timers.delete(timer)
        },
      }
    },
    async advance(durationMs: number) {
      const endMs = monotonicMs + durationMs
      await settled()
      for (let timer = next(); timer !== undefined && timer.dueMs <= endMs; timer = next()) {
        timers.delete(timer)
        monotonicMs = timer.dueMs
        timer.callback()
        await settled()
      }
      monotonicMs = endMs
    },
    oversleep(durationMs) {
      monotonicMs += durationMs
    },
    stepWallClock(byMs: number) {
      wallOffsetMs += byMs
    },
  }
}
