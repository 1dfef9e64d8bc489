/** Lets one write of a key through at a time, in the order they came; writes of other keys do not wait. */
export class KeyQueue {
  readonly #tails = new Map<string, Promise<void>>()

  /** Number of keys that are being written. */
  get size(): number {
    return this.#tails.size
  }

  /**
   * Takes the next turn for `key`.
   *
   * @returns `ready` resolves when all earlier turns have ended; `done` ends this turn and must be called, also when
   * the caller no longer wants it.
   */
  take(key: string): { readonly ready: Promise<void> | undefined; readonly done: () => void } {
    const before = this.#tails.get(key)
    let end!: () => void
    const ended = new Promise<void>((resolve) => (end = resolve))
    // A turn given up early must not let its successor overtake the turns before it.
    const tail = before === undefined ? ended : before.then(() => ended)
    this.#tails.set(key, tail)
    const done = (): void => {
      end()
      void tail.then(() => {
        if (this.#tails.get(key) === tail) this.#tails.delete(key)
      })
    }
    return { ready: before, done }
  }
}
