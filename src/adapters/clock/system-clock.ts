import type { Clock, Timer } from '../../ports/index.ts'

/** The longest delay that Node.js timers take; above it they fire at once. */
const maxTimeoutMs = 2 ** 31 - 1

/** How far wall-clock and monotonic time may come apart until the offset between them is taken anew. */
const maxDriftMs = 50

/**
 * The machine's own time. A timer with a delay of 0 fires after the I/O events that are already waiting.
 */
export function systemClock(): Clock {
  let wallOffsetMs = Math.round(performance.timeOrigin)
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    wallOffsetMs: () => {
      const driftMs = Date.now() - performance.now() - wallOffsetMs
      if (Math.abs(driftMs) > maxDriftMs) wallOffsetMs += Math.round(driftMs)
      return wallOffsetMs
    },
    setTimer: (callback, delayMs) => (delayMs <= 0 ? setImmediateTimer(callback) : setTimeoutTimer(callback, delayMs)),
  }
}

function setImmediateTimer(callback: () => void): Timer {
  const immediate = setImmediate(callback)
  return {
    cancel() {
      clearImmediate(immediate)
    },
  }
}

function setTimeoutTimer(callback: () => void, delayMs: number): Timer {
  const dueMs = performance.now() + delayMs
  let timeout: NodeJS.Timeout
  schedule(delayMs)
  function schedule(remainingMs: number): void {
    timeout = setTimeout(fire, Math.min(Math.ceil(remainingMs), maxTimeoutMs))
  }
  // Node.js counts in whole milliseconds of its own and may fire up to one too early; the port promises never to.
  function fire(): void {
    const remainingMs = dueMs - performance.now()
    if (remainingMs > 0) schedule(remainingMs)
    else callback()
  }
  return {
    cancel() {
      clearTimeout(timeout)
    },
  }
}
