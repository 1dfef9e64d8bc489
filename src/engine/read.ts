import { FedcacheError } from '../errors.ts'
import type { Clock, Timer } from '../ports/index.ts'
import type { ServedFrom } from './entry.ts'
import { EntryView } from './entry-view.ts'
import type { Flight, Waiter } from './flights.ts'
import { type InputLimits, keyProblem, quote } from './input-limits.ts'
import type { Keyspace } from './keyspace.ts'
import type { Peers } from './peers.ts'
import type { ReadOptions, ReadResult } from './results.ts'
import { sourceTimeout } from './source-loader.ts'
import type { FoundEntry, StoredEntry } from './stored-entry.ts'

/** What the read path needs beside the keyspace. */
export interface ReadContext {
  readonly clock: Clock
  readonly peers: Peers
  readonly limits: InputLimits
  /** Begins a flight for a key that has none. */
  depart(keyspace: Keyspace, key: string): Flight
}

/**
 * The read path. A key is answered from memory where it can be; otherwise the reader waits for the flight that brings
 * it, its own or one that is under way. Answers without a promise when every key was in memory.
 *
 * It does not promise that two keys of one call were read at the same moment.
 */
export function read(
  context: ReadContext,
  keyspace: Keyspace,
  keys: readonly string[],
  options: ReadOptions,
): readonly ReadResult[] | Promise<readonly ReadResult[]> {
  const { counters, policy } = keyspace
  const nowMs = context.clock.monotonic()
  const results: ReadResult[] = new Array<ReadResult>(keys.length)
  let wait: Wait | undefined
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index]!
    const entry = keyspace.find(key)
    if (entry !== undefined && nowMs < entry.expiresAtMs) {
      counters.hits++
      results[index] = view(context, keyspace, entry, 'OWNER', nowMs)
      continue
    }
    if (entry !== undefined && entry.encoded !== null && nowMs < entry.expiresAtMs + policy.staleWhileRevalidateMs) {
      counters.hits++
      counters.staleHits++
      results[index] = view(context, keyspace, entry, 'STALE', nowMs)
      if (keyspace.flights.get(key) === undefined) context.depart(keyspace, key)
      continue
    }
    const problem = keyProblem(key, context.limits)
    if (problem !== undefined) {
      results[index] = problem
      continue
    }
    counters.misses++
    if (keyspace.definition.source === undefined) {
      results[index] = null
      continue
    }
    wait ??= new Wait(context, keyspace, results, Math.min(options.timeoutMs ?? Infinity, policy.readTimeoutMs))
    wait.join(index, key)
  }
  return wait === undefined ? withinAnswerLimit(context, results) : wait.promise
}

function view(
  context: ReadContext,
  keyspace: Keyspace,
  entry: StoredEntry,
  servedFrom: ServedFrom,
  nowMs: number,
): EntryView | null {
  if (entry.encoded === null) return null
  const owner = context.peers.ownerOf(keyspace.name, entry.key)
  return new EntryView(keyspace, entry as FoundEntry, servedFrom, owner, nowMs)
}

/** Keys whose values would make the answer too large fail alone, so that one call cannot exhaust the process. */
function withinAnswerLimit(context: ReadContext, results: ReadResult[]): ReadResult[] {
  const { maxAnswerBytes } = context.limits
  let bytes = 0
  for (let index = 0; index < results.length; index++) {
    const result = results[index]
    if (result === null || result === undefined || result instanceof FedcacheError) continue
    if (bytes + result.encoded.length > maxAnswerBytes) {
      results[index] = new FedcacheError(
        'VALUE_TOO_LARGE',
        `The answer would be over ${maxAnswerBytes} bytes with ${quote(result.key)}; ask for it in a call of its own.`,
      )
    } else {
      bytes += result.encoded.length
    }
  }
  return results
}

/** One call that waits for flights, under the caller's own deadline. */
class Wait implements Waiter {
  readonly promise: Promise<readonly ReadResult[]>
  readonly #context: ReadContext
  readonly #keyspace: Keyspace
  readonly #results: ReadResult[]
  readonly #timer: Timer
  readonly #timeoutMs: number
  /** Per index that is waited for: its flight, and how many flights and fences there were when it was joined. */
  readonly #awaited = new Map<number, { readonly flight: Flight; readonly joinedAt: number }>()
  #resolve!: (results: readonly ReadResult[]) => void

  constructor(context: ReadContext, keyspace: Keyspace, results: ReadResult[], timeoutMs: number) {
    this.#context = context
    this.#keyspace = keyspace
    this.#results = results
    this.#timeoutMs = timeoutMs
    this.promise = new Promise((resolve) => (this.#resolve = resolve))
    this.#timer = context.clock.setTimer(() => this.#giveUp(), timeoutMs)
  }

  join(index: number, key: string): void {
    const { flights } = this.#keyspace
    const flight = flights.get(key) ?? this.#context.depart(this.#keyspace, key)
    this.#awaited.set(index, { flight, joinedAt: flights.sequence })
    flight.wait(this, index)
  }

  landed(flight: Flight, index: number): void {
    const awaited = this.#awaited.get(index)
    if (awaited?.flight !== flight) return
    // Its value fell under a tag invalidation. Who was there when the flight began may have it; who came later may
    // have come after the invalidation was acknowledged, and reads again.
    if (flight.fencedAt > 0 && awaited.joinedAt > flight.sequence) return this.join(index, flight.key)
    this.#awaited.delete(index)
    this.#results[index] = this.#settled(flight)
    if (this.#awaited.size === 0) this.#finish()
  }

  #settled(flight: Flight): ReadResult {
    const { result } = flight
    const nowMs = this.#context.clock.monotonic()
    if (result === undefined || result instanceof FedcacheError) return this.#stale(flight.key, nowMs) ?? result!
    return view(this.#context, this.#keyspace, result.entry, result.servedFrom, nowMs)
  }

  /** An expired copy that may stand in for a failed load. */
  #stale(key: string, nowMs: number): ReadResult | undefined {
    const entry = this.#keyspace.find(key)
    const { staleIfErrorMs } = this.#keyspace.policy
    if (entry === undefined || entry.encoded === null || nowMs >= entry.expiresAtMs + staleIfErrorMs) return undefined
    // A put may have come while the load was failing.
    if (nowMs < entry.expiresAtMs) return view(this.#context, this.#keyspace, entry, 'OWNER', nowMs)
    this.#keyspace.counters.staleHits++
    return view(this.#context, this.#keyspace, entry, 'STALE', nowMs)
  }

  #giveUp(): void {
    const nowMs = this.#context.clock.monotonic()
    for (const [index, { flight }] of this.#awaited) {
      this.#results[index] = this.#stale(flight.key, nowMs) ?? this.#timeoutOf(flight, nowMs)
    }
    this.#awaited.clear()
    this.#finish()
  }

  #timeoutOf(flight: Flight, nowMs: number): FedcacheError {
    if (flight.deadlineMs <= nowMs) return sourceTimeout(this.#keyspace)
    return new FedcacheError(
      'READ_TIMEOUT',
      `Reading ${quote(flight.key)} of "${this.#keyspace.name}" took longer than the ${this.#timeoutMs} ms that the reader waits; the load goes on, so try again.`,
    )
  }

  #finish(): void {
    this.#timer.cancel()
    this.#resolve(withinAnswerLimit(this.#context, this.#results))
  }
}
