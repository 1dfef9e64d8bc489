import type { BusHandler, BusMessage, Logger } from '../../ports/index.ts'

/** Calls handlers so that none can harm the bus, and knows which are under way. */
export class HandlerRunner {
  readonly #logger: Logger
  readonly #onIdle: (() => void)[] = []
  #underWay = 0
  #failed = 0

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** How many handlers threw or rejected. */
  get failed(): number {
    return this.#failed
  }

  /** Never throws. */
  run(handler: BusHandler, message: BusMessage): void {
    try {
      const handled = handler(message)
      if (handled !== undefined) void this.#follow(handled, message.subject)
    } catch (error) {
      this.#fail(error, message.subject)
    }
  }

  /** Calls a listener that is not a handler. Never throws. */
  call(listener: () => void): void {
    try {
      listener()
    } catch (error) {
      this.#fail(error, undefined)
    }
  }

  /** Resolves when no handler is under way. */
  async idle(): Promise<void> {
    while (this.#underWay > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve))
  }

  async #follow(handled: Promise<void>, subject: string): Promise<void> {
    this.#underWay++
    try {
      await handled
    } catch (error) {
      this.#fail(error, subject)
    } finally {
      this.#underWay--
      if (this.#underWay === 0) for (const resolve of this.#onIdle.splice(0)) resolve()
    }
  }

  #fail(error: unknown, subject: string | undefined): void {
    this.#failed++
    this.#logger.error({ error, subject }, 'a message handler failed')
  }
}
