import type { Clock } from '../ports/index.ts'
import type { Timings } from './timings.ts'

/** What a lease is made of. */
export interface LeaseContext {
  readonly clock: Clock
  readonly timings: Timings
  /** The peers that this one believes in, who must answer a roll call. */
  readonly expected: () => Iterable<string>
}

/** What a look at the clock brought. */
export type TickOutcome = 'FINE' | 'PAUSED' | 'ISOLATED'

/**
 * The right to serve from memory. A peer's own heartbeat comes back to it through NATS behind everything that was
 * queued for it before, so having heard it means having heard all that was said until it was sent. That lends the
 * right for some seconds from the moment of sending; a process that was paused finds that it has run out.
 *
 * After it was lost, messages may have been lost as well. It comes back only when everybody expected has been heard,
 * because heartbeats carry the numbers by which losses are noticed.
 */
export class Lease {
  readonly #context: LeaseContext
  readonly #sentAtMs = new Map<number, number>()
  #untilMs = -Infinity
  /** Peers still to be heard before the lease can come back; `undefined` while it was not lost. */
  #missing: Set<string> | undefined
  #lookedAtMs: number
  #silentMs = 0
  #heardSinceTick = false
  #isolated = false
  /** When the last heartbeat was sent that came back. */
  #confirmedAtMs = -Infinity

  constructor(context: LeaseContext) {
    this.#context = context
    this.#lookedAtMs = context.clock.monotonic()
    this.#missing = new Set()
  }

  /** Whether this peer may serve as a part of its cluster. */
  get held(): boolean {
    return this.#context.clock.monotonic() < this.#untilMs
  }

  /** Whether it is clear that the bus cannot be reached. */
  get isolated(): boolean {
    return this.#isolated && !this.held
  }

  /** Whether everybody expected has been heard since the lease was lost. */
  get complete(): boolean {
    return this.#missing === undefined || this.#missing.size === 0
  }

  /** Whether everybody should be asked for a heartbeat. */
  get needsRollCall(): boolean {
    return !this.held
  }

  /** How long no heartbeat of this peer has come back. */
  get unheardMs(): number {
    return this.#context.clock.monotonic() - this.#confirmedAtMs
  }

  /** Notes that a heartbeat is being sent. */
  sent(beat: number): void {
    // What was lost shows only when everybody is heard after this moment.
    if (!this.held) this.#missing ??= new Set(this.#context.expected())
    this.#sentAtMs.set(beat, this.#context.clock.monotonic())
    this.#sentAtMs.delete(beat - 16)
  }

  /** Notes any message. */
  heard(): void {
    this.#heardSinceTick = true
    this.#silentMs = 0
  }

  /** Notes a heartbeat of another peer. */
  heardFrom(peer: string): void {
    this.#missing?.delete(peer)
  }

  /** Notes that a peer is not waited for any more. */
  gaveUpOn(peer: string): void {
    this.#missing?.delete(peer)
  }

  /** Anything may have been missed: the lease ends now. */
  lose(): void {
    this.#untilMs = -Infinity
    this.#missing = undefined
  }

  /** Takes this peer's own heartbeat as it comes back. Returns whether the lease was regained by it. */
  echoed(beat: number): boolean {
    const sentAtMs = this.#sentAtMs.get(beat)
    if (sentAtMs === undefined) return false
    this.#confirmedAtMs = Math.max(this.#confirmedAtMs, sentAtMs)
    const wasHeld = this.held
    if (!wasHeld && (this.#missing === undefined || this.#missing.size > 0)) return false
    this.#untilMs = Math.max(this.#untilMs, sentAtMs + this.#context.timings.leaseMs)
    if (!this.held) return false
    this.#missing = undefined
    this.#isolated = false
    return !wasHeld
  }

  /** Looks at the clock; to be called every `tickMs`. */
  tick(): TickOutcome {
    const { clock, timings } = this.#context
    const nowMs = clock.monotonic()
    const elapsedMs = nowMs - this.#lookedAtMs
    this.#lookedAtMs = nowMs
    if (!this.held && this.#untilMs !== -Infinity) this.lose()
    if (elapsedMs >= timings.pausedAfterMs) {
      // Silence while this process did not listen says nothing, and neither does having been isolated before.
      this.#silentMs = 0
      this.#heardSinceTick = false
      this.#isolated = false
      return 'PAUSED'
    }
    this.#silentMs = this.#heardSinceTick ? 0 : this.#silentMs + elapsedMs
    this.#heardSinceTick = false
    if (!this.held && this.#silentMs >= timings.isolatedAfterMs) this.#isolated = true
    return this.isolated ? 'ISOLATED' : 'FINE'
  }
}
