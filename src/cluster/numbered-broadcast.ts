import type { Clock, Confirmation, Timer } from '../ports/index.ts'
import type { Timings } from './timings.ts'

/** What a numbered broadcast is made of. */
export interface NumberedBroadcastContext {
  readonly clock: Clock
  readonly timings: Timings
  readonly selfId: string
  /** Publishes a message that carries the number; throws where it cannot be sent. */
  readonly publish: (number: number, message: Uint8Array) => void
  /** The peers that must confirm, and those whose confirmation is not waited for. */
  readonly audience: () => { readonly waitedFor: readonly string[]; readonly suspect: readonly string[] }
  /** Called for a peer that did not confirm in time. */
  readonly onSilent: (peer: string) => void
}

interface Pending {
  readonly number: number
  readonly waiting: Set<string>
  readonly confirmedBy: string[]
  readonly unconfirmed: string[]
  readonly timer: Timer
  readonly resolve: (confirmation: Confirmation) => void
}

/** Messages to everybody that carry a number each, and who has confirmed to have seen them. */
export class NumberedBroadcast {
  readonly #context: NumberedBroadcastContext
  readonly #pending = new Set<Pending>()
  #last = 0

  constructor(context: NumberedBroadcastContext) {
    this.#context = context
  }

  /** Number of the last message. */
  get last(): number {
    return this.#last
  }

  /**
   * Sends a message and waits until every peer that is not suspect has confirmed it, or has become suspect for its
   * silence. Never rejects: what could not be sent is confirmed by nobody.
   */
  send(encode: (number: number) => Uint8Array): Promise<Confirmation> {
    const { clock, timings, selfId, audience, publish } = this.#context
    const number = ++this.#last
    const { waitedFor, suspect } = audience()
    return new Promise((resolve) => {
      const pending: Pending = {
        number,
        waiting: new Set(waitedFor),
        confirmedBy: [selfId],
        unconfirmed: [...suspect],
        timer: clock.setTimer(() => this.#giveUp(pending), timings.confirmTimeoutMs),
        resolve,
      }
      this.#pending.add(pending)
      try {
        publish(number, encode(number))
      } catch {
        // The number is spent: whoever hears the next heartbeat notices that it has missed something.
        return this.#giveUp(pending)
      }
      this.#settle(pending)
    })
  }

  /** Takes a peer's word that it has seen everything up to a number. */
  confirmed(peer: string, number: number): void {
    for (const pending of this.#pending) {
      if (pending.number <= number && pending.waiting.delete(peer)) {
        pending.confirmedBy.push(peer)
        this.#settle(pending)
      }
    }
  }

  /** Stops waiting for a peer that went suspect, or is gone for good and has nothing left to drop. */
  lost(peer: string, gone: boolean): void {
    for (const pending of this.#pending) {
      if (!pending.waiting.delete(peer)) continue
      if (!gone) pending.unconfirmed.push(peer)
      this.#settle(pending)
    }
  }

  #giveUp(pending: Pending): void {
    const silent = [...pending.waiting]
    pending.waiting.clear()
    pending.unconfirmed.push(...silent)
    this.#settle(pending)
    for (const peer of silent) this.#context.onSilent(peer)
  }

  #settle(pending: Pending): void {
    if (pending.waiting.size > 0 || !this.#pending.delete(pending)) return
    pending.timer.cancel()
    pending.resolve({ confirmedBy: pending.confirmedBy, unconfirmed: pending.unconfirmed })
  }
}
