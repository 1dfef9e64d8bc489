import type DataLoader from 'dataloader'
import { FedcacheError } from '../errors.ts'
import type { Clock, Logger, Source } from '../ports/index.ts'
import { type Answer, answersInOrder, requireRevision, unwrapped } from './answers.ts'
import { underDeadline } from './deadline.ts'
import { Arrival, type Flight } from './flights.ts'
import { gather } from './gather.ts'
import { noTags, quote, requireLifetime } from './input-limits.ts'
import type { Keyspace } from './keyspace.ts'
import { Protection } from './protection.ts'
import type { StoredEntry } from './stored-entry.ts'
import type { VersionClock } from './version-clock.ts'

/** What a loader needs beside its keyspace. */
export interface LoaderContext {
  readonly clock: Clock
  readonly logger: Logger
  readonly versions: VersionClock
}

/** Takes flights to the keyspace's source in bulk, lands them, and stores what may be stored. */
export class SourceLoader {
  readonly #keyspace: Keyspace
  readonly #source: Source
  readonly #context: LoaderContext
  readonly #protection: Protection
  readonly #gathered: DataLoader<Flight, void>

  constructor(keyspace: Keyspace, source: Source, context: LoaderContext) {
    const { maxBatchSize, batchWindowMs, rateLimit, circuitBreaker } = keyspace.policy
    this.#keyspace = keyspace
    this.#source = source
    this.#context = context
    this.#protection = new Protection(keyspace.name, context.clock, rateLimit, circuitBreaker)
    this.#gathered = gather(
      async (flights: readonly Flight[]) => {
        await this.#loadBatch(flights)
        return flights.map(() => undefined)
      },
      { maxBatchSize, windowMs: batchWindowMs, clock: context.clock },
    )
  }

  /** Sends a flight on its way with the next batch. It always lands, with a result or an error. */
  load(flight: Flight): void {
    // Nothing in a batch should throw, but a store is the user's own, and one that does must not end the process.
    this.#gathered.load(flight).catch((error: unknown) => {
      this.#context.logger.error({ keyspace: this.#keyspace.name, error }, 'landing failed')
      this.#keyspace.land(flight, this.#keyFailed(flight.key, error))
    })
  }

  async #loadBatch(flights: readonly Flight[]): Promise<void> {
    const { clock, versions } = this.#context
    const refused = this.#protection.refuse()
    if (refused !== undefined) return this.#fail(flights, refused)
    // A key that was unhooked and asked for again inside one window stands twice in a batch; it is loaded once.
    const keys = [...new Set(flights.map((flight) => flight.key))]
    // The version is that of the moment before the source is asked: any write that follows is newer.
    const version = versions.next()
    const startedAtMs = clock.monotonic()
    const deadlineMs = flights.reduce((latest, flight) => Math.max(latest, flight.deadlineMs), startedAtMs)
    const { counters, name } = this.#keyspace
    counters.loads++
    counters.loadedKeys += keys.length
    const timeoutMs = deadlineMs - startedAtMs
    const ended = await underDeadline(clock, timeoutMs, async (signal) =>
      answersInOrder(this.#source.name, keys, await this.#source.loadMany(keys, { keyspace: name, signal })),
    )
    const durationMs = clock.monotonic() - startedAtMs
    // A process that was paused may see an answer ahead of its timer. How old it is, nobody knows.
    const ending = durationMs > timeoutMs ? ({ kind: 'TIMED_OUT' } as const) : ended
    if (ending.kind !== 'RETURNED') {
      this.#protection.report(false)
      return this.#failBatch(flights, keys.length, durationMs, ending)
    }
    // By index: a list may have holes.
    const answers = new Map(keys.map((key, index) => [key, unwrapped(ending.result[index])]))
    // What is wrong with a value, or with the keyspace's own functions, is no failure of the source: it did answer.
    if (answers.values().every(({ value }) => value instanceof Error)) this.#protection.reportErrors(keys)
    else this.#protection.report(true)
    const errors = this.#landAll(flights, answers, version)
    this.#context.logger.info(
      { keyspace: name, source: this.#source.name, keys: keys.length, errors, durationMs: Math.round(durationMs) },
      'loaded',
    )
  }

  #landAll(flights: readonly Flight[], answers: ReadonlyMap<string, Answer>, version: number): number {
    let errors = 0
    let firstCause: unknown
    for (const flight of flights) {
      const arrival = this.#arrive(flight, answers.get(flight.key)!, version)
      if (arrival instanceof FedcacheError) {
        firstCause ??= arrival.cause ?? arrival
        errors++
      }
      this.#keyspace.land(flight, arrival)
    }
    this.#keyspace.counters.loadErrors += errors
    if (errors > 0) {
      const { name } = this.#keyspace
      this.#context.logger.warn({ keyspace: name, source: this.#source.name, errors, error: firstCause }, 'keys failed')
    }
    return errors
  }

  #arrive(flight: Flight, answer: Answer, version: number): Arrival | FedcacheError {
    if (answer.value instanceof FedcacheError) return answer.value
    if (answer.value instanceof Error) return this.#keyFailed(flight.key, answer.value)
    try {
      const atMs = this.#context.clock.monotonic()
      return new Arrival(this.#entryOf(flight, answer, version), 'SOURCE', atMs)
    } catch (error) {
      if (!(error instanceof FedcacheError)) return this.#keyFailed(flight.key, error)
      // It was the source that gave a lifetime or tags out of range, not the reader.
      return error.code === 'BAD_USER_INPUT' ? new FedcacheError('SOURCE_FAILED', error.message) : error
    }
  }

  #entryOf({ key, near }: Flight, { value, options }: Answer, version: number): StoredEntry {
    const kind = near ? 'NEAR' : 'LOADED'
    const stamp = requireRevision(this.#source.name, key, options) ?? version
    if (value === null || value === undefined) {
      const { negativeTtlMs } = this.#keyspace.policy
      return this.#keyspace.entry(key, { encoded: null, ttlMs: negativeTtlMs, tags: noTags }, stamp, kind)
    }
    const where = `${quote(key)} from the source "${this.#source.name}"`
    if (options.ttlMs !== undefined) requireLifetime(options.ttlMs, `The lifetime of ${where}`)
    return this.#keyspace.entry(key, this.#keyspace.prepare(key, value, options, where), stamp, kind)
  }

  #failBatch(
    flights: readonly Flight[],
    keys: number,
    durationMs: number,
    ending: { readonly kind: 'FAILED'; readonly cause: unknown } | { readonly kind: 'TIMED_OUT' },
  ): void {
    const { name, counters } = this.#keyspace
    const source = this.#source.name
    counters.loadErrors += flights.length
    const cause = ending.kind === 'FAILED' ? ending.cause : undefined
    this.#context.logger.warn(
      { keyspace: name, source, keys, durationMs: Math.round(durationMs), error: cause },
      ending.kind === 'FAILED' ? 'load failed' : 'load timed out',
    )
    if (cause instanceof FedcacheError) return this.#fail(flights, cause)
    const error =
      ending.kind === 'TIMED_OUT'
        ? sourceTimeout(this.#keyspace)
        : new FedcacheError('SOURCE_FAILED', `The source of "${name}" failed; its error is in this peer's log.`, {
            cause,
          })
    this.#fail(flights, error)
  }

  #fail(flights: readonly Flight[], error: FedcacheError): void {
    for (const flight of flights) this.#keyspace.land(flight, error)
  }

  #keyFailed(key: string, cause: unknown): FedcacheError {
    const message = `The source of "${this.#keyspace.name}" failed for ${quote(key)}; its error is in this peer's log.`
    return new FedcacheError('SOURCE_FAILED', message, { cause })
  }
}

/** The error of a load that outlasted the keyspace's read timeout. */
export function sourceTimeout(keyspace: Keyspace): FedcacheError {
  const { readTimeoutMs } = keyspace.policy
  return new FedcacheError(
    'SOURCE_TIMEOUT',
    `The source of "${keyspace.name}" did not answer within ${readTimeoutMs} ms; try again, or raise readTimeout.`,
  )
}
