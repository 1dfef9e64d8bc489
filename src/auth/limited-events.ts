/** What a caller may see of a stream of events. */
export interface EventLimits<Event> {
  /** The event as the caller sees it; `undefined` for one that is not for them. */
  readonly shown: (event: Event) => Event | undefined
  /** When the stream ends by itself. Default: never. */
  readonly until?: Date | undefined
}

const longestTimerMs = 2 ** 31 - 1

/**
 * Passes events on. Not an async generator: of such one `return` would wait for the next event, and a subscription that
 * a client has left would stay until then.
 */
export class LimitedEvents<Event> implements AsyncIterableIterator<Event> {
  readonly #events: AsyncIterableIterator<Event>
  readonly #shown: (event: Event) => Event | undefined
  readonly #timer: NodeJS.Timeout | undefined

  constructor(events: AsyncIterableIterator<Event>, { shown, until }: EventLimits<Event>) {
    this.#events = events
    this.#shown = shown
    if (until === undefined) return
    const leftMs = Math.min(longestTimerMs, Math.max(0, until.getTime() - Date.now()))
    this.#timer = setTimeout(() => void this.return(), leftMs)
    this.#timer.unref()
  }

  async next(): Promise<IteratorResult<Event>> {
    for (;;) {
      const result = await this.#events.next()
      if (result.done === true) {
        clearTimeout(this.#timer)
        return result
      }
      const shown = this.#shown(result.value)
      if (shown !== undefined) return { done: false, value: shown }
    }
  }

  async return(): Promise<IteratorResult<Event>> {
    clearTimeout(this.#timer)
    await this.#events.return?.()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
