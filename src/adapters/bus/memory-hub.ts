import type { Clock } from '../../ports/index.ts'
import { type DeliveryScheduler, promptDelivery } from './delivery-schedulers.ts'
import { matchSubject } from './match-subject.ts'

/** What a {@link MemoryHub} is made of. */
export interface MemoryHubOptions {
  readonly clock: Clock
  /** Default: {@link promptDelivery}. */
  readonly scheduler?: DeliveryScheduler
  /** Largest message in bytes. Default 1 MiB, as NATS has it. */
  readonly maxPayload?: number
}

/** A message between {@link HubPort}s. */
export interface HubMessage {
  readonly subject: string
  readonly data: Uint8Array
  readonly reply: string | undefined
  /** The hub's own answer, instead of a message. */
  readonly noResponders: boolean
}

/** One subscription of a {@link HubPort}. */
export interface HubSubscription {
  readonly pattern: readonly string[]
  /** Hears nothing that is sent from now on, but still what is on its way. */
  readonly ending: boolean
  readonly receive: (message: HubMessage) => void
}

/** What a bus does at its hub. */
export interface HubLine {
  /** Carries a message to everybody who hears it now. */
  send(message: HubMessage): void
  /** Does something as soon as the peer reaches the hub; nothing when the connection is lost before. */
  act(action: () => void): void
  /** Resolves when nothing is on its way to the peer. */
  quiet(): Promise<void>
  /** Leaves the hub. */
  detach(): void
}

/** A bus as its hub sees it. */
export interface HubPort {
  readonly name: string
  readonly subscriptions: ReadonlySet<HubSubscription>
  connectionMade(): void
  connectionLost(reason: string, slowConsumer: boolean): void
}

interface Peer {
  readonly port: HubPort
  /** Counts connections; what was on its way in an earlier one is lost. */
  session: number
  connected: boolean
  paused: boolean
  /** Peers with different numbers do not hear each other. */
  group: number
  /** Arrived while paused, or behind such. */
  readonly inbox: (() => void)[]
  /** Sent while paused. */
  readonly outbox: (() => void)[]
  /** Messages between their sender and a handler. */
  onTheWay: number
  readonly onQuiet: (() => void)[]
}

interface QueuedDelivery {
  state: 'waiting' | 'delivered' | 'dropped'
  arrive(lost: boolean): void
}

/**
 * What `memoryBus`es are connected by: a NATS server that is an object, with faults to order. It is driven by its clock
 * and scheduler alone, so that the same seed gives the same run.
 *
 * Peers are named as their buses are. Faults of a peer that does not exist throw a RangeError.
 */
export class MemoryHub {
  readonly maxPayload: number
  readonly clock: Clock
  readonly #schedule: DeliveryScheduler
  readonly #peers = new Map<string, Peer>()
  readonly #channels = new Map<string, QueuedDelivery[]>()

  constructor(options: MemoryHubOptions) {
    this.clock = options.clock
    this.maxPayload = options.maxPayload ?? 1024 * 1024
    this.#schedule = options.scheduler ?? promptDelivery(options.clock)
  }

  /** For `memoryBus`: takes it in, and connects it a moment later. */
  attach(port: HubPort): HubLine {
    const { name } = port
    if (this.#peers.has(name)) throw new RangeError(`There is a peer named ${name} already.`)
    const peer = newPeer(port)
    this.#peers.set(name, peer)
    this.clock.setTimer(() => {
      if (peer.session === 0 && this.#peers.get(name) === peer) this.connect(name)
    }, 0)
    const act = (action: () => void) => {
      if (peer.paused) peer.outbox.push(action)
      else action()
    }
    return {
      act,
      send: (message) => act(() => this.#route(peer, message)),
      quiet: async () => {
        while (peer.onTheWay > 0) await new Promise<void>((resolve) => peer.onQuiet.push(resolve))
      },
      detach: () => {
        if (this.#peers.get(name) === peer) this.#peers.delete(name)
        peer.connected = false
      },
    }
  }

  /** Ends a peer's connection: what is on its way to it is lost, requests to it meet no responders. */
  disconnect(name: string, reason = 'the connection was cut', slowConsumer = false): void {
    const peer = this.#peer(name)
    if (!peer.connected) return
    peer.connected = false
    peer.inbox.length = 0
    peer.outbox.length = 0
    arrived(peer, peer.onTheWay)
    peer.port.connectionLost(reason, slowConsumer)
  }

  /** Connects a peer, anew or for the first time. */
  connect(name: string): void {
    const peer = this.#peer(name)
    if (peer.connected) return
    peer.connected = true
    peer.session++
    peer.port.connectionMade()
  }

  /**
   * Nothing reaches the peer and nothing leaves it, without anybody being told: a process that was stopped, or a
   * connection that is dead. Its timers are not the hub's; a stopped process needs a clock that stops as well.
   */
  pause(name: string): void {
    this.#peer(name).paused = true
  }

  /** Lets out what the peer sent meanwhile, then gives it what arrived meanwhile, in order, one per turn. */
  resume(name: string): void {
    const peer = this.#peer(name)
    peer.paused = false
    for (const action of peer.outbox.splice(0)) action()
    this.#pump(peer)
  }

  /**
   * Ends a peer without its noticing anything, as SIGKILL does; another of its name may come. It is up to the caller
   * that the old one does nothing more: whatever it sends is kept back for ever.
   */
  kill(name: string): void {
    const peer = this.#peer(name)
    peer.connected = false
    peer.paused = true
    arrived(peer, peer.onTheWay)
    this.#peers.delete(name)
  }

  /** Cuts the network: only peers of the same group hear each other; those in none are a group of their own. */
  split(groups: readonly (readonly string[])[]): void {
    this.heal()
    for (const [index, names] of groups.entries()) {
      for (const name of names) this.#peer(name).group = index + 1
    }
  }

  /** Ends a split. Messages that were sent across it are lost. */
  heal(): void {
    for (const peer of this.#peers.values()) peer.group = 0
  }

  #peer(name: string): Peer {
    const peer = this.#peers.get(name)
    if (peer === undefined) throw new RangeError(`There is no peer named ${name}.`)
    return peer
  }

  #route(from: Peer, message: HubMessage): void {
    const subject = message.subject.split('.')
    let heard = false
    for (const peer of this.#peers.values()) {
      if (!peer.connected || peer.group !== from.group) continue
      const hearing = [...peer.port.subscriptions].filter(
        ({ pattern, ending }) => !ending && matchSubject(pattern, subject),
      )
      if (hearing.length === 0) continue
      heard = true
      this.#dispatch(from, peer, message, () => {
        for (const subscription of hearing) {
          if (peer.port.subscriptions.has(subscription)) subscription.receive(message)
        }
      })
    }
    if (!heard && message.reply !== undefined) {
      const answer = { subject: message.reply, data: new Uint8Array(0), reply: undefined, noResponders: true }
      this.#route(from, answer)
    }
  }

  #dispatch(from: Peer, to: Peer, message: HubMessage, receive: () => void): void {
    const { session } = to
    const queued: QueuedDelivery = {
      state: 'waiting',
      arrive: (lost) => {
        if (!to.connected || to.session !== session) return
        if (lost) arrived(to, 1)
        else this.#arrive(to, receive)
      },
    }
    to.onTheWay++
    const key = `${from.port.name} ${to.port.name} ${message.subject}`
    const channel = this.#channels.get(key)
    if (channel === undefined) this.#channels.set(key, [queued])
    else channel.push(queued)
    this.#schedule({
      from: from.port.name,
      to: to.port.name,
      subject: message.subject,
      bytes: message.data.length,
      deliver: () => this.#settle(key, queued, 'delivered'),
      drop: () => this.#settle(key, queued, 'dropped'),
    })
  }

  #settle(key: string, queued: QueuedDelivery, state: 'delivered' | 'dropped'): void {
    if (queued.state !== 'waiting') return
    queued.state = state
    const channel = this.#channels.get(key) ?? []
    while (channel[0] !== undefined && channel[0].state !== 'waiting') {
      const first = channel.shift()
      first?.arrive(first.state === 'dropped')
    }
    if (channel.length === 0) this.#channels.delete(key)
  }

  #arrive(peer: Peer, receive: () => void): void {
    if (peer.paused || peer.inbox.length > 0) {
      peer.inbox.push(receive)
      return
    }
    give(peer, receive)
  }

  #pump(peer: Peer): void {
    const { session } = peer
    if (peer.inbox.length === 0) return
    this.clock.setTimer(() => {
      if (peer.paused || peer.session !== session) return
      const receive = peer.inbox.shift()
      if (receive === undefined) return
      give(peer, receive)
      this.#pump(peer)
    }, 0)
  }
}

function newPeer(port: HubPort): Peer {
  const state = { session: 0, connected: false, paused: false, group: 0, onTheWay: 0 }
  return { port, ...state, inbox: [], outbox: [], onQuiet: [] }
}

function give(peer: Peer, receive: () => void): void {
  const { session } = peer
  receive()
  // A handler may end the connection, and everything that was on its way with it.
  if (peer.connected && peer.session === session) arrived(peer, 1)
}

function arrived(peer: Peer, messages: number): void {
  peer.onTheWay -= messages
  if (peer.onTheWay === 0) for (const resolve of peer.onQuiet.splice(0)) resolve()
}

/** Makes a hub for `memoryBus`es. */
export function memoryHub(options: MemoryHubOptions): MemoryHub {
  return new MemoryHub(options)
}
