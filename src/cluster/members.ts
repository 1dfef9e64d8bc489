import type { Clock, PeerState } from '../ports/index.ts'
import type { Heartbeat } from './protocol/heartbeat.ts'
import type { Timings } from './timings.ts'

/** What this peer knows of another. */
export interface Member {
  readonly id: string
  readonly heartbeat: Heartbeat
  readonly state: PeerState
  readonly heardAtMs: number
}

/** A member came, went or changed its state. */
export type MemberListener = (member: Member, reason: string) => void

/** What `Members` is made of. */
export interface MembersContext {
  readonly clock: Clock
  readonly timings: Timings
  readonly onChange: MemberListener
}

/**
 * The other peers, by the heartbeats that this peer hears; there is no gossip. Silence of two beats, or being told by
 * NATS that nobody listens, makes a peer suspect; only long silence makes it dead, because a live peer behind a dead
 * server looks the same for a while.
 */
export class Members {
  readonly #context: MembersContext
  readonly #members = new Map<string, Member>()

  constructor(context: MembersContext) {
    this.#context = context
  }

  get(id: string): Member | undefined {
    return this.#members.get(id)
  }

  /** All that have not left or died. */
  all(): IterableIterator<Member> {
    return this.#members.values()
  }

  /** Takes a heartbeat. Returns false where it was sent by a process that another has replaced. */
  hear(id: string, heartbeat: Heartbeat): boolean {
    const known = this.#members.get(id)
    if (known !== undefined && heartbeat.process < known.heartbeat.process) return false
    if (heartbeat.state === 'LEFT') {
      if (known !== undefined) this.#remove(known, 'left')
      return true
    }
    const restarted = known !== undefined && heartbeat.process !== known.heartbeat.process
    const reason = known === undefined || restarted ? 'heard for the first time' : 'heard again'
    this.#set({ id, heartbeat, state: heartbeat.state, heardAtMs: this.#context.clock.monotonic() }, reason, restarted)
    return true
  }

  /** Takes a peer for suspect until it is heard again. */
  suspect(id: string, reason: string): void {
    const member = this.#members.get(id)
    if (member !== undefined && member.state !== 'SUSPECT') this.#set({ ...member, state: 'SUSPECT' }, reason)
  }

  /** Those that were heard not long ago. */
  *expected(): Iterable<Member> {
    const { clock, timings } = this.#context
    const nowMs = clock.monotonic()
    for (const member of this.#members.values()) if (nowMs - member.heardAtMs < timings.suspectAfterMs) yield member
  }

  /**
   * Judges silence.
   *
   * @param listenedUntilMs until when this peer is known to have heard everything: silence after it may be its own.
   * @returns whether somebody would be judged if this peer knew that it listens.
   */
  judge(listenedUntilMs: number): boolean {
    const { clock, timings } = this.#context
    const nowMs = clock.monotonic()
    let isOverdue = false
    for (const member of this.#members.values()) {
      const silentMs = listenedUntilMs - member.heardAtMs
      if (silentMs >= timings.deadAfterMs) this.#remove(member, `silent for ${Math.round(silentMs)} ms`)
      else if (silentMs >= timings.suspectAfterMs) this.suspect(member.id, `silent for ${Math.round(silentMs)} ms`)
      const limitMs = member.state === 'SUSPECT' ? timings.deadAfterMs : timings.suspectAfterMs
      if (silentMs < limitMs && nowMs - member.heardAtMs >= limitMs) isOverdue = true
    }
    return isOverdue
  }

  /**
   * Forgets silence: it was this process that did not listen.
   *
   * @param deafMs for how long at most; silence before that counts on. Default: all.
   */
  forgive(deafMs: number = Infinity): void {
    const nowMs = this.#context.clock.monotonic()
    for (const member of this.#members.values()) {
      this.#members.set(member.id, { ...member, heardAtMs: Math.min(nowMs, member.heardAtMs + deafMs) })
    }
  }

  #set(member: Member, reason: string, changed = false): void {
    const before = this.#members.get(member.id)
    this.#members.set(member.id, member)
    if (before?.state !== member.state || changed) this.#context.onChange(member, reason)
  }

  #remove(member: Member, reason: string): void {
    this.#members.delete(member.id)
    this.#context.onChange({ ...member, state: 'DEAD' }, reason)
  }
}
