import { asFedcacheError, FedcacheError, type FedcacheErrorOptions } from '../errors.ts'
import type { Clock, PeerAnswer, Peers, Route } from '../ports/index.ts'
import type { ServedFrom } from './entry.ts'
import { Arrival, type Flight } from './flights.ts'
import { noTags, quote } from './input-limits.ts'
import type { Keyspace } from './keyspace.ts'
import type { Keyspaces, ServedKeyspace } from './keyspaces.ts'
import { type Question, Questions } from './questions.ts'

/** The most keys in one question to a peer. */
const maxKeysPerQuestion = 1_000

/** How often a flight looks for another route before this peer loads a near copy itself; about a second. */
const maxReroutes = 10

/** How long a load waits for what the slot's last owner may still have. */
const maxPreviousMs = 500

/** What departures are made of. */
export interface DeparturesContext {
  readonly clock: Clock
  readonly peers: Peers
  readonly keyspaces: Keyspaces
}

/**
 * Sends flights on their way: to the source, to the owner or deputy of the key, or to the peer that owned it until a
 * moment ago. Questions to one peer are gathered like loads.
 */
export class Departures {
  readonly #context: DeparturesContext
  readonly #questions: Questions

  constructor(context: DeparturesContext) {
    this.#context = context
    this.#questions = new Questions({
      clock: context.clock,
      maxFlights: maxKeysPerQuestion,
      ask: (question) => void this.#ask(question),
    })
  }

  /** Begins a flight by the route that the cluster gives now. */
  readonly depart = (keyspace: Keyspace, key: string, nowMs: number): Flight => {
    return this.#begin(keyspace, key, nowMs, this.#sendByRoute)
  }

  /** Begins a flight on behalf of another peer, which must not be asked back: it ends here or at the source. */
  readonly departAsOwner = (keyspace: Keyspace, key: string, nowMs: number): Flight => {
    return this.#begin(keyspace, key, nowMs, this.#loadAsOwner)
  }

  readonly #sendByRoute: Send = (served, flight, nowMs) => this.#send(served, flight, nowMs)

  readonly #loadAsOwner: Send = (served, flight, nowMs) => {
    const route = this.#context.peers.route(flight.slot, nowMs)
    this.#load(served, flight, route.kind === 'LOAD' ? route : asDeputy)
  }

  #begin(keyspace: Keyspace, key: string, nowMs: number, send: Send): Flight {
    const { keyspaces } = this.#context
    const deadlineMs = nowMs + keyspace.policy.readTimeoutMs
    const flight = keyspace.flights.begin(key, keyspace.slotOf(key), deadlineMs)
    const served = keyspaces.find(keyspace.name)
    // A reader whose flight fell under a tag fence begins another, perhaps after its keyspace was deleted.
    if (served?.keyspace !== keyspace) landLater(keyspace, flight, wasDeleted(keyspace))
    else if (this.#context.peers.mayServe(nowMs)) send(served, flight, nowMs)
    else void this.#sendLater(served, flight, send)
    return flight
  }

  /**
   * This peer has not heard from its cluster for a moment: whoever is the owner, it is not known here. Were everybody to
   * ask the source instead, a busy machine would be enough for a stampede.
   */
  async #sendLater(served: ServedKeyspace, flight: Flight, send: Send): Promise<void> {
    const { clock, peers } = this.#context
    const mayServe = await peers.whenMayServe(Math.max(0, flight.deadlineMs - clock.monotonic()))
    if (mayServe) send(served, flight, clock.monotonic())
    else landOverdue(served.keyspace, flight)
  }

  #send(served: ServedKeyspace, flight: Flight, nowMs: number): void {
    const { peers } = this.#context
    const route = peers.route(flight.slot, nowMs)
    if (route.kind === 'LOAD') return this.#load(served, flight, route)
    // What lives in its owner's memory only, no deputy can have.
    if (route.as === 'DEPUTY' && served.loader === undefined) return void this.#reroute(served, [flight])
    flight.near = true
    flight.isAsked = true
    // Unlike an owner, a deputy may not have heard yet of a change that this peer has heard of and confirmed.
    if (route.as === 'DEPUTY') served.keyspace.flights.keepApart(flight)
    this.#questions.add(served, route.as, [route.peer], flight)
  }

  #load(served: ServedKeyspace, flight: Flight, { near, previous }: Extract<Route, { kind: 'LOAD' }>): void {
    flight.near = near
    flight.isAsked = false
    if (near) return this.#loadAway(served, flight)
    // Puts that no source has may still be with any peer that has not handed over all that is not its own.
    const first = new Set(served.writer === undefined ? this.#context.peers.holders() : [])
    if (previous !== undefined) first.add(previous)
    if (first.size > 0) return this.#questions.add(served, 'PREVIOUS', [...first], flight)
    this.#loadFromSource(served, flight)
  }

  /** Loads what another peer owns that cannot be asked. Only the owner can say that a key without a source is not there. */
  #loadAway(served: ServedKeyspace, flight: Flight): void {
    const { keyspace, loader } = served
    if (loader !== undefined) return this.#isLoadedAway(served, flight) ? undefined : loader.load(flight)
    if (this.#context.peers.isIsolated()) return landLater(keyspace, flight, nobodyAnswered(keyspace, flight))
    void this.#reroute(served, [flight])
  }

  /**
   * While this peer waited for the owner another may have asked it as the deputy, and so have begun or even ended the
   * load that this flight would begin now.
   */
  #isLoadedAway({ keyspace }: ServedKeyspace, flight: Flight): boolean {
    const { clock, peers } = this.#context
    const later = keyspace.flights.get(flight.key)
    if (later !== undefined && later !== flight && !later.isAsked) {
      const landed = ({ result, fencedAt }: Flight): void => {
        flight.fencedAt = Math.max(flight.fencedAt, fencedAt)
        keyspace.land(flight, result!, false)
      }
      later.wait({ landed }, 0)
      return true
    }
    const entry = peers.mayServe() ? keyspace.find(flight.key) : undefined
    const nowMs = clock.monotonic()
    if (entry === undefined || nowMs >= entry.expiresAtMs || nowMs >= (entry.nearUntilMs ?? 0)) return false
    landLater(keyspace, flight, new Arrival(entry, 'NEAR', nowMs))
    return true
  }

  #loadFromSource({ keyspace, loader }: ServedKeyspace, flight: Flight): void {
    if (loader !== undefined) return loader.load(flight)
    const { clock, peers } = this.#context
    // A put may have been handed over meanwhile.
    const here = peers.owns(flight.slot) ? keyspace.find(flight.key) : undefined
    const nothing = keyspace.entry(flight.key, { encoded: null, ttlMs: 0, tags: noTags }, 0, 'LOADED')
    const atMs = clock.monotonic()
    const entry = here !== undefined && atMs < here.expiresAtMs ? here : nothing
    landLater(keyspace, flight, new Arrival(entry, 'OWNER', atMs))
  }

  async #ask(question: Question): Promise<void> {
    const { served, as, peers, flights } = question
    const { keyspace } = served
    try {
      const sentAtMs = this.#context.clock.monotonic()
      // A flight that was kept apart may stand beside another of its key; the key is asked for twice then.
      const keys: string[] = []
      let latestMs = sentAtMs + 1
      for (const { key, deadlineMs } of flights) {
        keys.push(key)
        latestMs = Math.max(latestMs, deadlineMs)
      }
      const timeoutMs = as === 'PREVIOUS' ? Math.min(latestMs - sentAtMs, maxPreviousMs) : latestMs - sentAtMs
      keyspace.counters.peerReads += keys.length * peers.length
      const asked = await Promise.all(
        peers.map((peer) => this.#context.peers.ask(peer, as, keyspace.name, keys, timeoutMs)),
      )
      this.#questions.answered(question, valueBytesOf(asked[0]!))
      const arrived: Arrived = { asked, sentAtMs, atMs: this.#context.clock.monotonic() }
      const lost: Flight[] = []
      for (const [index, flight] of flights.entries()) {
        const hasArrived =
          as === 'PREVIOUS'
            ? this.#arriveFromPrevious(served, flight, index, arrived)
            : this.#arrive(served, flight, asked[0]![index]!, arrived)
        if (!hasArrived) lost.push(flight)
      }
      if (lost.length > 0) void this.#reroute(served, lost)
    } catch (cause) {
      // Nothing here should throw; were it to, the flights must land all the same.
      for (const flight of flights) keyspace.land(flight, nobodyAnswered(keyspace, flight, { cause }))
    }
  }

  /** @returns false where another route must be tried. */
  #arrive(served: ServedKeyspace, flight: Flight, answer: PeerAnswer, arrived: Arrived): boolean {
    const { keyspace } = served
    switch (answer.kind) {
      case 'ENTRY': {
        const store = answer.servedFrom !== 'STALE' && this.#admits(keyspace, flight.key)
        const entry = keyspace.received(flight, answer.entry, 'NEAR', arrived, store)
        fenceOff(keyspace, flight, entry, arrived)
        keyspace.land(flight, new Arrival(entry, fromPeer(answer.servedFrom), arrived.atMs), store)
        return true
      }
      case 'ERROR': {
        const error = asFedcacheError(answer.error)
        flight.isOverdue = error.code === 'READ_TIMEOUT'
        keyspace.land(flight, error)
        return true
      }
      case 'NO_SOURCE':
        flight.near = true
        this.#loadFromSource(served, flight)
        return true
      case 'ELSEWHERE':
        return false
    }
  }

  /** Takes the newest of what is left with peers that may have had the key before; otherwise its source is asked. */
  #arriveFromPrevious(served: ServedKeyspace, flight: Flight, index: number, arrived: Arrived): boolean {
    const { keyspace, loader } = served
    const answers = arrived.asked.map((ofPeer) => ofPeer[index]!)
    const entries = answers
      .filter((answer) => answer.kind === 'ENTRY')
      .map(({ entry }) => entry)
      // A delete or clear may not have reached them before they answered.
      .filter((entry) => !keyspace.isOverruled(entry))
    if (entries.length > 0) {
      const newest = entries.reduce((best, entry) => (entry.version > best.version ? entry : best))
      fenceOff(keyspace, flight, newest, arrived)
      const entry = keyspace.received(flight, newest, 'LOADED', arrived)
      keyspace.land(flight, new Arrival(entry, 'PEER', arrived.atMs))
      return true
    }
    // One that has not answered may have the only copy, and one whose answer was overruled what it was replaced by.
    if (loader === undefined && answers.some(({ kind }) => kind !== 'NO_SOURCE')) return false
    // The slot may have moved on meanwhile, and only its owner can say that there is nothing.
    if (loader === undefined && !this.#context.peers.owns(flight.slot)) return false
    this.#loadFromSource(served, flight)
    return true
  }

  async #reroute(served: ServedKeyspace, flights: readonly Flight[]): Promise<void> {
    const { peers, clock } = this.#context
    await peers.routeChange()
    for (const flight of flights) {
      const nowMs = clock.monotonic()
      if (nowMs >= flight.deadlineMs) landOverdue(served.keyspace, flight)
      else if (peers.mayServe(nowMs)) this.#sendAnew(served, flight, nowMs)
      else void this.#sendLater(served, flight, this.#sendAnew)
    }
  }

  /** Where peers take each other for the owner for long, the source is asked all the same. */
  readonly #sendAnew: Send = (served, flight, nowMs) => {
    if (++flight.reroutes <= maxReroutes || served.loader === undefined) this.#send(served, flight, nowMs)
    else this.#load(served, flight, asDeputy)
  }

  #admits({ nearAdmission, policy }: Keyspace, key: string): boolean {
    return policy.nearTtlMs > 0 && nearAdmission.admit(key, policy.nearTtlMs)
  }
}

/** Sends a flight on its way, at `nowMs` on the monotonic clock. */
type Send = (served: ServedKeyspace, flight: Flight, nowMs: number) => void

/** What peers answered, per peer and in the order of the keys. */
interface Arrived {
  readonly asked: readonly (readonly PeerAnswer[])[]
  readonly sentAtMs: number
  readonly atMs: number
}

const asDeputy = { kind: 'LOAD', near: true, previous: undefined } as const

/** Lets only those have an entry who asked first, where it may be from before an invalidation that is known here. */
function fenceOff(
  keyspace: Keyspace,
  flight: Flight,
  { tags }: { readonly tags: readonly string[] },
  { atMs }: Arrived,
): void {
  if (keyspace.isSpreading(tags, atMs)) flight.fencedAt = flight.sequence
}

function valueBytesOf(answers: readonly PeerAnswer[]): number {
  let bytes = 0
  for (const answer of answers) if (answer.kind === 'ENTRY') bytes += answer.entry.encoded?.length ?? 0
  return bytes
}

/** Ends a flight that needs to go nowhere. Not at once: whoever begins a flight joins it afterwards. */
function landLater(keyspace: Keyspace, flight: Flight, arrival: Arrival | FedcacheError): void {
  queueMicrotask(() => keyspace.land(flight, arrival, false))
}

/** Ends a flight that no peer has answered until its deadline. */
function landOverdue(keyspace: Keyspace, flight: Flight): void {
  flight.isOverdue = true
  keyspace.land(flight, nobodyAnswered(keyspace, flight))
}

function wasDeleted({ name }: Keyspace): FedcacheError {
  return new FedcacheError('KEYSPACE_NOT_FOUND', `The keyspace "${name}" was deleted while it was read.`)
}

function nobodyAnswered({ name }: Keyspace, { key }: Flight, options?: FedcacheErrorOptions): FedcacheError {
  const message = `No peer could be reached that answers for ${quote(key)} of "${name}"; try again.`
  return new FedcacheError('UNAVAILABLE', message, options)
}

/** Seen from here, what another peer had in memory came from a peer. */
function fromPeer(servedFrom: ServedFrom): ServedFrom {
  return servedFrom === 'SOURCE' || servedFrom === 'STALE' ? servedFrom : 'PEER'
}
