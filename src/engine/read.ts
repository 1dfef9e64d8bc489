import { FedcacheError } from '../errors.ts'
import type { Clock, Peers, Timer } from '../ports/index.ts'
import type { ServedFrom } from './entry.ts'
import { EntryView } from './entry-view.ts'
import type { Flight, Waiter } from './flights.ts'
import { type InputLimits, keyProblem, quote } from './input-limits.ts'
import type { Keyspace } from './keyspace.ts'
import type { ReadOptions, ReadResult } from './results.ts'
import { sourceTimeout } from './source-loader.ts'
import type { FoundEntry, StoredEntry } from './stored-entry.ts'

/** What the read path needs beside the keyspace. */
export interface ReadContext {
  readonly clock: Clock
  readonly peers: Peers
  readonly limits: InputLimits
  /** Whether a reader may wait for what other peers were asked for; not on behalf of one of them. */
  readonly joinsAsked: boolean
  /** Begins a flight for a key that has none; its deadline is counted from `nowMs`. */
  depart(keyspace: Keyspace, key: string, nowMs: number): Flight
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
  if (!keys.every(isText)) return readTexts(context, keyspace, keys, options)
  if (!context.peers.mayServe()) return readWhenMayServe(context, keyspace, keys, options)
  const { counters, policy } = keyspace
  const nowMs = context.clock.monotonic()
  const results: ReadResult[] = new Array<ReadResult>(keys.length)
  let wait: Wait | undefined
  const { entries, bytes } = keyspace.findAll(keys)
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index]!
    const hit = fromMemory(context, keyspace, key, entries[index], nowMs)
    if (hit !== undefined) {
      results[index] = hit
      continue
    }
    const problem = keyProblem(key, context.limits)
    if (problem !== undefined) {
      results[index] = problem
      continue
    }
    counters.misses++
    wait ??= new Wait(context, keyspace, results, Math.min(options.timeoutMs ?? Infinity, policy.readTimeoutMs))
    wait.join(index, key, nowMs)
  }
  if (wait !== undefined) return wait.promise
  return bytes <= context.limits.maxAnswerBytes ? results : withinAnswerLimit(context, results)
}

/**
 * Reads one key from this process's memory: an entry, `null` where it is known that there is none, `undefined` where
 * the key has to be waited for, which `read` does.
 */
export function readNow(
  context: ReadContext,
  keyspace: Keyspace,
  key: string,
  nowMs: number,
): EntryView | null | undefined {
  if (!context.peers.mayServe() || !isText(key)) return undefined
  return answerable(context, keyspace, key, keyspace.find(key), nowMs)
}

/** The same of many keys, all at one moment. They are texts: who asks for many has looked at each already. */
export function readAllNow(
  context: ReadContext,
  keyspace: Keyspace,
  keys: readonly string[],
  nowMs: number,
): readonly (EntryView | null | undefined)[] {
  if (!context.peers.mayServe()) return keys.map(() => undefined)
  const { entries } = keyspace.findAll(keys)
  return keys.map((key, index) => answerable(context, keyspace, key, entries[index], nowMs))
}

function answerable(
  context: ReadContext,
  keyspace: Keyspace,
  key: string,
  entry: StoredEntry | undefined,
  nowMs: number,
): EntryView | null | undefined {
  return isTooLarge(entry, context.limits) ? undefined : fromMemory(context, keyspace, key, entry, nowMs)
}

/**
 * Whether no answer has room for it, which `read` says. What an entry is charged is more than the length of its value,
 * which is one more place in memory.
 */
function isTooLarge(entry: StoredEntry | undefined, { maxAnswerBytes }: InputLimits): boolean {
  if (entry === undefined || entry.bytes <= maxAnswerBytes) return false
  return entry.encoded !== null && entry.encoded.length > maxAnswerBytes
}

function fromMemory(
  context: ReadContext,
  keyspace: Keyspace,
  key: string,
  entry: StoredEntry | undefined,
  nowMs: number,
): EntryView | null | undefined {
  if (entry === undefined) return undefined
  const { counters, policy } = keyspace
  const servedFrom = servable(context, entry, nowMs)
  if (servedFrom !== undefined) {
    counters.hits++
    if (servedFrom === 'NEAR') counters.nearHits++
    return view(context, keyspace, entry, servedFrom, nowMs)
  }
  if (!mayRevalidate(context, keyspace, entry, nowMs - policy.staleWhileRevalidateMs)) return undefined
  counters.hits++
  counters.staleHits++
  if (keyspace.flights.get(key) === undefined) context.depart(keyspace, key, nowMs)
  return view(context, keyspace, entry, 'STALE', nowMs)
}

function isText(key: unknown): key is string {
  return typeof key === 'string'
}

/** Reads those that are texts, and refuses the others, which JavaScript callers may give: nothing could look them up. */
function readTexts(
  context: ReadContext,
  keyspace: Keyspace,
  keys: readonly unknown[],
  options: ReadOptions,
): readonly ReadResult[] | Promise<readonly ReadResult[]> {
  const placed = (results: readonly ReadResult[]): readonly ReadResult[] => {
    const rest = results.values()
    return keys.map((key) => (isText(key) ? rest.next().value! : keyProblem(key, context.limits)!))
  }
  const results = read(context, keyspace, keys.filter(isText), options)
  return results instanceof Promise ? results.then(placed) : placed(results)
}

/** A process that was paused, or has just started, must hear what changed before it answers from its memory. */
async function readWhenMayServe(
  context: ReadContext,
  keyspace: Keyspace,
  keys: readonly string[],
  options: ReadOptions,
): Promise<readonly ReadResult[]> {
  const timeoutMs = Math.min(options.timeoutMs ?? Infinity, keyspace.policy.readTimeoutMs)
  const startedAtMs = context.clock.monotonic()
  if (await context.peers.whenMayServe(timeoutMs)) {
    const spentMs = context.clock.monotonic() - startedAtMs
    return read(context, keyspace, keys, { ...options, timeoutMs: Math.max(1, timeoutMs - spentMs) })
  }
  return keys.map(
    () =>
      new FedcacheError(
        'READ_TIMEOUT',
        `This peer did not hear from its cluster within ${timeoutMs} ms, and its memory may be outdated; try again or ask another peer.`,
      ),
  )
}

/**
 * Where a copy in memory may be served from now; `undefined`: not. An owner's copy counts only while the view names
 * this peer: after the slot has moved, another peer decides what is current.
 */
function servable({ peers }: ReadContext, entry: StoredEntry, nowMs: number): 'OWNER' | 'NEAR' | undefined {
  if (nowMs >= entry.expiresAtMs) return undefined
  if (entry.nearUntilMs !== undefined) return nowMs < entry.nearUntilMs ? 'NEAR' : undefined
  return peers.owns(entry.slot) ? 'OWNER' : undefined
}

/** Whether an expired entry may be served once more, because it is being loaded anew; puts without a source cannot be. */
function mayRevalidate(
  { peers }: ReadContext,
  { definition }: Keyspace,
  entry: StoredEntry,
  expiredAfterMs: number,
): boolean {
  return (
    definition.source !== undefined &&
    entry.encoded !== null &&
    entry.nearUntilMs === undefined &&
    expiredAfterMs < entry.expiresAtMs &&
    peers.owns(entry.slot)
  )
}

function view(
  context: ReadContext,
  keyspace: Keyspace,
  entry: StoredEntry,
  servedFrom: ServedFrom,
  nowMs: number,
): EntryView | null {
  if (entry.encoded === null) return null
  const owner = context.peers.ownerOf(entry.slot)
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

/**
 * Whether one who joined the flight when it was under way must not take what it brought. Its value may have fallen under
 * a tag invalidation that was acknowledged before the joining. And where no peer answered until its deadline, that was
 * the deadline of whoever began it; the later one has time left.
 */
function mustReadAgain({ fencedAt, result, isOverdue }: Flight): boolean {
  return fencedAt > 0 || (isOverdue && result instanceof FedcacheError)
}

/** One call that waits for flights, under the caller's own deadline. */
class Wait implements Waiter {
  readonly promise: Promise<readonly ReadResult[]>
  readonly #context: ReadContext
  readonly #keyspace: Keyspace
  readonly #results: ReadResult[]
  readonly #timer: Timer
  readonly #timeoutMs: number
  /** What is waited for: into which result, by which flight, and how many flights and fences there were when it was joined. */
  readonly #indices: number[] = []
  readonly #flights: (Flight | undefined)[] = []
  readonly #joinedAt: number[] = []
  #left = 0
  #resolve!: (results: readonly ReadResult[]) => void

  constructor(context: ReadContext, keyspace: Keyspace, results: ReadResult[], timeoutMs: number) {
    this.#context = context
    this.#keyspace = keyspace
    this.#results = results
    this.#timeoutMs = timeoutMs
    this.promise = new Promise((resolve) => (this.#resolve = resolve))
    this.#timer = context.clock.setTimer(() => this.#giveUp(), timeoutMs)
  }

  /** Waits for the key that belongs into the result of this index. */
  join(index: number, key: string, nowMs: number): void {
    this.#left++
    this.#board(this.#indices.push(index) - 1, key, nowMs)
  }

  #board(place: number, key: string, nowMs: number): void {
    const { flights } = this.#keyspace
    const underWay = this.#joinable(key)
    const flight = underWay ?? this.#context.depart(this.#keyspace, key, nowMs)
    this.#flights[place] = flight
    this.#joinedAt[place] = underWay === undefined ? flight.sequence : flights.mark()
    flight.wait(this, place)
  }

  #joinable(key: string): Flight | undefined {
    const { flights } = this.#keyspace
    const flight = flights.get(key)
    if (flight === undefined || !flight.isAsked || this.#context.joinsAsked) return flight
    // Two peers that both take the other for the owner would wait for each other.
    flights.keepApart(flight)
    return undefined
  }

  landed(flight: Flight, place: number): void {
    if (this.#flights[place] !== flight) return
    if (this.#joinedAt[place]! > flight.sequence && mustReadAgain(flight)) {
      return this.#board(place, flight.key, this.#context.clock.monotonic())
    }
    this.#flights[place] = undefined
    this.#results[this.#indices[place]!] = this.#settled(flight)
    if (--this.#left === 0) this.#finish()
  }

  #settled({ key, result }: Flight): ReadResult {
    if (result === undefined || result instanceof FedcacheError) {
      return this.#stale(key, this.#context.clock.monotonic()) ?? result!
    }
    return view(this.#context, this.#keyspace, result.entry, result.servedFrom, result.atMs)
  }

  /** An expired copy that may stand in for a failed load. */
  #stale(key: string, nowMs: number): ReadResult | undefined {
    const entry = this.#keyspace.find(key)
    const { staleIfErrorMs } = this.#keyspace.policy
    if (entry === undefined || entry.encoded === null) return undefined
    const freshUntilMs = Math.min(entry.expiresAtMs, entry.nearUntilMs ?? Infinity)
    if (nowMs >= freshUntilMs + staleIfErrorMs) return undefined
    // A put may have come while the load was failing.
    const servedFrom = servable(this.#context, entry, nowMs)
    if (servedFrom !== undefined) return view(this.#context, this.#keyspace, entry, servedFrom, nowMs)
    // Not expired, but another peer decides by now what is current.
    if (staleIfErrorMs === 0) return undefined
    this.#keyspace.counters.staleHits++
    return view(this.#context, this.#keyspace, entry, 'STALE', nowMs)
  }

  #giveUp(): void {
    const nowMs = this.#context.clock.monotonic()
    this.#flights.forEach((flight, place) => {
      if (flight === undefined) return
      this.#flights[place] = undefined
      this.#results[this.#indices[place]!] = this.#stale(flight.key, nowMs) ?? this.#timeoutOf(flight, nowMs)
    })
    this.#finish()
  }

  #timeoutOf(flight: Flight, nowMs: number): FedcacheError {
    const { source } = this.#keyspace.definition
    if (source !== undefined && flight.deadlineMs <= nowMs) return sourceTimeout(this.#keyspace)
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
