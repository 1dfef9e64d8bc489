/** Emptied when its listener is no longer wanted: the Set itself may keep what was deleted until a full collection. */
interface Place {
  listener: (() => void) | undefined
}

interface Waiting {
  readonly places: Set<Place>
  /** Whether anybody has begun to wait since somebody looked last. */
  isFresh: boolean
}

/** Those who wait for an answer of a peer, and would look for another way where it may not come. */
export class Detours {
  readonly #waiting = new Map<string, Waiting>()

  /** Calls `listener` whenever answers of the peer may not come; returns a function that stops it. */
  listen(peer: string, listener: () => void): () => void {
    let waiting = this.#waiting.get(peer)
    if (waiting === undefined) this.#waiting.set(peer, (waiting = { places: new Set(), isFresh: true }))
    const { places } = waiting
    const place: Place = { listener }
    waiting.isFresh = true
    places.add(place)
    return () => {
      places.delete(place)
      place.listener = undefined
    }
  }

  /** Sends those who wait for answers of a peer on another way, or to the same peer again. */
  take(peer: string): void {
    for (const { listener } of this.#waiting.get(peer)?.places ?? []) listener?.()
  }

  /** Peers that somebody waits for, and that nobody has asked anything since this was called last. */
  quiet(): readonly string[] {
    const quiet: string[] = []
    for (const [peer, waiting] of this.#waiting) {
      if (!waiting.isFresh && waiting.places.size > 0) quiet.push(peer)
      waiting.isFresh = false
    }
    return quiet
  }
}
