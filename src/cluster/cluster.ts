import { FedcacheError } from '../errors.ts'
import {
  BusError,
  type AskedAs,
  type Bus,
  type BusMessage,
  type CatalogueRecord,
  type Clock,
  type ClusterEvent,
  type ClusterInfo,
  type Confirmation,
  type Invalidation,
  type KeyChange,
  type Logger,
  type PeerAnswer,
  type PeerHost,
  type PeerInfo,
  type Peers,
  type Route,
  type Timer,
  type WriteAnswers,
  type WriteTransfer,
} from '../ports/index.ts'
import { Asker } from './asker.ts'
import { CatalogueSync } from './catalogue-sync.ts'
import { HandOver } from './hand-over.ts'
import { Lease } from './lease.ts'
import { type Member, Members } from './members.ts'
import { NumberedBroadcast } from './numbered-broadcast.ts'
import { slotOf, slotSeed } from './placement-hash.ts'
import { decodeChange, encodeChange } from './protocol/changes.ts'
import { rowOverheadBytes } from './protocol/entries.ts'
import { encodeFrame } from './protocol/frame.ts'
import { decodeHeartbeat, encodeHeartbeat, type Heartbeat, type SaidState } from './protocol/heartbeat.ts'
import { packPieces, pieceLimitBytes } from './protocol/pack-pieces.ts'
import { Responder } from './responder.ts'
import { Sequences } from './sequences.ts'
import { parseSubject, type Subjects, subjects } from './subjects.ts'
import { defaultTimings, type Timings } from './timings.ts'
import { View } from './view.ts'
import { WaitingRoom } from './waiting-room.ts'

/** What a cluster is joined with. */
export interface ClusterOptions {
  readonly name: string
  readonly peerId: string
  readonly bus: Bus
  readonly clock: Clock
  readonly logger: Logger
  /** Where this peer's GraphQL API is reached; `null` until it listens. */
  readonly url: () => string | null
  /** Hash of the configuration, so that peers notice when theirs differ. */
  readonly configHash: string
  /** Random text that makes the names of processes differ. */
  readonly randomText: () => string
  /** Called when an older process with the same `peerId` is alive: this one must end. */
  readonly onDuplicate: () => void
  readonly timings?: Partial<Timings>
}

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
  readonly #options: ClusterOptions
  readonly #timings: Timings
  readonly #subjects: Subjects
  readonly #process: string
  readonly #members: Members
  readonly #view: View
  readonly #lease: Lease
  readonly #asker: Asker
  readonly #room: WaitingRoom
  readonly #invalidations: NumberedBroadcast
  readonly #keyspaceChanges: NumberedBroadcast
  readonly #seenInvalidations = new Sequences()
  readonly #seenKeyspaceChanges = new Sequences()
  readonly #eventListeners = new Set<(event: ClusterEvent) => void>()
  readonly #suspectListeners = new Map<string, Set<() => void>>()
  /** Per sender that waits for a confirmation, the process whose messages were seen. */
  readonly #toConfirm = new Map<string, string>()
  /** Senders whose heartbeats told of invalidations that have not come. */
  readonly #behind = new Map<string, { readonly process: string; readonly number: number; readonly sinceMs: number }>()
  /** Peers of whose catalogue this one does not know whether it lacks a clear. */
  readonly #owed = new Set<string>()
  readonly #differingConfigs = new Map<string, string>()
  readonly #stopSubscriptions: (() => void)[] = []
  #host: PeerHost | undefined
  #catalogue: CatalogueSync | undefined
  #handOver: HandOver | undefined
  #state: SaidState = 'JOINING'
  #lives = 1
  #beats = 0
  /** Processes that called the roll and have no answer yet, and with which beat. */
  readonly #rollCalls = new Map<string, number>()
  /** How long this peer did not hear itself before it came back. */
  #awayMs = 0
  /** Whether any peer has changed its view since the lease was lost. */
  #viewsMoved = false
  #beatAtMs = -Infinity
  /** When this peer last sent a heartbeat that was no mere answer. */
  #calledAtMs = -Infinity
  #beatSoon: Timer | undefined
  #ticker: Timer | undefined
  #duplicates = 0
  #wasIsolated = false
  #hasSettled = false
  #gaps = 0
  #unconfirmed = 0
  #refusedMessages = 0

  constructor(options: ClusterOptions) {
    const { clock, bus, name, peerId, randomText } = options
    this.selfId = peerId
    this.#options = options
    const timings = (this.#timings = { ...defaultTimings, ...options.timings })
    this.spreadMs = timings.confirmTimeoutMs + timings.suspectAfterMs - timings.heartbeatMs
    this.#subjects = subjects(name, peerId)
    // Sorts by age: of two processes with one id the younger must end.
    this.#process = `${Math.floor(clock.now()).toString(36).padStart(9, '0')}-${randomText()}`
    this.#room = new WaitingRoom(clock)
    this.#members = new Members({ clock, timings, onChange: (member, reason) => this.#onMember(member, reason) })
    this.#lease = new Lease({
      clock,
      timings,
      known: () => Array.from(this.#members.all(), ({ id }) => id),
      expected: () => this.#members.expected(),
    })
    this.#view = new View({
      clock,
      timings,
      selfId: peerId,
      placed: () => this.#placed(),
      onComputed: (changed) => this.#onView(changed),
    })
    this.#asker = new Asker({
      bus,
      clock,
      subjects: this.#subjects,
      view: () => this.#view.hash,
      incarnation: (peer) => this.#members.get(peer)?.heartbeat.incarnation ?? '',
      onNoResponders: (peer) => this.#members.suspect(peer, 'nobody listens in its place'),
      onSuspect: (peer, listener) => this.#onSuspect(peer, listener),
      isSuspect: (peer) => this.#members.get(peer)?.state === 'SUSPECT',
    })
    this.#invalidations = this.#broadcast('inv')
    this.#keyspaceChanges = this.#broadcast('keyspace')
  }

  /** What this peer counted, for metrics. */
  get stats(): ClusterStats {
    return {
      leaseHeld: this.#lease.held,
      isolated: this.#lease.isolated,
      suspects: Array.from(this.#members.all()).filter(({ state }) => state === 'SUSPECT').length,
      unconfirmed: this.#unconfirmed,
      gaps: this.#gaps,
      refusedMessages: this.#refusedMessages,
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
    return this.#view.owns(slot)
  }

  ownerOf(slot: number): string | null {
    return this.#view.owner(slot) ?? null
  }

  mayServe(): boolean {
    if (!this.#lease.held) return this.#lease.isolated
    return this.#view.hash !== '' && !(this.#state === 'JOINING' && this.#isPlaced)
  }

  whenMayServe(timeoutMs: number): Promise<boolean> {
    return this.#room.wait(() => this.mayServe(), timeoutMs)
  }

  route(slot: number): Route {
    const owner = this.#view.owner(slot)
    if (owner === undefined || !this.#lease.held) return { kind: 'LOAD', near: true, previous: undefined }
    if (owner === this.selfId) return { kind: 'LOAD', near: false, previous: this.#previous(slot) }
    if (this.#isReachable(owner)) return { kind: 'ASK', peer: owner, as: 'OWNER' }
    const deputy = this.#view.deputy(slot)
    if (deputy !== undefined && deputy !== this.selfId && this.#isReachable(deputy)) {
      return { kind: 'ASK', peer: deputy, as: 'DEPUTY' }
    }
    return { kind: 'LOAD', near: true, previous: undefined }
  }

  holders(): readonly string[] {
    const { hash } = this.#view
    return Array.from(this.#members.all())
      .filter(({ heartbeat }) => heartbeat.handedOver !== hash)
      .map(({ id }) => id)
  }

  isIsolated(): boolean {
    return this.#lease.isolated
  }

  ask(
    peer: string,
    as: AskedAs,
    keyspace: string,
    keys: readonly string[],
    timeoutMs: number,
  ): Promise<readonly PeerAnswer[]> {
    return this.#asker.read(peer, as, keyspace, keys, timeoutMs)
  }

  async routeChange(): Promise<void> {
    const { hash } = this.#view
    await this.#room.wait(() => this.#view.hash !== hash, this.#timings.rerouteMs)
  }

  async whenWritable(timeoutMs: number): Promise<void> {
    const writable = (): boolean => this.#lease.held && this.#settled
    await this.#room.wait(() => writable() || this.#lease.isolated, timeoutMs)
    if (writable()) return
    const why = this.#lease.isolated
      ? 'This peer is cut off from its cluster and takes no writes'
      : `The peers of this cluster did not agree who owns what within ${Math.round(timeoutMs)} ms`
    throw new FedcacheError('UNAVAILABLE', `${why}; nothing was changed, so try again.`, { outcome: 'NONE' })
  }

  write(peer: string, keyspace: string, writes: readonly WriteTransfer[], timeoutMs: number): Promise<WriteAnswers> {
    return this.#asker.write(peer, keyspace, writes, timeoutMs)
  }

  async announce(invalidation: Invalidation): Promise<Confirmation> {
    const limit = pieceLimitBytes(this.#options.bus.maxPayload)
    const parts = await Promise.all(
      Array.from(inMessages(invalidation, limit), (part) =>
        this.#invalidations.send((number) => encodeChange({ process: this.#process, number, invalidation: part })),
      ),
    )
    return this.#counted(merge(parts))
  }

  async announceCatalogue(records: readonly CatalogueRecord[]): Promise<Confirmation> {
    const confirmation = await this.#keyspaceChanges.send((number) =>
      encodeChange({ process: this.#process, number, records }),
    )
    return this.#counted(confirmation)
  }

  info(): ClusterInfo {
    const self = this.#info(this.selfId, this.#state === 'LEFT' ? 'DEAD' : this.#state)
    const others = Array.from(this.#members.all(), ({ id, state, heartbeat }) => this.#info(id, state, heartbeat))
    return {
      name: this.#options.name,
      view: this.#view.hash,
      settled: this.#lease.held && this.#settled,
      degraded: !this.#lease.held,
      self,
      peers: [self, ...others].toSorted((one, other) => (one.id < other.id ? -1 : 1)),
    }
  }

  onEvent(listener: (event: ClusterEvent) => void): () => void {
    this.#eventListeners.add(listener)
    return () => this.#eventListeners.delete(listener)
  }

  /** Resolves when joined, or when it is clear that the bus cannot be reached; then joining goes on meanwhile. */
  async join(host: PeerHost): Promise<void> {
    const { bus, logger, clock } = this.#options
    this.#host = host
    this.#catalogue = new CatalogueSync({ asker: this.#asker, host, logger })
    this.#handOver = new HandOver({
      clock,
      logger,
      host,
      asker: this.#asker,
      selfId: this.selfId,
      owns: (slot) => this.#view.owns(slot),
      ownerOfKey: (keyspace, key) => this.#view.owner(slotOf(slotSeed(keyspace), key)),
      view: () => this.#view.hash,
      onDone: () => this.#beatShortly(),
    })
    this.#subscribe(host)
    this.#stopSubscriptions.push(
      bus.onStatus(({ type, ...details }) => {
        logger.info({ bus: details }, `bus ${type}`)
        // What was sent to this peer meanwhile is gone.
        if (type !== 'connected' && type !== 'closed') this.#lease.lose()
        if (type === 'reconnected') this.#members.forgive()
        if (type === 'connected' || type === 'reconnected') this.#beat()
      }),
    )
    this.#beat()
    this.#tick()
    const entered = this.#enter()
    await Promise.race([entered, this.#room.wait(() => this.#lease.isolated, Infinity)])
  }

  /** Tells everybody, hands over, waits until the others agree without this peer, and is gone. */
  async leave(): Promise<void> {
    if (this.#state === 'LEAVING' || this.#state === 'LEFT') return
    const { clock, logger } = this.#options
    this.#state = 'LEAVING'
    if (this.#lease.held && this.#host !== undefined) {
      this.#view.changed()
      this.#beat()
      const deadlineMs = clock.monotonic() + this.#timings.leaveMs
      const canGo = (): boolean => this.#settled && !(this.#isPlaced && this.#isSomebodyJoining)
      const agreed = await this.#room.wait(() => canGo() || !this.#lease.held, this.#timings.leaveMs)
      const left = this.#room.wait(() => false, Math.max(0, deadlineMs - clock.monotonic()))
      // Nobody sends writes here any more. Those under way must be announced, and their puts handed over.
      await Promise.race([this.#host.writesEnded().then(() => this.#handOver?.run()), left])
      logger.info({ agreed }, 'leaving')
    }
    this.#state = 'LEFT'
    this.#beat()
    this.#stop()
    await this.#options.bus.close()
  }

  get #incarnation(): string {
    return `${this.#process}.${this.#lives}`
  }

  /** Whether all peers that hold slots place keys as this one does. */
  get #settled(): boolean {
    if (!this.#view.stable || this.#view.hash === '') return false
    for (const { heartbeat } of this.#members.all()) {
      if (heartbeat.state === 'ALIVE' && heartbeat.view !== this.#view.hash) return false
    }
    return true
  }

  /** Who joins may take over what the last peer has. */
  get #isSomebodyJoining(): boolean {
    return Array.from(this.#members.all()).some(({ state }) => state === 'JOINING')
  }

  async #enter(): Promise<void> {
    await this.#room.wait(() => this.#lease.held, Infinity)
    await this.#room.wait(() => false, this.#timings.listenMs)
    for (const { id, heartbeat } of this.#members.all()) {
      if (heartbeat.state === 'ALIVE' && heartbeat.catalogue !== this.#catalogue?.hash) await this.#catalogue?.fetch(id)
    }
    if (this.#state !== 'JOINING') return
    this.#takePlace()
    await this.#room.wait(() => this.#settled && this.#isPlaced, this.#timings.deadAfterMs)
    this.#options.bus.advertise?.({
      name: 'fedcache',
      version: '1.0.0',
      description: 'a peer of a fedcache cluster',
      metadata: { cluster: this.#options.name, peer: this.selfId, incarnation: this.#incarnation },
    })
  }

  #subscribe(host: PeerHost): void {
    const { bus, logger } = this.#options
    const responder = new Responder({
      bus,
      logger,
      host,
      view: () => this.#view.hash,
      incarnation: () => this.#incarnation,
      knows: (peer) => this.#members.get(peer) !== undefined,
      whenWritable: (timeoutMs) => this.whenWritable(timeoutMs),
      onSeen: (peer, { process, invalidation, keyspaceChange }) => {
        if (process !== this.#process) return
        this.#invalidations.confirmed(peer, invalidation)
        this.#keyspaceChanges.confirmed(peer, keyspaceChange)
      },
    })
    const subscribe = (
      subject: string,
      handle: (sender: string, message: BusMessage) => void | Promise<void>,
    ): void => {
      this.#stopSubscriptions.push(bus.subscribe(subject, (message) => this.#receive(message, handle)))
    }
    subscribe(this.#subjects.broadcasts('member'), (sender, message) => this.#onHeartbeat(sender, message))
    subscribe(this.#subjects.broadcasts('inv'), (sender, message) => this.#onChange(sender, message))
    subscribe(this.#subjects.broadcasts('keyspace'), (sender, message) => this.#onChange(sender, message))
    subscribe(this.#subjects.requests('rpc'), (sender, message) => responder.rpc(sender, message))
    subscribe(this.#subjects.requests('ctl'), (sender, message) => responder.ctl(sender, message))
  }

  async #receive(
    message: BusMessage,
    handle: (sender: string, message: BusMessage) => void | Promise<void>,
  ): Promise<void> {
    this.#lease.heard()
    const subject = parseSubject(this.#subjects.prefix, message.subject)
    if (subject === undefined) return
    try {
      await handle(subject.kind === 'request' ? subject.caller : subject.sender, message)
    } catch (error) {
      this.#refusedMessages++
      throw error
    }
  }

  #onHeartbeat(sender: string, message: BusMessage): void {
    const heartbeat = decodeHeartbeat(message.data)
    if (sender === this.selfId) return this.#onOwnHeartbeat(heartbeat)
    const before = this.#members.get(sender)?.heartbeat
    if (!this.#members.hear(sender, heartbeat)) return
    if (!this.#lease.held && before?.process === heartbeat.process && before.views !== heartbeat.views) {
      this.#viewsMoved = true
    }
    const { process, invalidation, keyspaceChange, version, catalogue, rollCall, beat } = heartbeat
    if (this.#seenInvalidations.isBehind(sender, process, invalidation)) {
      if (this.#behind.get(sender)?.process !== process) {
        this.#behind.set(sender, { process, number: invalidation, sinceMs: this.#options.clock.monotonic() })
      }
      // The heartbeat may only have overtaken the message. While the lease is held the sender waits for a confirmation.
      const mayStillCome = this.#lease.held && this.#seenInvalidations.knows(sender, process)
      if (!mayStillCome) this.#catchUp(0)
    } else {
      this.#seenInvalidations.catchUp(sender, process, invalidation)
    }
    this.#seenKeyspaceChanges.catchUp(sender, process, keyspaceChange)
    if (this.#host?.observeVersion(version) === false) {
      this.#options.logger.warn(
        { peer: sender },
        'the clock of a peer is more than a minute ahead; its versions are ignored',
      )
    }
    this.#compareConfig(sender, heartbeat.config)
    if (this.#owed.has(sender)) void this.#fetchOwed(sender)
    else if (heartbeat.state !== 'LEFT' && catalogue !== this.#catalogue?.hash) void this.#catalogue?.fetch(sender)
    if (rollCall) {
      // It may have lost what it was asked before.
      this.#askElsewhere(sender)
      this.#rollCalls.set(process, beat)
      this.#beatShortly()
    }
    const wasComplete = this.#lease.complete
    for (const [caller, called] of heartbeat.answers) {
      if (caller === this.#process) this.#lease.answered(sender, called)
    }
    if (!wasComplete && this.#lease.complete) this.#beat()
    this.#look()
  }

  #onOwnHeartbeat({ process, incarnation, beat }: Heartbeat): void {
    if (process !== this.#process) {
      // Once may be the last word of a predecessor that this process replaces; a living one speaks again.
      if (process < this.#process && ++this.#duplicates === 2) {
        this.#options.logger.error(
          { peerId: this.selfId },
          'an older process with the same peerId is alive; this one ends',
        )
        this.#options.onDuplicate()
      }
      return
    }
    if (incarnation !== this.#incarnation) return
    const unheardMs = this.#lease.unheardMs
    if (unheardMs >= this.#timings.suspectAfterMs) {
      this.#awayMs = Math.max(this.#awayMs, unheardMs)
      this.#members.forgive()
    }
    const isRegained = this.#lease.echoed(beat)
    this.#judge()
    if (isRegained && this.#owed.size === 0) this.#regain()
    this.#look()
  }

  /** Everybody who is there has told what this peer may have missed. */
  #regain(): void {
    this.#catchUp(0)
    // So long that the others may have taken this peer for dead.
    const wasLong =
      Number.isFinite(this.#awayMs) && this.#awayMs >= this.#timings.deadAfterMs - this.#timings.heartbeatMs
    // What those have said last who are not there any more, or have come and gone meanwhile, nobody can tell.
    const mayHaveMissed = !this.#lease.allAnswered || (wasLong && this.#viewsMoved)
    if (mayHaveMissed) this.#host?.distrustAll()
    this.#lease.regain()
    this.#awayMs = 0
    this.#viewsMoved = false
    if (wasLong) this.#cameBack(mayHaveMissed)
  }

  #cameBack(mayHaveMissed: boolean): void {
    this.#lives++
    // Even where all agree again: meanwhile others owned what this peer owns, and took its heartbeat for its return.
    if (mayHaveMissed && this.#state === 'ALIVE') void this.#rejoin()
    this.#beat()
    for (const { id } of this.#members.all()) void this.#catalogue?.fetch(id)
    void this.#handOver?.run()
  }

  /**
   * Others have owned what this peer owns. What it kept may have been deleted or replaced there, so it offers that to
   * them, by version, before it owns anything again.
   */
  async #rejoin(): Promise<void> {
    this.#options.logger.warn({}, 'others took the place of this peer while it was away; it joins anew')
    this.#state = 'JOINING'
    this.#view.changed()
    await this.#room.wait(() => !this.#isPlaced && this.#view.stable, this.#timings.deadAfterMs)
    await Promise.race([this.#handOver?.run(), this.#room.wait(() => false, this.#timings.leaveMs)])
    if (this.#state === 'JOINING') this.#takePlace()
  }

  #takePlace(): void {
    this.#state = 'ALIVE'
    this.#view.changed()
    this.#beat()
  }

  get #isPlaced(): boolean {
    return this.#view.peers.includes(this.selfId)
  }

  #judge(): void {
    const { clock } = this.#options
    const isOverdue = this.#members.judge(this.#lease.confirmedAtMs)
    // Before others are judged for their silence this peer must know that it would have heard them.
    if (isOverdue && clock.monotonic() - this.#beatAtMs >= this.#timings.tickMs) this.#beat()
  }

  #onChange(sender: string, message: BusMessage): void {
    if (sender === this.selfId) return
    const change = decodeChange(message.data)
    if ('records' in change) {
      const heard = this.#seenKeyspaceChanges.message(sender, change.process, change.number)
      if (heard === 'GAP') void this.#catalogue?.fetch(sender)
      void this.#host?.adopt(change.records).then(() => this.#confirm(sender, change.process))
      return
    }
    if (this.#seenInvalidations.message(sender, change.process, change.number) === 'GAP') this.#missed(sender)
    for (const version of versionsOf(change.invalidation)) this.#host?.observeVersion(version)
    this.#host?.applyInvalidation(change.invalidation)
    this.#confirm(sender, change.process)
  }

  /** Peers that are configured differently may answer differently; whoever operates them should know. */
  #compareConfig(sender: string, config: string): void {
    const { configHash, logger } = this.#options
    if (config === configHash) {
      this.#differingConfigs.delete(sender)
    } else if (this.#differingConfigs.get(sender) !== config) {
      this.#differingConfigs.set(sender, config)
      logger.warn({ peer: sender, config, ownConfig: configHash }, 'a peer is configured differently')
    }
  }

  /** Confirms to a sender, at most once a turn of the event loop, everything that was seen of it. */
  #confirm(sender: string, process: string): void {
    if (this.#owed.has(sender)) return
    const isScheduled = this.#toConfirm.has(sender)
    this.#toConfirm.set(sender, process)
    if (isScheduled) return
    this.#options.clock.setTimer(() => {
      const seenProcess = this.#toConfirm.get(sender)
      this.#toConfirm.delete(sender)
      this.#publish(this.#subjects.request('ctl', sender), () =>
        encodeFrame({
          op: 'seen',
          process: seenProcess,
          invalidation: this.#seenInvalidations.last(sender),
          keyspaceChange: this.#seenKeyspaceChanges.last(sender),
        }),
      )
    }, 0)
  }

  /** Makes up for invalidations that have not come within a time after a heartbeat told of them. */
  #catchUp(afterMs: number): void {
    const nowMs = this.#options.clock.monotonic()
    for (const [sender, { process, number, sinceMs }] of this.#behind) {
      if (nowMs - sinceMs < afterMs) continue
      this.#behind.delete(sender)
      if (!this.#seenInvalidations.isBehind(sender, process, number)) continue
      this.#seenInvalidations.catchUp(sender, process, number)
      this.#missed(sender)
    }
  }

  #missed(sender: string): void {
    this.#gaps++
    this.#options.logger.warn({ peer: sender }, 'invalidations of a peer were missed; what may be outdated is dropped')
    this.#host?.distrustAll()
    // Of one that has left the others know.
    if (this.#members.get(sender) === undefined) return
    this.#owed.add(sender)
    void this.#fetchOwed(sender)
  }

  /** A clear may be among what was missed. Until it is made up for nothing of its sender is confirmed. */
  async #fetchOwed(sender: string): Promise<void> {
    const process = this.#members.get(sender)?.heartbeat.process
    const isFetched = await this.#catalogue?.fetch(sender)
    if (isFetched !== true || process === undefined || !this.#owed.delete(sender)) return
    this.#confirm(sender, process)
    if (!this.#lease.held) this.#beat()
  }

  #onMember(member: Member, reason: string): void {
    const { id, state, heartbeat } = member
    const peer = this.#info(id, state, heartbeat)
    this.#options.logger.info({ peer: id, state, reason, incarnation: heartbeat.incarnation }, 'peer changed')
    for (const listener of this.#eventListeners) {
      listener({ at: new Date(this.#options.clock.now()), peer, state, reason })
    }
    if (state === 'DEAD') this.#owed.delete(id)
    if (state === 'SUSPECT' || state === 'DEAD') {
      this.#invalidations.lost(id, state === 'DEAD')
      this.#keyspaceChanges.lost(id, state === 'DEAD')
      this.#askElsewhere(id)
    }
    this.#view.changed()
    this.#look()
  }

  /** Sends those who wait for answers of a peer on another way, or to the same peer again. */
  #askElsewhere(peer: string): void {
    for (const listener of this.#suspectListeners.get(peer) ?? []) listener()
  }

  #onView(changed: boolean): void {
    if (changed) {
      this.#options.logger.info({ view: this.#view.hash, peers: this.#view.peers }, 'view changed')
      // First, so that the heartbeat does not say that everything is in its place.
      void this.#handOver?.run()
      this.#beat()
    }
    this.#look()
  }

  #look(): void {
    if (!this.#hasSettled && this.#settled && this.#isPlaced) this.#hasSettled = true
    this.#room.look()
  }

  #tick(): void {
    const { clock, logger } = this.#options
    this.#ticker = clock.setTimer(() => this.#tick(), this.#timings.tickMs)
    const outcome = this.#lease.tick()
    if (outcome === 'PAUSED') {
      logger.warn({}, 'this process was paused')
      this.#members.forgive()
    }
    if (this.#lease.isolated !== this.#wasIsolated) {
      this.#wasIsolated = this.#lease.isolated
      const what = this.#wasIsolated
        ? 'cut off from the cluster: serving what is here, taking no writes'
        : 'back in the cluster'
      logger.warn({}, what)
    }
    this.#judge()
    this.#catchUp(this.#timings.tickMs)
    // Answers to others are heartbeats, but must not put off calling the roll oneself.
    const lastMs = this.#lease.needsRollCall ? this.#calledAtMs : this.#beatAtMs
    if (outcome === 'PAUSED' || clock.monotonic() - lastMs >= this.#timings.heartbeatMs) this.#beat()
    this.#look()
  }

  /** @param callsRoll false for answers: two peers without a lease would answer each other's answers for ever. */
  #beat(callsRoll = true): void {
    this.#beatSoon?.cancel()
    this.#beatSoon = undefined
    const beat = ++this.#beats
    this.#beatAtMs = this.#options.clock.monotonic()
    if (callsRoll) this.#calledAtMs = this.#beatAtMs
    this.#lease.sent(beat)
    const isSent = this.#publish(this.#subjects.broadcast('member'), () =>
      encodeHeartbeat({
        process: this.#process,
        incarnation: this.#incarnation,
        state: this.#state,
        beat,
        rollCall: callsRoll && this.#lease.needsRollCall,
        answers: [...this.#rollCalls],
        view: this.#view.hash,
        views: this.#view.count,
        handedOver: this.#handOver?.doneFor ?? '',
        catalogue: this.#catalogue?.hash ?? '',
        config: this.#options.configHash,
        invalidation: this.#invalidations.last,
        keyspaceChange: this.#keyspaceChanges.last,
        version: this.#host?.lastVersion ?? 0,
        url: this.#options.url() ?? '',
      }),
    )
    if (isSent) this.#rollCalls.clear()
  }

  /** Sends one heartbeat for all that happens in this turn of the event loop. */
  #beatShortly(): void {
    const { clock } = this.#options
    // Whoever calls the roll has just come back, and may be the one that was missing when this peer called last.
    this.#beatSoon ??= clock.setTimer(() => this.#beat(clock.monotonic() - this.#calledAtMs >= this.#timings.tickMs), 0)
  }

  #publish(subject: string, encode: () => Uint8Array): boolean {
    try {
      this.#options.bus.publish(subject, encode())
      return true
    } catch (error) {
      if (error instanceof BusError) return false
      throw error
    }
  }

  #broadcast(topic: 'inv' | 'keyspace'): NumberedBroadcast {
    return new NumberedBroadcast({
      clock: this.#options.clock,
      timings: this.#timings,
      selfId: this.selfId,
      publish: (_number, message) => this.#options.bus.publish(this.#subjects.broadcast(topic), message),
      audience: () => {
        const members = Array.from(this.#members.all())
        return {
          waitedFor: members.filter(({ state }) => state !== 'SUSPECT').map(({ id }) => id),
          suspect: members.filter(({ state }) => state === 'SUSPECT').map(({ id }) => id),
        }
      },
      onSilent: (peer) => this.#members.suspect(peer, 'it did not confirm in time'),
    })
  }

  #onSuspect(peer: string, listener: () => void): () => void {
    let listeners = this.#suspectListeners.get(peer)
    if (listeners === undefined) this.#suspectListeners.set(peer, (listeners = new Set()))
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  #placed(): readonly string[] {
    const others = Array.from(this.#members.all()).filter(({ heartbeat }) => heartbeat.state === 'ALIVE')
    const placed = others.map(({ id }) => id)
    // The last peer keeps its slots to its end: there is nobody to give them to.
    if (this.#state === 'ALIVE' || (this.#state === 'LEAVING' && placed.length === 0)) placed.push(this.selfId)
    return placed
  }

  #isReachable(peer: string): boolean {
    const state = this.#members.get(peer)?.state
    return state === 'ALIVE' || state === 'LEAVING' || state === 'JOINING'
  }

  #previous(slot: number): string | undefined {
    const previous = this.#view.previousOwner(slot)
    return previous !== undefined && previous !== this.selfId && this.#isReachable(previous) ? previous : undefined
  }

  #counted(confirmation: Confirmation): Confirmation {
    this.#unconfirmed += confirmation.unconfirmed.length
    return confirmation
  }

  #info(id: string, state: PeerInfo['state'], said?: Heartbeat): PeerInfo {
    const url = said === undefined ? this.#options.url() : said.url === '' ? null : said.url
    return {
      id,
      incarnation: said?.incarnation ?? this.#incarnation,
      state,
      url,
      slots: this.#view.slots(id),
      config: said?.config ?? this.#options.configHash,
    }
  }

  #stop(): void {
    this.#ticker?.cancel()
    this.#beatSoon?.cancel()
    this.#view.stop()
    this.#handOver?.stop()
    for (const stop of this.#stopSubscriptions.splice(0)) stop()
  }
}

/** A change of many keys in as many messages as it takes. */
function* inMessages(invalidation: Invalidation, limitBytes: number): Iterable<Invalidation> {
  if (invalidation.kind !== 'KEYS') return yield invalidation
  const bytes = (change: KeyChange): number => Buffer.byteLength(change.key) + rowOverheadBytes
  for (const changes of packPieces(invalidation.changes, limitBytes, bytes).pieces) yield { ...invalidation, changes }
}

function merge(parts: readonly Confirmation[]): Confirmation {
  const [only] = parts
  if (parts.length === 1 && only !== undefined) return only
  const unconfirmed = new Set(parts.flatMap((part) => part.unconfirmed))
  const confirmedBy = new Set(parts.flatMap((part) => part.confirmedBy))
  return { confirmedBy: [...confirmedBy].filter((peer) => !unconfirmed.has(peer)), unconfirmed: [...unconfirmed] }
}

function versionsOf(invalidation: Invalidation): readonly number[] {
  return invalidation.kind === 'KEYS' ? invalidation.changes.map(({ version }) => version) : [invalidation.version]
}
