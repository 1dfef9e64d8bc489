import type { PeerHost, Timer } from '../ports/index.ts'
import type { CatalogueSync } from './catalogue-sync.ts'
import type { ClusterParts } from './cluster-parts.ts'
import type { HandOver } from './hand-over.ts'
import { encodeHeartbeat, type SaidState } from './protocol/heartbeat.ts'
import { tell } from './tell.ts'

/** What heartbeats tell of. */
export interface PulseContext extends Pick<
  ClusterParts,
  'options' | 'timings' | 'subjects' | 'process' | 'view' | 'lease' | 'announcements'
> {
  readonly host: PeerHost
  readonly catalogue: CatalogueSync
  readonly handOver: HandOver
  readonly state: () => SaidState
  readonly incarnation: () => string
}

/** Sends this peer's heartbeats. */
export class Pulse {
  readonly #context: PulseContext
  /** Processes that called the roll and have no answer yet, and with which beat. */
  readonly #rollCalls = new Map<string, number>()
  #beats = 0
  #beatAtMs = -Infinity
  /** When this peer last sent a heartbeat that was no mere answer. */
  #calledAtMs = -Infinity
  #soon: Timer | undefined

  constructor(context: PulseContext) {
    this.#context = context
  }

  /** @param callsRoll false for answers: two peers without a lease would answer each other's answers for ever. */
  beat(callsRoll = true): void {
    const { options, subjects, lease } = this.#context
    this.#soon?.cancel()
    this.#soon = undefined
    const beat = ++this.#beats
    this.#beatAtMs = options.clock.monotonic()
    if (callsRoll) this.#calledAtMs = this.#beatAtMs
    lease.sent(beat)
    const isSent = tell(options.bus, subjects.broadcast('member'), () => this.#encoded(beat, callsRoll))
    if (isSent) this.#rollCalls.clear()
  }

  /** Sends one heartbeat for all that happens in this turn of the event loop. */
  beatShortly(): void {
    const { options, timings } = this.#context
    const { clock } = options
    // Whoever calls the roll has just come back, and may be the one that was missing when this peer called last.
    this.#soon ??= clock.setTimer(() => this.beat(clock.monotonic() - this.#calledAtMs >= timings.tickMs), 0)
  }

  /** Sends a heartbeat where the last one was long ago. */
  beatWhenDue(): void {
    const { timings, lease } = this.#context
    // Answers to others are heartbeats, but must not put off calling the roll oneself.
    if (this.#elapsedMs(lease.needsRollCall ? this.#calledAtMs : this.#beatAtMs) >= timings.heartbeatMs) this.beat()
  }

  /** Sends a heartbeat where none was sent since the last look at the clock: it shows whether this peer hears. */
  beatToListen(): void {
    if (this.#elapsedMs(this.#beatAtMs) >= this.#context.timings.tickMs) this.beat()
  }

  /** Answers a process that called the roll. */
  answer(process: string, beat: number): void {
    this.#rollCalls.set(process, beat)
    this.beatShortly()
  }

  stop(): void {
    this.#soon?.cancel()
  }

  #elapsedMs(sinceMs: number): number {
    return this.#context.options.clock.monotonic() - sinceMs
  }

  #encoded(beat: number, callsRoll: boolean): Uint8Array {
    const { options, process, view, lease, announcements, host, catalogue, handOver, state, incarnation } =
      this.#context
    return encodeHeartbeat({
      process,
      incarnation: incarnation(),
      state: state(),
      beat,
      rollCall: callsRoll && lease.needsRollCall,
      answers: [...this.#rollCalls],
      view: view.hash,
      views: view.count,
      handedOver: handOver.doneFor,
      catalogue: catalogue.hash,
      config: options.configHash,
      invalidation: announcements.lastInvalidation,
      tagInvalidation: announcements.lastTagInvalidation,
      keyspaceChange: announcements.lastKeyspaceChange,
      version: host.lastVersion,
      url: options.url() ?? '',
    })
  }
}
