import type {
  AskedAs,
  CatalogueRecord,
  ClusterEvent,
  ClusterInfo,
  Confirmation,
  Invalidation,
  PeerAnswer,
  PeerHost,
  PeerInfo,
  Peers,
  Route,
  WriteAnswers,
  WriteTransfer,
} from '../ports/index.ts'
import { type ClusterOptions, type ClusterParts, clusterParts } from './cluster-parts.ts'
import type { Member } from './members.ts'
import { slotOf, slotSeed } from './placement-hash.ts'
import { Presence } from './presence.ts'
import type { Heartbeat, SaidState } from './protocol/heartbeat.ts'

/** What a peer counts about its cluster, for metrics. */
export interface ClusterStats {
  readonly leaseHeld: boolean
  readonly isolated: boolean
  readonly suspects: number
  readonly unconfirmed: number
  readonly gaps: number
  readonly refusedMessages: number
}

/** Joins peers over a bus; see PROTOCOL.md. */
export class Cluster implements Peers {
  readonly selfId: string
  readonly spreadMs: number
  readonly #parts: ClusterParts
  readonly #eventListeners = new Set<(event: ClusterEvent) => void>()
  #presence: Presence | undefined
  #hasSettled = false

  constructor(options: ClusterOptions) {
    const { peerId } = options
    this.selfId = peerId
    this.#parts = clusterParts(options, {
      state: () => this.#state,
      onMember: (member, reason) => this.#onMember(member, reason),
      onView: (changed) => this.#onView(changed),
      look: () => this.#look(),
    })
    const { confirmTimeoutMs, suspectAfterMs, heartbeatMs } = this.#parts.timings
    this.spreadMs = confirmTimeoutMs + suspectAfterMs - heartbeatMs
  }

  /** What this peer counted, for metrics. */
  get stats(): ClusterStats {
    const { lease, members, announcements } = this.#parts
    return {
      leaseHeld: lease.held,
      isolated: lease.isolated,
      suspects: Array.from(members.all()).filter(({ state }) => state === 'SUSPECT').length,
      unconfirmed: announcements.unconfirmed,
      gaps: this.#presence?.gaps ?? 0,
      refusedMessages: this.#presence?.refusedMessages ?? 0,
    }
  }

  /** Whether this peer has taken its place among peers that agree; stays true while it is cut off later. */
  get joined(): boolean {
    return this.#state === 'ALIVE' && this.#hasSettled
  }

  slotter(keyspace: string): (key: string) => number {
    const seed = slotSeed(keyspace)
    return (key) => slotOf(seed, key)
  }

  owns(slot: number): boolean {
    return this.#parts.view.owns(slot)
  }

  ownerOf(slot: number): string | null {
    return this.#parts.view.owner(slot) ?? null
  }

  mayServe(nowMs: number = this.#parts.options.clock.monotonic()): boolean {
    const { lease, view, routes } = this.#parts
    if (!lease.heldAt(nowMs)) return lease.isolated
    return view.hash !== '' && !(this.#state === 'JOINING' && routes.isPlaced)
  }

  async whenMayServe(timeoutMs: number): Promise<boolean> {
    // Who has left will never again.
    await this.#parts.room.wait(() => this.mayServe() || this.#state === 'LEFT', timeoutMs)
    return this.mayServe()
  }

  route(slot: number, nowMs: number): Route {
    return this.#parts.routes.to(slot, nowMs)
  }

  holders(): readonly string[] {
    return this.#parts.routes.holders()
  }

  isIsolated(): boolean {
    return this.#parts.lease.isolated
  }

  ask(
    peer: string,
    as: AskedAs,
    keyspace: string,
    keys: readonly string[],
    timeoutMs: number,
  ): Promise<readonly PeerAnswer[]> {
    return this.#parts.asker.read(peer, as, keyspace, keys, timeoutMs)
  }

  async routeChange(): Promise<void> {
    const { view, room, timings } = this.#parts
    const { hash } = view
    await room.wait(() => view.hash !== hash, timings.rerouteMs)
  }

  whenWritable(timeoutMs: number): Promise<void> {
    return this.#parts.routes.whenWritable(timeoutMs)
  }

  write(peer: string, keyspace: string, writes: readonly WriteTransfer[], timeoutMs: number): Promise<WriteAnswers> {
    return this.#parts.asker.write(peer, keyspace, writes, timeoutMs)
  }

  announce(invalidation: Invalidation): Promise<Confirmation> {
    return this.#parts.announcements.announce(invalidation)
  }

  announceCatalogue(records: readonly CatalogueRecord[]): Promise<Confirmation> {
    return this.#parts.announcements.announceCatalogue(records)
  }

  info(): ClusterInfo {
    const { options, lease, members, routes, view } = this.#parts
    const self = this.#info(this.selfId, this.#state === 'LEFT' ? 'DEAD' : this.#state)
    const others = Array.from(members.all(), ({ id, state, heartbeat }) => this.#info(id, state, heartbeat))
    return {
      name: options.name,
      view: view.hash,
      settled: lease.held && routes.settled,
      degraded: !lease.held,
      self,
      peers: [self, ...others].toSorted((one, other) => (one.id < other.id ? -1 : 1)),
    }
  }

  onEvent(listener: (event: ClusterEvent) => void): () => void {
    this.#eventListeners.add(listener)
    return () => this.#eventListeners.delete(listener)
  }

  join(host: PeerHost): Promise<void> {
    this.#presence = new Presence(this.#parts, host)
    return this.#presence.join()
  }

  async leave(finish: () => Promise<void>): Promise<void> {
    if (this.#presence !== undefined) return this.#presence.leave(finish)
    await finish()
    await this.#parts.options.bus.close()
  }

  get #state(): SaidState {
    return this.#presence?.state ?? 'JOINING'
  }

  #onMember(member: Member, reason: string): void {
    const { options, announcements, detours, view } = this.#parts
    const { id, state, heartbeat } = member
    const peer = this.#info(id, state, heartbeat)
    options.logger.info({ peer: id, state, reason, incarnation: heartbeat.incarnation }, 'peer changed')
    for (const listener of this.#eventListeners) listener({ at: new Date(options.clock.now()), peer, state, reason })
    if (state === 'DEAD') this.#presence?.onDeath(id)
    if (state === 'SUSPECT' || state === 'DEAD') {
      announcements.lost(id, state === 'DEAD')
      detours.take(id)
    }
    view.changed()
    this.#look()
  }

  #onView(changed: boolean): void {
    const { options, view } = this.#parts
    if (changed) {
      options.logger.info({ view: view.hash, peers: view.peers }, 'view changed')
      this.#presence?.onView()
    }
    this.#look()
  }

  #look(): void {
    const { routes, room } = this.#parts
    if (!this.#hasSettled && routes.settled && routes.isPlaced) this.#hasSettled = true
    room.look()
  }

  #info(id: string, state: PeerInfo['state'], said?: Heartbeat): PeerInfo {
    const { options, process, view } = this.#parts
    const url = said === undefined ? options.url() : said.url === '' ? null : said.url
    return {
      id,
      incarnation: said?.incarnation ?? this.#presence?.incarnation ?? `${process}.1`,
      state,
      url,
      slots: view.slots(id),
      config: said?.config ?? options.configHash,
    }
  }
}
