import type { Clock } from '../ports/index.ts'

/** Clears and tag invalidations of a moment ago, of which there may be peers that have not heard yet. */
export class Spreading {
  readonly #clock: Clock
  readonly #spreadMs: number
  /** Until when there may be such peers. */
  readonly #tags = new Map<string, number>()
  #clearUntilMs = -Infinity

  /** @param spreadMs how long a change may be on its way to other peers; 0 where there are none. */
  constructor(clock: Clock, spreadMs: number) {
    this.#clock = clock
    this.#spreadMs = spreadMs
  }

  /** Notes that the tags were invalidated now. */
  tagsInvalidated(tags: readonly string[]): void {
    if (this.#spreadMs === 0) return
    const nowMs = this.#clock.monotonic()
    for (const [tag, untilMs] of this.#tags) {
      if (nowMs < untilMs) break
      this.#tags.delete(tag)
    }
    for (const tag of tags) {
      this.#tags.delete(tag)
      this.#tags.set(tag, nowMs + this.#spreadMs)
    }
  }

  /** Notes that everything was cleared now. */
  cleared(): void {
    this.#clearUntilMs = this.#clock.monotonic() + this.#spreadMs
  }

  /** Whether what another peer answered, with these tags, and which came at `atMs`, may be from before one of them. */
  mayBeOlder(tags: readonly string[], atMs: number): boolean {
    if (atMs < this.#clearUntilMs) return true
    return this.#tags.size > 0 && tags.some((tag) => atMs < (this.#tags.get(tag) ?? -Infinity))
  }
}
