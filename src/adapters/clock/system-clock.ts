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
  // Not unreferenced: Node.js would sleep in its poll phase in spite of it, until I/O or another timer wakes it. It keeps
  // the process alive for one turn of the event loop at most.
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
    timeout.unref()
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
