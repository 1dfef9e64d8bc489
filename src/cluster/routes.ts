import { FedcacheError } from '../errors.ts'
import type { Route } from '../ports/index.ts'
import type { Lease } from './lease.ts'
import type { Member, Members } from './members.ts'
import type { SaidState } from './protocol/heartbeat.ts'
import type { View } from './view.ts'
import type { WaitingRoom } from './waiting-room.ts'

/** What routes follow from. */
export interface RoutesContext {
  readonly selfId: string
  readonly members: Members
  readonly view: View
  readonly lease: Lease
  readonly room: WaitingRoom
}

/** Who is asked for what: the view, as far as its peers can be reached and agree with it. */
export class Routes {
  readonly #context: RoutesContext

  constructor(context: RoutesContext) {
    this.#context = context
  }

  /** How a key of the slot is brought into this process at this moment, which is `nowMs` on the monotonic clock. */
  to(slot: number, nowMs: number): Route {
    const { selfId, lease } = this.#context
    const view = this.#context.view
    const owner = view.owner(slot)
    if (owner === undefined || !lease.heldAt(nowMs)) return { kind: 'LOAD', near: true, previous: undefined }
    if (owner === selfId) return { kind: 'LOAD', near: false, previous: this.#previous(slot) }
    if (this.#isReachable(owner)) return { kind: 'ASK', peer: owner, as: 'OWNER' }
    const deputy = view.deputy(slot)
    if (deputy !== undefined && deputy !== selfId && this.#isReachable(deputy)) {
      return { kind: 'ASK', peer: deputy, as: 'DEPUTY' }
    }
    return { kind: 'LOAD', near: true, previous: undefined }
  }

  /** Peers that have not told that they handed over all that is not theirs by this view. */
  holders(): readonly string[] {
    const { hash } = this.#context.view
    return this.#where(({ heartbeat }) => heartbeat.handedOver !== hash)
  }

  /** Whether all peers that hold slots place keys as this one does. */
  get settled(): boolean {
    const { stable, hash } = this.#context.view
    if (!stable || hash === '') return false
    for (const { heartbeat } of this.#context.members.all()) {
      if (heartbeat.state === 'ALIVE' && heartbeat.view !== hash) return false
    }
    return true
  }

  /** Whether the view gives slots to this peer. */
  get isPlaced(): boolean {
    return this.#context.view.peers.includes(this.#context.selfId)
  }

  /** Who joins may take over what the last peer has. */
  get isSomebodyJoining(): boolean {
    return this.#where(({ state }) => state === 'JOINING').length > 0
  }

  /**
   * Resolves when the peers agree who owns what and this one may take part in writes.
   *
   * @throws a FedcacheError `UNAVAILABLE`, outcome `NONE`, after `timeoutMs` or when cut off.
   */
  async whenWritable(timeoutMs: number): Promise<void> {
    const { lease, room } = this.#context
    const writable = (): boolean => lease.held && this.settled
    await room.wait(() => writable() || lease.isolated, timeoutMs)
    if (writable()) return
    const why = lease.isolated
      ? 'This peer is cut off from its cluster and takes no writes'
      : `The peers of this cluster did not agree who owns what within ${Math.round(timeoutMs)} ms`
    throw new FedcacheError('UNAVAILABLE', `${why}; nothing was changed, so try again.`, { outcome: 'NONE' })
  }

  /** The peers that are to hold slots, this one among them by what it says of itself. */
  placed(selfState: SaidState): readonly string[] {
    const placed = this.#where(({ heartbeat }) => heartbeat.state === 'ALIVE')
    // The last peer keeps its slots to its end: there is nobody to give them to.
    const isSelfPlaced = selfState === 'ALIVE' || (selfState === 'LEAVING' && placed.length === 0)
    return isSelfPlaced ? [...placed, this.#context.selfId] : placed
  }

  #where(condition: (member: Member) => boolean): readonly string[] {
    return Array.from(this.#context.members.all())
      .filter(condition)
      .map(({ id }) => id)
  }

  #isReachable(peer: string): boolean {
    const state = this.#context.members.get(peer)?.state
    return state === 'ALIVE' || state === 'LEAVING' || state === 'JOINING'
  }

  #previous(slot: number): string | undefined {
    const previous = this.#context.view.previousOwner(slot)
    return previous !== undefined && previous !== this.#context.selfId && this.#isReachable(previous)
      ? previous
      : undefined
  }
}
