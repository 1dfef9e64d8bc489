import { FedcacheError } from '../errors.ts'
import { BoundedLog, type BusMessage, type PeerHost } from '../ports/index.ts'
import { CatalogueSync } from './catalogue-sync.ts'
import { CatchUp } from './catch-up.ts'
import type { ClusterParts } from './cluster-parts.ts'
import { HandOver } from './hand-over.ts'
import { slotOf, slotSeed } from './placement-hash.ts'
import type { SaidState } from './protocol/heartbeat.ts'
import { ProtocolError } from './protocol/protocol-error.ts'
import { Pulse } from './pulse.ts'
import { Responder } from './responder.ts'
import { parseSubject } from './subjects.ts'
import { Watch } from './watch.ts'

/** How long one that starts waits for another process of its name. That nobody listens is told at once. */
const namesakeTimeoutMs = 500

type Handle = (sender: string, message: BusMessage) => void | Promise<void>

/** What a peer is to the others from when it joins until it has left. */
export class Presence {
  readonly #parts: ClusterParts
  readonly #host: PeerHost
  readonly #catalogue: CatalogueSync
  readonly #handOver: HandOver
  readonly #pulse: Pulse
  readonly #catchUp: CatchUp
  readonly #watch: Watch
  readonly #refusals: BoundedLog
  /** Whether this peer hears others, and so may be heard. */
  #isListening = false
  readonly #stopSubscriptions: (() => void)[] = []
  #state: SaidState = 'JOINING'
  #lives = 1
  #refusedMessages = 0

  constructor(parts: ClusterParts, host: PeerHost) {
    const { options, asker, view } = parts
    const { clock, logger, peerId } = options
    this.#parts = parts
    this.#host = host
    this.#refusals = new BoundedLog(logger, () => clock.monotonic())
    const catalogue = (this.#catalogue = new CatalogueSync({ asker, host, logger }))
    this.#handOver = new HandOver({
      clock,
      logger,
      host,
      asker,
      selfId: peerId,
      owns: (slot) => view.owns(slot),
      ownerOfKey: (keyspace, key) => view.owner(slotOf(slotSeed(keyspace), key)),
      view: () => view.hash,
      onDone: () => this.#pulse.beatShortly(),
    })
    const incarnation = (): string => this.incarnation
    const pulse = (this.#pulse = new Pulse({
      ...parts,
      host,
      catalogue,
      handOver: this.#handOver,
      state: () => this.#state,
      incarnation,
    }))
    const catchUp = (this.#catchUp = new CatchUp({ ...parts, host, catalogue, pulse }))
    const onReturn = (mayHaveMissed: boolean): void => this.#cameBack(mayHaveMissed)
    this.#watch = new Watch({ ...parts, host, pulse, catchUp, incarnation, onReturn })
  }

  /** What this peer says of itself. */
  get state(): SaidState {
    return this.#state
  }

  /** The process and how often it has come back after it may have been taken for dead. */
  get incarnation(): string {
    return `${this.#parts.process}.${this.#lives}`
  }

  /** How often changes of others were missed. */
  get gaps(): number {
    return this.#catchUp.gaps
  }

  /** Messages that could not be read. */
  get refusedMessages(): number {
    return this.#refusedMessages
  }

  /**
   * Resolves when joined, or when it is clear that the bus cannot be reached; then joining goes on meanwhile. Rejects where
   * an older process has the same `peerId`.
   */
  async join(): Promise<void> {
    const { lease, room } = this.#parts
    this.#stopSubscriptions.push(this.#followBus())
    const arriving = this.#arrive()
    this.#watch.tick()
    await Promise.race([arriving, room.wait(() => lease.isolated, Infinity)])
  }

  /** Tells everybody, waits until the others agree without this peer, hands over, awaits `finish`, and is gone. */
  async leave(finish: () => Promise<void>): Promise<void> {
    if (this.#state === 'LEAVING' || this.#state === 'LEFT') return finish()
    const { options, timings, lease, room, routes, view } = this.#parts
    const { clock, logger } = options
    this.#state = 'LEAVING'
    if (lease.held) {
      view.changed()
      this.#pulse.beat()
      const deadlineMs = clock.monotonic() + timings.leaveMs
      const canGo = (): boolean => routes.settled && !(routes.isPlaced && routes.isSomebodyJoining)
      const agreed = await room.wait(() => canGo() || !lease.held, timings.leaveMs)
      const left = room.wait(this.#isOver, Math.max(0, deadlineMs - clock.monotonic()))
      // Nobody sends writes here any more. Those under way must be announced, and their puts handed over.
      await Promise.race([this.#host.writesEnded().then(() => this.#handOver.run()), left])
      logger.info({ agreed }, 'leaving')
    }
    await finish()
    this.#state = 'LEFT'
    this.#pulse.beat()
    this.#stop()
    await options.bus.close()
  }

  /** Brings puts where they belong by a new view, and tells the others of it. */
  onView(): void {
    // First, so that the heartbeat does not say that everything is in its place.
    void this.#handOver.run()
    this.#pulse.beat()
  }

  /** Waits for nothing any more that only a peer that is gone could tell. */
  onDeath(peer: string): void {
    this.#catchUp.forget(peer)
  }

  /** Nothing more is to be waited for: a timer that is left would keep the process alive. */
  readonly #isOver = (): boolean => this.#state === 'LEFT'

  async #arrive(): Promise<void> {
    const { options, asker } = this.#parts
    await this.#whenConnected()
    // Before this process is heard itself: the others would take it for the successor of the one that answers.
    if (await asker.isThere(options.peerId, namesakeTimeoutMs)) return this.#giveWay()
    if (this.#state !== 'JOINING') return
    this.#subscribe()
    this.#isListening = true
    this.#pulse.beat()
    await this.#enter()
  }

  #whenConnected(): Promise<void> {
    const { bus } = this.#parts.options
    if (bus.connected) return Promise.resolve()
    return new Promise((resolve) => {
      const stop = bus.onStatus(({ type }) => {
        if (type !== 'connected' && type !== 'closed') return
        stop()
        resolve()
      })
    })
  }

  async #giveWay(): Promise<never> {
    const { options } = this.#parts
    this.#state = 'LEFT'
    options.logger.error({ peerId: options.peerId }, 'an older process with the same peerId is alive; this one ends')
    this.#stop()
    await options.bus.close()
    options.onDuplicate()
    throw new FedcacheError(
      'UNAVAILABLE',
      `The peerId "${options.peerId}" is that of an older process, which is alive.`,
    )
  }

  async #enter(): Promise<void> {
    const { options, timings, lease, room, members, routes } = this.#parts
    await room.wait(() => lease.held, Infinity)
    await room.wait(this.#isOver, timings.listenMs)
    for (const { id, heartbeat } of members.all()) {
      if (heartbeat.state === 'ALIVE' && heartbeat.catalogue !== this.#catalogue.hash) await this.#catalogue.fetch(id)
    }
    if (this.#state !== 'JOINING') return
    this.#takePlace()
    await room.wait(() => this.#isOver() || (routes.settled && routes.isPlaced), timings.deadAfterMs)
    if (this.#isOver()) return
    options.bus.advertise?.({
      name: 'fedcache',
      version: '1.0.0',
      description: 'a peer of a fedcache cluster',
      metadata: { cluster: options.name, peer: options.peerId, incarnation: this.incarnation },
    })
  }

  #takePlace(): void {
    this.#state = 'ALIVE'
    this.#parts.view.changed()
    this.#pulse.beat()
  }

  #cameBack(mayHaveMissed: boolean): void {
    this.#lives++
    // Even where all agree again: meanwhile others owned what this peer owns, and took its heartbeat for its return.
    if (mayHaveMissed && this.#state === 'ALIVE') void this.#rejoin()
    this.#pulse.beat()
    for (const { id } of this.#parts.members.all()) void this.#catalogue.fetch(id)
    void this.#handOver.run()
  }

  /**
   * Others have owned what this peer owns. What it kept may have been deleted or replaced there, so it offers that to
   * them, by version, before it owns anything again.
   */
  async #rejoin(): Promise<void> {
    const { options, timings, room, routes, view } = this.#parts
    options.logger.warn({}, 'others took the place of this peer while it was away; it joins anew')
    this.#state = 'JOINING'
    view.changed()
    await room.wait(() => this.#isOver() || (!routes.isPlaced && view.stable), timings.deadAfterMs)
    await Promise.race([this.#handOver.run(), room.wait(this.#isOver, timings.leaveMs)])
    if (this.#state === 'JOINING') this.#takePlace()
  }

  #subscribe(): void {
    const { options, subjects, process, view, members, routes, announcements } = this.#parts
    const { bus, clock, logger } = options
    const responder = new Responder({
      bus,
      clock,
      logger,
      host: this.#host,
      view: () => view.hash,
      incarnation: () => this.incarnation,
      knows: (peer) => members.get(peer) !== undefined,
      whenWritable: (timeoutMs) => routes.whenWritable(timeoutMs),
      process,
      invalidationsAfter: (number) => announcements.invalidationsAfter(number),
      onSeen: (peer, seen) => announcements.confirmed(peer, seen),
    })
    const subscribe = (subject: string, handle: Handle): void => {
      this.#stopSubscriptions.push(bus.subscribe(subject, (message) => this.#receive(message, handle)))
    }
    subscribe(subjects.broadcasts('member'), (sender, message) => this.#watch.onHeartbeat(sender, message))
    subscribe(subjects.broadcasts('inv'), (sender, message) => this.#catchUp.onChange(sender, message))
    subscribe(subjects.broadcasts('keyspace'), (sender, message) => this.#catchUp.onChange(sender, message))
    subscribe(subjects.requests('rpc'), (sender, message) => responder.rpc(sender, message))
    subscribe(subjects.requests('ctl'), (sender, message) => responder.ctl(sender, message))
  }

  #followBus(): () => void {
    const { options, lease, members } = this.#parts
    return options.bus.onStatus(({ type, ...details }) => {
      options.logger.info({ bus: details }, `bus ${type}`)
      // What was sent to this peer meanwhile is gone.
      if (type !== 'connected' && type !== 'closed') lease.lose()
      if (type === 'reconnected') members.forgive()
      if (this.#isListening && (type === 'connected' || type === 'reconnected')) this.#pulse.beat()
    })
  }

  async #receive(message: BusMessage, handle: Handle): Promise<void> {
    this.#parts.lease.heard()
    const subject = parseSubject(this.#parts.subjects.prefix, message.subject)
    if (subject === undefined) return this.#refuse(message, 'the subject names no peer')
    try {
      await handle(subject.kind === 'request' ? subject.caller : subject.sender, message)
    } catch (error) {
      // Anything else is a bug, and for the bus to tell.
      if (!(error instanceof ProtocolError)) throw error
      this.#refuse(message, error.message)
    }
  }

  #refuse({ subject, data }: BusMessage, reason: string): void {
    this.#refusedMessages++
    this.#refusals.warn(
      { subject: subject.slice(0, 200), bytes: data.length, reason },
      'a message that cannot be read was dropped',
    )
  }

  #stop(): void {
    this.#watch.stop()
    this.#pulse.stop()
    this.#parts.view.stop()
    this.#parts.lease.lose()
    this.#parts.room.look()
    this.#handOver.stop()
    for (const stop of this.#stopSubscriptions.splice(0)) stop()
  }
}
