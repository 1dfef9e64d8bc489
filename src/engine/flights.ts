import type { FedcacheError } from '../errors.ts'
import type { ServedFrom } from './entry.ts'
import { PassingMap } from './passing-map.ts'
import type { StoredEntry } from './stored-entry.ts'

/** What a flight brought: an entry (a not-found one included) and where it came from. */
export class Arrival {
  readonly entry: StoredEntry
  readonly servedFrom: ServedFrom
  /** When it came, on the clock's monotonic scale. */
  readonly atMs: number

  constructor(entry: StoredEntry, servedFrom: ServedFrom, atMs: number) {
    this.entry = entry
    this.servedFrom = servedFrom
    this.atMs = atMs
  }
}

/** Waits for flights. A waiter never holds up a flight, and its leaving harms no other. */
export interface Waiter {
  /** Called once per {@link Flight.wait}, when the flight has ended. */
  landed(flight: Flight, index: number): void
}

/**
 * One key on its way into memory: a load from the source, a refresh, or a read from another peer. It has a deadline
 * of its own and goes on without its waiters.
 */
export class Flight {
  readonly key: string
  readonly slot: number
  /** Its place among the flights and tag fences of its keyspace. */
  readonly sequence: number
  /** When it fails at the latest, on the clock's monotonic scale. */
  readonly deadlineMs: number
  /** Whether what it brings may be stored. Cleared by every write that comes between. */
  hooked = true
  /** Whether only a near copy of what it brings may be kept, because another peer owns the key. */
  near = false
  /** How often it had to look for another route. */
  reroutes = 0
  /** Whether another peer was asked for it as the owner of the key, or as its deputy. */
  isAsked = false
  /** Whether it failed because no peer had answered at its deadline. */
  isOverdue = false
  result: Arrival | FedcacheError | undefined
  /** The newest tag fence that its value fell under; 0 where none. Who joined after that fence must read again. */
  fencedAt = 0
  /** Its neighbours among all that have not ended. */
  earlier: Flight | undefined
  later: Flight | undefined
  isPending = true
  /** Its place among the flights that a reader may join, if it is one of them. */
  place = -1
  /** Nearly every flight has one waiter, which needs no list. */
  #waiter: Waiter | undefined
  #index = 0
  #others: { readonly waiter: Waiter; readonly index: number }[] | undefined

  constructor(key: string, slot: number, sequence: number, deadlineMs: number) {
    this.key = key
    this.slot = slot
    this.sequence = sequence
    this.deadlineMs = deadlineMs
  }

  wait(waiter: Waiter, index: number): void {
    if (this.#waiter === undefined) {
      this.#waiter = waiter
      this.#index = index
    } else {
      this.#others ??= []
      this.#others.push({ waiter, index })
    }
  }

  land(result: Arrival | FedcacheError): void {
    if (this.result !== undefined) return
    this.result = result
    const others = this.#others
    this.#others = undefined
    this.#waiter?.landed(this, this.#index)
    if (others !== undefined) for (const { waiter, index } of others) waiter.landed(this, index)
    this.#waiter = undefined
  }
}

/**
 * The flights of one keyspace, and the fences that keep what began before a write from being stored after it.
 *
 * A write of a key unhooks its flight: those who wait get what it brings, later readers start another. Which tags a
 * flight will bring is not known while it is under way, so a tag invalidation leaves a fence instead, which stands
 * until every flight that began before it has ended.
 */
export class Flights {
  readonly #joinable = new PassingMap<string, Flight>()
  /** Writes on their way to the source: at most one per key. */
  readonly #writes = new Map<string, Flight>()
  /** The ends of the list of all that have not ended, unhooked ones included, in the order they began. */
  #oldest: Flight | undefined
  #newest: Flight | undefined
  #size = 0
  /** Tag to the sequence of its newest fence, in the order they were raised. */
  readonly #fences = new Map<string, number>()
  #sequence = 0

  /** Number of flights under way. */
  get size(): number {
    return this.#size
  }

  /** Number of tag fences that stand. */
  get fenceCount(): number {
    return this.#fences.size
  }

  /** The place of the newest flight or fence. */
  get sequence(): number {
    return this.#sequence
  }

  /** The flight of `key` that a reader may join. */
  get(key: string): Flight | undefined {
    return this.#joinable.get(key)
  }

  /** Begins a flight of a key that has none that a reader may join. */
  begin(key: string, slot: number, deadlineMs: number): Flight {
    const flight = new Flight(key, slot, ++this.#sequence, deadlineMs)
    flight.place = this.#joinable.add(key, flight)
    this.#enter(flight)
    return flight
  }

  /**
   * Begins the way of a write to the source, which readers must not join. What the source acknowledges may be outdated
   * by then, as what it answers to a load.
   */
  beginWrite(key: string, slot: number, deadlineMs: number): Flight {
    const flight = new Flight(key, slot, ++this.#sequence, deadlineMs)
    this.#writes.set(key, flight)
    this.#enter(flight)
    return flight
  }

  /**
   * Ends a flight; the caller lands it afterwards.
   *
   * @param tags of the value it brought.
   * @returns whether what it brought may be stored.
   */
  end(flight: Flight, tags: readonly string[]): boolean {
    this.#joinable.delete(flight.key, flight, flight.place)
    if (this.#writes.size > 0 && this.#writes.get(flight.key) === flight) this.#writes.delete(flight.key)
    if (!flight.isPending) return false
    this.#exit(flight)
    if (this.#fences.size > 0) {
      for (const tag of tags) {
        const fence = this.#fences.get(tag)
        if (fence !== undefined && fence > flight.sequence) flight.fencedAt = Math.max(flight.fencedAt, fence)
      }
      this.#dropOldFences()
    }
    return flight.hooked && flight.fencedAt === 0
  }

  /** Lets nothing that is under way for `key` be stored, and no later reader join it. */
  unhook(key: string): void {
    const write = this.#writes.get(key)
    if (write !== undefined) write.hooked = false
    const flight = this.#joinable.get(key)
    if (flight === undefined) return
    this.keepApart(flight)
  }

  /** Keeps later readers from joining a flight, and what it brings from being stored. */
  keepApart(flight: Flight): void {
    flight.hooked = false
    this.#joinable.delete(flight.key, flight, flight.place)
  }

  /** Marks the place of a reader who joins a flight that has begun before. */
  mark(): number {
    return ++this.#sequence
  }

  /** Unhooks every flight. */
  unhookAll(): void {
    for (const flight of this.#all()) flight.hooked = false
    this.#joinable.clear()
  }

  /** Keys whose flights a reader may join. */
  keys(): IterableIterator<string> {
    return this.#joinable.keys()
  }

  /** Resolves when nothing is being read any more, flights included that readers begin because another one ended. */
  async ended(): Promise<void> {
    let reads = this.#reads()
    while (reads.length > 0) {
      await Promise.all(reads.map((flight) => new Promise<void>((done) => flight.wait({ landed: () => done() }, 0))))
      reads = this.#reads()
    }
  }

  #reads(): Flight[] {
    return [...this.#all()].filter((flight) => this.#writes.get(flight.key) !== flight)
  }

  /** Lets nothing with one of these tags that is under way be stored. */
  fence(tags: readonly string[]): void {
    if (this.#size === 0) return
    const sequence = ++this.#sequence
    for (const tag of tags) {
      this.#fences.delete(tag)
      this.#fences.set(tag, sequence)
    }
  }

  #dropOldFences(): void {
    for (const [tag, fence] of this.#fences) {
      if (this.#oldest !== undefined && fence > this.#oldest.sequence) return
      this.#fences.delete(tag)
    }
  }

  *#all(): Iterable<Flight> {
    for (let flight = this.#oldest; flight !== undefined; flight = flight.later) yield flight
  }

  #enter(flight: Flight): void {
    this.#size++
    flight.earlier = this.#newest
    if (this.#newest === undefined) this.#oldest = flight
    else this.#newest.later = flight
    this.#newest = flight
  }

  #exit(flight: Flight): void {
    const { earlier, later } = flight
    this.#size--
    flight.isPending = false
    if (earlier === undefined) this.#oldest = later
    else earlier.later = later
    if (later === undefined) this.#newest = earlier
    else later.earlier = earlier
    flight.earlier = flight.later = undefined
  }
}
