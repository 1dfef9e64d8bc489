/** Those who wait for an answer of a peer, and would look for another way where it may not come. */
export class Detours {
  readonly #waiting = new Map<string, Set<() => void>>()

  /** Calls `listener` whenever answers of the peer may not come; returns a function that stops it. */
  listen(peer: string, listener: () => void): () => void {
    let listeners = this.#waiting.get(peer)
    if (listeners === undefined) this.#waiting.set(peer, (listeners = new Set()))
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  /** Sends those who wait for answers of a peer on another way, or to the same peer again. */
  take(peer: string): void {
    for (const listener of this.#waiting.get(peer) ?? []) listener()
  }
}
