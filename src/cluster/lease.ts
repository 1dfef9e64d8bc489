import type { Clock } from '../ports/index.ts'
import type { Timings } from './timings.ts'

/** What a lease is made of. */
export interface LeaseContext {
  readonly clock: Clock
  readonly timings: Timings
  /** Names of the processes of all peers that this one knows. */
  readonly known: () => Iterable<string>
  /** Those of them that must answer a roll call: who has been silent for long is not waited for. */
  readonly expected: () => Iterable<string>
}

/** What a look at the clock brought. */
export type TickOutcome = 'FINE' | 'PAUSED' | 'ISOLATED'

/**
 * The right to serve from memory. A peer's own heartbeat comes back to it through NATS behind everything that was
 * queued for it before, so having heard it means having heard all that was said until it was sent. That lends the
 * right for some seconds from the moment of sending; a process that was paused finds that it has run out.
 *
 * After it was lost, messages may have been lost as well. It comes back only when everybody expected has answered a
 * roll call that was sent since: their answers carry the numbers by which losses are noticed, and whoever answers has
 * heard of this peer, and waits for its confirmations from then on.
 */
export class Lease {
  readonly #context: LeaseContext
  /** Heartbeats that may still come back, of those sent since the lease was lost last. */
  readonly #sentAtMs = new Map<number, number>()
  #untilMs = -Infinity
  /** Who has answered since the lease was lost; `undefined` while it is held. */
  #answered: Set<string> | undefined = new Set()
  /** Whom this peer knew when the lease was lost. */
  #knownThen: ReadonlySet<string> = new Set()
  #lookedAtMs: number
  #silentMs = 0
  #heardSinceTick = false
  #isolated = false
  /** When the last heartbeat was sent that came back. */
  #confirmedAtMs = -Infinity

  constructor(context: LeaseContext) {
    this.#context = context
    this.#lookedAtMs = context.clock.monotonic()
  }

  /**
   * Whether this peer may serve as a part of its cluster. Not when it has not looked at the clock for a while: it was
   * paused, and a writer may have given up waiting for it meanwhile.
   */
  get held(): boolean {
    return this.heldAt(this.#context.clock.monotonic())
  }

  /** The same for whoever has just read the clock. */
  heldAt(nowMs: number): boolean {
    return nowMs < this.#untilMs && nowMs - this.#lookedAtMs < this.#context.timings.pausedAfterMs
  }

  /** Whether it is clear that the bus cannot be reached. */
  get isolated(): boolean {
    return this.#isolated && !this.held
  }

  /** Whether everybody expected has answered since the lease was lost. */
  get complete(): boolean {
    const answered = this.#answered
    if (answered === undefined) return true
    for (const process of this.#context.expected()) if (!answered.has(process)) return false
    return true
  }

  /** Whether everybody should be asked for a heartbeat. */
  get needsRollCall(): boolean {
    return !this.held
  }

  /** Whether everybody who was known when the lease was lost has answered since. */
  get allAnswered(): boolean {
    return this.#answered === undefined || this.#knownThen.isSubsetOf(this.#answered)
  }

  /** How long no heartbeat of this peer has come back. */
  get unheardMs(): number {
    return this.#context.clock.monotonic() - this.#confirmedAtMs
  }

  /** Until when this peer is known to have heard everything. */
  get confirmedAtMs(): number {
    return this.#confirmedAtMs
  }

  /** Notes that a heartbeat is being sent. */
  sent(beat: number): void {
    this.#sentAtMs.set(beat, this.#context.clock.monotonic())
    this.#sentAtMs.delete(beat - 16)
  }

  /** Notes any message: there is somebody. */
  heard(): void {
    this.#heardSinceTick = true
    this.#silentMs = 0
    this.#isolated = false
  }

  /** Notes that the process of a peer has answered a heartbeat that called the roll. */
  answered(process: string, beat: number): void {
    if (this.#sentAtMs.has(beat)) this.#answered?.add(process)
  }

  /** Anything may have been missed: the lease ends now. */
  lose(): void {
    this.#untilMs = -Infinity
    this.#answered ??= new Set()
    this.#answered.clear()
    this.#knownThen = this.#knownThen.union(new Set(this.#context.known()))
    // What was sent before may come back ahead of messages that were not read yet.
    this.#sentAtMs.clear()
  }

  /**
   * Takes this peer's own heartbeat as it comes back.
   *
   * @returns whether the lease is to be regained by it: see {@link regain}.
   */
  echoed(beat: number): boolean {
    const sentAtMs = this.#sentAtMs.get(beat)
    if (sentAtMs === undefined) return false
    this.#confirmedAtMs = Math.max(this.#confirmedAtMs, sentAtMs)
    const { leaseMs } = this.#context.timings
    if (this.#answered === undefined) {
      if (this.held) this.#untilMs = Math.max(this.#untilMs, sentAtMs + leaseMs)
      return false
    }
    return this.complete && this.#context.clock.monotonic() < sentAtMs + leaseMs
  }

  /** Takes the lease back, from when the heartbeat that came back was sent. */
  regain(): void {
    this.#answered = undefined
    this.#knownThen = new Set()
    this.#untilMs = this.#confirmedAtMs + this.#context.timings.leaseMs
    this.#isolated = false
  }

  /** Looks at the clock; to be called every `tickMs`. */
  tick(): TickOutcome {
    const { clock, timings } = this.#context
    const nowMs = clock.monotonic()
    const elapsedMs = nowMs - this.#lookedAtMs
    if (!this.held && this.#answered === undefined) this.lose()
    this.#lookedAtMs = nowMs
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
