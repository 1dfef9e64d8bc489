import type { Clock, Timer } from '../../ports/index.ts'

/** The longest delay that Node.js timers take; above it they fire at once. */
const maxTimeoutMs = 2 ** 31 - 1

/**
 * The machine's own time. Its timers do not keep the process alive; one with a delay of 0 fires after the I/O events
 * that are already waiting.
 */
export function systemClock(): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    setTimer: (callback, delayMs) => (delayMs <= 0 ? setImmediateTimer(callback) : setTimeoutTimer(callback, delayMs)),
  }
}

function setImmediateTimer(callback: () => void): Timer {
  const immediate = setImmediate(callback)
  immediate.unref()
  return {
    cancel() {
      clearImmediate(immediate)
    },
  }
}

function setTimeoutTimer(callback: () => void, delayMs: number): Timer {
  let timeout: NodeJS.Timeout
  // Node.js cuts fractions off and may so fire a little before the time asked for; the port promises never to.
  schedule(Math.ceil(delayMs))
  function schedule(remainingMs: number): void {
    if (remainingMs > maxTimeoutMs) timeout = setTimeout(schedule, maxTimeoutMs, remainingMs - maxTimeoutMs)
    else timeout = setTimeout(callback, remainingMs)
    timeout.unref()
  }
  return {
    cancel() {
      clearTimeout(timeout)
    },
  }
}
