import type { Clock } from '../ports/index.ts'
import { FedcacheError } from '../errors.ts'
import type { CircuitBreaker, RateLimit } from './policy.ts'

/**
 * Stands between a keyspace and its source: a token bucket on bulk calls, and a circuit breaker that gives a failing
 * source a rest and then lets a single call through to see whether it is back (Nygard, "Release It!").
 */
export class Protection {
  readonly #keyspace: string
  readonly #clock: Clock
  readonly #rateLimit: RateLimit | undefined
  readonly #circuitBreaker: CircuitBreaker | undefined
  #tokens: number
  #filledAtMs: number
  #failuresInRow = 0
  /** Keys that were answered with errors in this row. */
  readonly #failedKeys = new Set<string>()
  #openUntilMs = -Infinity
  #probing = false

  constructor(
    keyspace: string,
    clock: Clock,
    rateLimit: RateLimit | undefined,
    circuitBreaker: CircuitBreaker | undefined,
  ) {
    this.#keyspace = keyspace
    this.#clock = clock
    this.#rateLimit = rateLimit
    this.#circuitBreaker = circuitBreaker
    this.#tokens = rateLimit?.calls ?? 0
    this.#filledAtMs = clock.monotonic()
  }

  /** @returns why the source must not be called now, or `undefined`; then `report` or `reportErrors` must follow. */
  refuse(): FedcacheError | undefined {
    return this.#refuseWhileOpen() ?? this.#refuseOverRate()
  }

  /** Tells how a call that was let through has ended. */
  report(succeeded: boolean): void {
    if (this.#circuitBreaker === undefined) return
    this.#probing = false
    if (succeeded) {
      this.#failuresInRow = 0
      this.#failedKeys.clear()
    } else if (++this.#failuresInRow >= this.#circuitBreaker.failures) {
      this.#openUntilMs = this.#clock.monotonic() + this.#circuitBreaker.resetMs
      this.#failedKeys.clear()
    }
  }

  /**
   * Tells that a call that was let through returned an error for each of its keys. So does a source that asks key by key
   * when what is behind it is gone, and so does any source for a key that is bad by itself. That one must not count
   * again however often it is asked for, or it would take all others of the keyspace with it.
   */
  reportErrors(keys: readonly string[]): void {
    if (this.#circuitBreaker === undefined) return
    this.#probing = false
    if (keys.every((key) => this.#failedKeys.has(key))) return
    for (const key of keys) this.#failedKeys.add(key)
    this.report(false)
  }

  #refuseWhileOpen(): FedcacheError | undefined {
    const breaker = this.#circuitBreaker
    if (breaker === undefined || this.#failuresInRow < breaker.failures) return undefined
    const waitMs = this.#openUntilMs - this.#clock.monotonic()
    if (waitMs <= 0 && !this.#probing) {
      this.#probing = true
      return undefined
    }
    return new FedcacheError(
      'SOURCE_CIRCUIT_OPEN',
      `The source of "${this.#keyspace}" failed ${this.#failuresInRow} times in a row and is not asked for now; try again in ${Math.max(1, Math.ceil(waitMs))} ms.`,
    )
  }

  #refuseOverRate(): FedcacheError | undefined {
    const limit = this.#rateLimit
    if (limit === undefined) return undefined
    const now = this.#clock.monotonic()
    const refill = ((now - this.#filledAtMs) / limit.intervalMs) * limit.calls
    this.#tokens = Math.min(limit.calls, this.#tokens + refill)
    this.#filledAtMs = now
    if (this.#tokens >= 1) {
      this.#tokens--
      return undefined
    }
    // A refused probe would otherwise never be reported, and the circuit stay open for good.
    this.#probing = false
    const waitMs = Math.ceil(((1 - this.#tokens) * limit.intervalMs) / limit.calls)
    return new FedcacheError(
      'SOURCE_RATE_LIMITED',
      `The source of "${this.#keyspace}" takes ${limit.calls} calls in ${limit.intervalMs} ms; try again in ${waitMs} ms.`,
    )
  }
}
