import type { LogFields, Logger } from './logger.ts'

/** How often one thing is logged at most, in milliseconds. */
const intervalMs = 10_000

/**
 * Logs what strangers can bring about as often as they like: of each message one line in ten seconds, which says how
 * many others there were since the one before.
 */
export class BoundedLog {
  readonly #logger: Pick<Logger, 'warn'>
  readonly #monotonicMs: () => number
  readonly #last = new Map<string, { readonly atMs: number; others: number }>()

  /** @param monotonicMs tells milliseconds from an arbitrary start. Default: those of this process. */
  constructor(logger: Pick<Logger, 'warn'>, monotonicMs: () => number = () => performance.now()) {
    this.#logger = logger
    this.#monotonicMs = monotonicMs
  }

  /** @param message one of few: what differs from time to time belongs into the fields. */
  warn(fields: LogFields, message: string): void {
    const nowMs = this.#monotonicMs()
    const last = this.#last.get(message)
    if (last !== undefined && nowMs - last.atMs < intervalMs) {
      last.others++
      return
    }
    this.#last.set(message, { atMs: nowMs, others: 0 })
    this.#logger.warn(last === undefined || last.others === 0 ? fields : { ...fields, others: last.others }, message)
  }
}
