import type { LogFields, Logger } from '../ports/index.ts'

/** How often one thing is logged at most, in milliseconds. */
const intervalMs = 10_000

/**
 * Logs what strangers can bring about as often as they like: of each message one line in ten seconds, which says how
 * many others there were since the one before.
 */
export class BoundedLog {
  readonly #logger: Logger
  readonly #last = new Map<string, { atMs: number; suppressed: number }>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** @param message one of few: what differs from time to time belongs into the fields. */
  warn(fields: LogFields, message: string): void {
    const nowMs = performance.now()
    const last = this.#last.get(message)
    if (last !== undefined && nowMs - last.atMs < intervalMs) {
      last.suppressed++
      return
    }
    this.#last.set(message, { atMs: nowMs, suppressed: 0 })
    this.#logger.warn({ ...fields, ...(last?.suppressed ? { others: last.suppressed } : {}) }, message)
  }
}
