import type { BusMessage, PeerHost, Timer } from '../ports/index.ts'
import type { CatchUp } from './catch-up.ts'
import type { ClusterParts } from './cluster-parts.ts'
import { decodeHeartbeat, type Heartbeat } from './protocol/heartbeat.ts'
import type { Pulse } from './pulse.ts'

/** What watching needs. */
export interface WatchContext extends Pick<
  ClusterParts,
  'options' | 'timings' | 'process' | 'members' | 'lease' | 'detours' | 'asker' | 'look'
> {
  readonly host: PeerHost
  readonly pulse: Pulse
  readonly catchUp: CatchUp
  /** Names this life of this peer. */
  readonly incarnation: () => string
  /**
   * Called when this peer is back after so long that others may have taken it for dead, with whether it may have missed
   * what nobody can tell it.
   */
  readonly onReturn: (mayHaveMissed: boolean) => void
}

/** Hears heartbeats and looks at the clock: who is silent, whether this peer itself hears, what it missed meanwhile. */
export class Watch {
  readonly #context: WatchContext
  readonly #differingConfigs = new Map<string, string>()
  /** How long this peer did not hear itself before it came back. */
  #awayMs = 0
  /** Whether any peer has changed its view since the lease was lost. */
  #viewsMoved = false
  #duplicates = 0
  #wasIsolated = false
  #tickedAtMs = -Infinity
  #ticker: Timer | undefined

  constructor(context: WatchContext) {
    this.#context = context
  }

  /** Takes a heartbeat, of another peer or this one's own as it comes back. */
  onHeartbeat(sender: string, message: BusMessage): void {
    const { options, look } = this.#context
    const heartbeat = decodeHeartbeat(message.data)
    if (sender === options.peerId ? this.#onOwn(heartbeat) : this.#onOther(sender, heartbeat)) look()
  }

  /** Looks at the clock, now and from now on. */
  tick(): void {
    const { options, timings, members, lease, pulse, catchUp, look } = this.#context
    this.#ticker = options.clock.setTimer(() => this.tick(), timings.tickMs)
    const nowMs = options.clock.monotonic()
    const sinceTickMs = nowMs - this.#tickedAtMs
    this.#tickedAtMs = nowMs
    const isPaused = lease.tick() === 'PAUSED'
    if (isPaused) {
      options.logger.warn({}, 'this process was paused')
      // On a busy machine that happens often. Were all forgiven every time, one that has died would live on for long.
      members.forgive(sinceTickMs)
    }
    this.#tellWhetherIsolated()
    this.#judge()
    this.#probe()
    catchUp.catchUp(timings.tickMs)
    if (isPaused) pulse.beat()
    else pulse.beatWhenDue()
    look()
  }

  stop(): void {
    this.#ticker?.cancel()
  }

  /** @returns false where it was sent by a process that another has replaced. */
  #onOther(sender: string, heartbeat: Heartbeat): boolean {
    const { members, lease, pulse, catchUp, detours, process: ownProcess } = this.#context
    const before = members.get(sender)?.heartbeat
    if (!members.hear(sender, heartbeat)) return false
    if (!lease.held && before?.process === heartbeat.process && before.views !== heartbeat.views) {
      this.#viewsMoved = true
    }
    catchUp.onNumbers(sender, heartbeat)
    this.#compareClock(sender, heartbeat.version)
    this.#compareConfig(sender, heartbeat.config)
    catchUp.onCatalogue(sender, heartbeat)
    if (heartbeat.rollCall) {
      // It may have lost what it was asked before.
      detours.take(sender)
      pulse.answer(heartbeat.process, heartbeat.beat)
    }
    const wasComplete = lease.complete
    for (const [caller, called] of heartbeat.answers)
      if (caller === ownProcess) lease.answered(heartbeat.process, called)
    if (!wasComplete && lease.complete) pulse.beat()
    return true
  }

  /** @returns false where it is not from this life of this process. */
  #onOwn({ process, incarnation, beat }: Heartbeat): boolean {
    const { timings, members, lease, catchUp, process: ownProcess, incarnation: ownIncarnation } = this.#context
    if (process !== ownProcess) {
      this.#onNamesake(process)
      return false
    }
    if (incarnation !== ownIncarnation()) return false
    const { unheardMs } = lease
    if (unheardMs >= timings.suspectAfterMs) {
      this.#awayMs = Math.max(this.#awayMs, unheardMs)
      members.forgive()
    }
    const isRegained = lease.echoed(beat)
    this.#judge()
    if (isRegained && !catchUp.isOwed) this.#regain()
    return true
  }

  #onNamesake(process: string): void {
    const { options, process: ownProcess } = this.#context
    // Once may be the last word of a predecessor that this process replaces; a living one speaks again.
    if (process < ownProcess && ++this.#duplicates === 2) {
      options.logger.error({ peerId: options.peerId }, 'an older process with the same peerId is alive; this one ends')
      options.onDuplicate()
    }
  }

  /** Everybody who is there has told what this peer may have missed. */
  #regain(): void {
    const { timings, lease, catchUp, host, onReturn } = this.#context
    catchUp.catchUp(0)
    // So long that the others may have taken this peer for dead.
    const wasLong = Number.isFinite(this.#awayMs) && this.#awayMs >= timings.deadAfterMs - timings.heartbeatMs
    // What those have said last who are not there any more, or have come and gone meanwhile, nobody can tell.
    const mayHaveMissed = !lease.allAnswered || (wasLong && this.#viewsMoved)
    if (mayHaveMissed) host.distrustAll(true)
    lease.regain()
    this.#awayMs = 0
    this.#viewsMoved = false
    if (wasLong) onReturn(mayHaveMissed)
  }

  #judge(): void {
    const { members, lease, pulse } = this.#context
    // Before others are judged for their silence this peer must know that it would have heard them.
    if (members.judge(lease.confirmedAtMs)) pulse.beatToListen()
  }

  /**
   * A peer that has died takes questions with it, and nobody tells. The next question would find that out; where there
   * is none, because all who ask wait for answers, this takes its place.
   */
  #probe(): void {
    const { detours, asker } = this.#context
    for (const peer of detours.quiet()) void asker.probe(peer)
  }

  #tellWhetherIsolated(): void {
    const { options, lease } = this.#context
    if (lease.isolated === this.#wasIsolated) return
    this.#wasIsolated = lease.isolated
    const what = this.#wasIsolated
      ? 'cut off from the cluster: serving what is here, taking no writes'
      : 'back in the cluster'
    options.logger.warn({}, what)
  }

  #compareClock(sender: string, version: number): void {
    const { host, options } = this.#context
    if (host.observeVersion(version)) return
    options.logger.warn({ peer: sender }, 'the clock of a peer is more than a minute ahead; its versions are ignored')
  }

  /** Peers that are configured differently may answer differently; whoever operates them should know. */
  #compareConfig(sender: string, config: string): void {
    const { configHash, logger } = this.#context.options
    if (config === configHash) {
      this.#differingConfigs.delete(sender)
    } else if (this.#differingConfigs.get(sender) !== config) {
      this.#differingConfigs.set(sender, config)
      logger.warn({ peer: sender, config, ownConfig: configHash }, 'a peer is configured differently')
    }
  }
}
