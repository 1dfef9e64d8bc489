import type { Clock, InvalidationEndpoint, Logger, Timer } from '../../ports/index.ts'

/** How an endpoint is told of tags. Durations are milliseconds. */
export interface DeliveryOptions {
  readonly endpoint: InvalidationEndpoint
  readonly clock: Clock
  readonly logger: Logger
  /** How many tags may wait. Beyond it those that wait longest are given up. */
  readonly maxWaiting: number
  /** How long tags are gathered before they are sent. */
  readonly windowMs: number
  /** How long a request may take. */
  readonly timeoutMs: number
  /** How long a tag is tried before it is given up. */
  readonly deadlineMs: number
}

/** What became of the tags of one endpoint so far. */
export interface DeliveryStats {
  /** Tags that it took. */
  readonly sent: number
  /** Requests that it did not take. */
  readonly failed: number
  /** Requests that were made after one that failed. */
  readonly retried: number
  /** Tags that were given up. */
  readonly dropped: number
  /** Tags that wait, or are on their way. */
  readonly waiting: number
}

const firstRetryMs = 200
const longestRetryMs = 30_000
const logIntervalMs = 30_000
const defaultMaxTags = 100

/**
 * Tells one endpoint which tags to drop: in batches, one request at a time, again and again until it takes them. A tag
 * that waits already is not kept twice. Nothing is written down: what waits is lost with the process.
 */
export class DeliveryQueue {
  readonly #options: DeliveryOptions
  readonly #maxTags: number
  /** Fewer than may be, while it has to be found out which of them are refused. */
  #batchSize: number
  /** Tags in the order in which they came, and when each came last. */
  #waiting = new Map<string, number>()
  #onItsWay: ReadonlyMap<string, number> = new Map()
  #timer: Timer | undefined
  #sending: Promise<void> | undefined
  #failuresInARow = 0
  #closed = false
  readonly #counts = { sent: 0, failed: 0, retried: 0, dropped: 0 }
  readonly #log: { lastMs: number; unsaid: number; hasFailed: boolean } = {
    lastMs: -Infinity,
    unsaid: 0,
    hasFailed: false,
  }

  constructor(options: DeliveryOptions) {
    this.#options = options
    this.#maxTags = options.endpoint.maxTags ?? defaultMaxTags
    this.#batchSize = this.#maxTags
  }

  get stats(): DeliveryStats {
    return { ...this.#counts, waiting: this.#waiting.size + this.#onItsWay.size }
  }

  /** Takes tags to be sent soon; returns at once. */
  add(tags: readonly string[]): void {
    if (this.#closed) return this.#giveUp(tags.length, 'this process is stopping')
    const nowMs = this.#options.clock.monotonic()
    // One that waits keeps its place, or a tag that changes all the time would never be sent.
    for (const tag of tags) this.#waiting.set(tag, nowMs)
    this.#dropOverflow()
    this.#schedule(this.#options.windowMs)
  }

  /**
   * Sends what waits, without waiting for more, for at most `timeoutMs`; then gives up the rest. What is added later is
   * given up at once.
   */
  async drain(timeoutMs: number): Promise<void> {
    const { clock } = this.#options
    this.#closed = true
    this.#timer?.cancel()
    let isOver = false
    const over = new Promise<void>((resolve) => {
      const timer = clock.setTimer(() => {
        isOver = true
        resolve()
      }, timeoutMs)
      void this.#sendAll(() => isOver).then(() => {
        timer.cancel()
        resolve()
      })
    })
    await over
    const left = this.#waiting.size + this.#onItsWay.size
    this.#waiting.clear()
    this.#onItsWay = new Map()
    if (left > 0) this.#giveUp(left, 'this process is stopping')
  }

  async #sendAll(isOver: () => boolean): Promise<void> {
    await this.#sending
    while (this.#waiting.size > 0 && !isOver()) {
      await this.#send()
      if (this.#failuresInARow > 0) await this.#pause(firstRetryMs)
    }
  }

  #pause(durationMs: number): Promise<void> {
    return new Promise((resolve) => void this.#options.clock.setTimer(resolve, durationMs))
  }

  #schedule(delayMs: number): void {
    if (this.#closed || this.#timer !== undefined || this.#sending !== undefined || this.#waiting.size === 0) return
    this.#timer = this.#options.clock.setTimer(() => {
      this.#timer = undefined
      this.#sending = this.#send().then(() => {
        this.#sending = undefined
        this.#schedule(this.#failuresInARow === 0 ? 0 : retryDelayMs(this.#failuresInARow))
      })
    }, delayMs)
  }

  /** Sends one batch. Never rejects. */
  async #send(): Promise<void> {
    const batch = this.#take()
    if (batch.size === 0) return
    this.#onItsWay = batch
    if (this.#failuresInARow > 0) this.#counts.retried++
    const failure = await this.#tell([...batch.keys()]).then(
      () => undefined,
      (error: unknown) => ({ error }),
    )
    // Given up meanwhile.
    if (this.#onItsWay !== batch) return
    this.#onItsWay = new Map()
    if (failure === undefined) {
      this.#counts.sent += batch.size
      this.#batchSize = Math.min(this.#maxTags, this.#batchSize * 2)
      this.#recovered()
    } else {
      this.#putBack(batch, isRefusal(failure.error))
      this.#failed(failure.error)
    }
  }

  #putBack(batch: ReadonlyMap<string, number>, isRefused: boolean): void {
    if (isRefused) this.#batchSize = Math.ceil(batch.size / 2)
    if (isRefused && batch.size === 1) return this.#giveUp(1, 'the endpoint refused it')
    // Ahead of those that came meanwhile, and with their time where they came once more.
    this.#waiting = new Map([...batch, ...this.#waiting])
    this.#dropOverflow()
  }

  #take(): Map<string, number> {
    const { clock, deadlineMs } = this.#options
    const since = clock.monotonic() - deadlineMs
    const batch = new Map<string, number>()
    let tooOld = 0
    for (const [tag, cameMs] of this.#waiting) {
      if (batch.size === this.#batchSize) break
      this.#waiting.delete(tag)
      if (cameMs < since) tooOld++
      else batch.set(tag, cameMs)
    }
    if (tooOld > 0) this.#giveUp(tooOld, `they could not be delivered within ${deadlineMs} ms`)
    return batch
  }

  async #tell(tags: readonly string[]): Promise<void> {
    const { endpoint, clock, timeoutMs } = this.#options
    const controller = new AbortController()
    let timer: Timer | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = clock.setTimer(() => {
        const error = new Error(`there was no answer within ${timeoutMs} ms`)
        controller.abort(error)
        reject(error)
      }, timeoutMs)
    })
    try {
      await Promise.race([endpoint.invalidate(tags, controller.signal), late])
    } finally {
      timer?.cancel()
    }
  }

  #dropOverflow(): void {
    let tooMany = 0
    for (const tag of this.#waiting.keys()) {
      if (this.#waiting.size <= this.#options.maxWaiting) break
      this.#waiting.delete(tag)
      tooMany++
    }
    if (tooMany > 0) this.#giveUp(tooMany, `more than ${this.#options.maxWaiting} were waiting`)
  }

  #giveUp(tags: number, reason: string): void {
    this.#counts.dropped += tags
    this.#warn(
      { tags, reason },
      'invalidations were given up: what the endpoint keeps may be outdated until it expires',
    )
  }

  #failed(error: unknown): void {
    this.#counts.failed++
    this.#failuresInARow++
    this.#warn({ error, failuresInARow: this.#failuresInARow }, 'an endpoint did not take invalidations; trying on')
  }

  #recovered(): void {
    const { logger, endpoint } = this.#options
    const failures = this.#failuresInARow
    this.#failuresInARow = 0
    if (failures === 0 || !this.#log.hasFailed) return
    this.#log.hasFailed = false
    logger.info({ endpoint: endpoint.name, failures }, 'an endpoint takes invalidations again')
  }

  /** An endpoint that is away for an hour is worth some lines, not thousands. */
  #warn(fields: Readonly<Record<string, unknown>>, message: string): void {
    const { clock, logger, endpoint } = this.#options
    const nowMs = clock.monotonic()
    if (nowMs - this.#log.lastMs < logIntervalMs) {
      this.#log.unsaid++
      return
    }
    const { waiting, dropped } = this.stats
    logger.warn({ endpoint: endpoint.name, ...fields, waiting, dropped, unsaid: this.#log.unsaid }, message)
    this.#log.lastMs = nowMs
    this.#log.unsaid = 0
    this.#log.hasFailed = true
  }
}

function isRefusal(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'refused' in error && error.refused === true
}

/** Twice as long each time, and never all at once with the other peers. */
function retryDelayMs(failuresInARow: number): number {
  const delayMs = Math.min(longestRetryMs, firstRetryMs * 2 ** (failuresInARow - 1))
  return Math.round(delayMs * (0.5 + Math.random() / 2))
}
