/** What a subscriber who falls behind gets. */
export interface HubOptions<Event> {
  /** The most events that wait for one subscriber. */
  readonly maxWaiting: number
  /** Stands in, once, for events that were dropped because the subscriber was too slow; of the kind of the first. */
  readonly missed: (dropped: Event) => Event
}

/**
 * Hands events to any number of subscribers, in order. A slow subscriber holds up nobody and uses bounded memory: it
 * misses events, and is told so.
 */
export class EventHub<Event> {
  readonly #options: HubOptions<Event>
  readonly #subscribers = new Set<Subscriber<Event>>()

  constructor(options: HubOptions<Event>) {
    this.#options = options
  }

  /** Number of subscribers. */
  get size(): number {
    return this.#subscribers.size
  }

  publish(event: Event): void {
    for (const subscriber of this.#subscribers) subscriber.offer(event)
  }

  /** Subscribes from this moment on; ends with the iterator's `return` or with `close`. */
  subscribe<Wanted extends Event>(wanted: (event: Event) => event is Wanted): AsyncIterableIterator<Wanted>
  subscribe(wanted: (event: Event) => boolean): AsyncIterableIterator<Event>
  subscribe(wanted: (event: Event) => boolean): AsyncIterableIterator<Event> {
    const subscriber: Subscriber<Event> = new Subscriber(this.#options, wanted, () =>
      this.#subscribers.delete(subscriber),
    )
    this.#subscribers.add(subscriber)
    return subscriber
  }

  /** Ends all subscriptions, after what waits for them has been taken. */
  close(): void {
    for (const subscriber of this.#subscribers) subscriber.end()
  }
}

class Subscriber<Event> implements AsyncIterableIterator<Event> {
  readonly #options: HubOptions<Event>
  readonly #wanted: (event: Event) => boolean
  readonly #onEnd: () => void
  readonly #waiting: Event[] = []
  readonly #takers: ((result: IteratorResult<Event>) => void)[] = []
  #overflowed = false
  #ended = false

  constructor(options: HubOptions<Event>, wanted: (event: Event) => boolean, onEnd: () => void) {
    this.#options = options
    this.#wanted = wanted
    this.#onEnd = onEnd
  }

  offer(event: Event): void {
    if (this.#ended || !this.#wanted(event)) return
    const take = this.#takers.shift()
    if (take !== undefined) return take({ done: false, value: event })
    // Behind a gap that is not taken yet nothing may queue: of what overflows then the subscriber would not be told.
    if (this.#overflowed) return
    if (this.#waiting.length < this.#options.maxWaiting) {
      this.#waiting.push(event)
    } else {
      this.#overflowed = true
      this.#waiting.push(this.#options.missed(event))
    }
  }

  next(): Promise<IteratorResult<Event>> {
    const event = this.#waiting.shift()
    if (event !== undefined) {
      // Only when all that waited is taken may events flow again: the gap must stand where the events are missing.
      if (this.#waiting.length === 0) this.#overflowed = false
      return Promise.resolve({ done: false, value: event })
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve) => this.#takers.push(resolve))
  }

  return(): Promise<IteratorResult<Event>> {
    this.#waiting.length = 0
    this.end()
    return Promise.resolve({ done: true, value: undefined })
  }

  end(): void {
    this.#ended = true
    this.#onEnd()
    for (const take of this.#takers.splice(0)) take({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
