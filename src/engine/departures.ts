import type DataLoader from 'dataloader'
import { asFedcacheError, FedcacheError } from '../errors.ts'
import type { AskedAs, Clock, PeerAnswer, Peers, Route } from '../ports/index.ts'
import type { ServedFrom } from './entry.ts'
import type { Arrival, Flight } from './flights.ts'
import { gather } from './gather.ts'
import { noTags, quote } from './input-limits.ts'
import type { Keyspace } from './keyspace.ts'
import type { Keyspaces, ServedKeyspace } from './keyspaces.ts'

/** The most keys in one question to a peer. */
const maxKeysPerQuestion = 1_000

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
  readonly #questions = new WeakMap<ServedKeyspace, Map<string, DataLoader<Flight, void>>>()

  constructor(context: DeparturesContext) {
    this.#context = context
  }

  /** Begins a flight by the route that the cluster gives now. */
  readonly depart = (keyspace: Keyspace, key: string): Flight => {
    return this.#begin(keyspace, key, (served, flight) => this.#send(served, flight))
  }

  /** Begins a flight on behalf of another peer, which must not be asked back: it ends here or at the source. */
  readonly departAsOwner = (keyspace: Keyspace, key: string): Flight => {
    return this.#begin(keyspace, key, (served, flight) => {
      const route = this.#context.peers.route(flight.slot)
      this.#load(served, flight, route.kind === 'LOAD' ? route : asDeputy)
    })
  }

  #begin(keyspace: Keyspace, key: string, send: (served: ServedKeyspace, flight: Flight) => void): Flight {
    const { clock, keyspaces } = this.#context
    const deadlineMs = clock.monotonic() + keyspace.policy.readTimeoutMs
    const flight = keyspace.flights.begin(key, keyspace.slotOf(key), deadlineMs)
    const served = keyspaces.find(keyspace.name)
    // A reader whose flight fell under a tag fence begins another, perhaps after its keyspace was deleted.
    if (served?.keyspace === keyspace) send(served, flight)
    else landLater(keyspace, flight, wasDeleted(keyspace))
    return flight
  }

  #send(served: ServedKeyspace, flight: Flight): void {
    const route = this.#context.peers.route(flight.slot)
    if (route.kind === 'LOAD') return this.#load(served, flight, route)
    flight.near = true
    this.#ask(served, route.peer, route.as, flight)
  }

  #load(served: ServedKeyspace, flight: Flight, { near, previous }: Extract<Route, { kind: 'LOAD' }>): void {
    flight.near = near
    if (previous !== undefined) return this.#ask(served, previous, 'PREVIOUS', flight)
    this.#loadFromSource(served, flight)
  }

  #loadFromSource({ keyspace, loader }: ServedKeyspace, flight: Flight): void {
    if (loader !== undefined) return loader.load(flight)
    const nothing = keyspace.entry(flight.key, { encoded: null, ttlMs: 0, tags: noTags }, 0, 'LOADED')
    landLater(keyspace, flight, { entry: nothing, servedFrom: 'OWNER' })
  }

  #ask(served: ServedKeyspace, peer: string, as: AskedAs, flight: Flight): void {
    let questions = this.#questions.get(served)
    if (questions === undefined) this.#questions.set(served, (questions = new Map()))
    const name = `${as} ${peer}`
    let gathered = questions.get(name)
    if (gathered === undefined) {
      gathered = gather<Flight, void>((flights) => this.#askBatch(served, peer, as, flights), {
        maxBatchSize: maxKeysPerQuestion,
        windowMs: 0,
        clock: this.#context.clock,
      })
      questions.set(name, gathered)
    }
    void gathered.load(flight)
  }

  async #askBatch(served: ServedKeyspace, peer: string, as: AskedAs, flights: readonly Flight[]): Promise<undefined[]> {
    const { clock, peers } = this.#context
    const { keyspace } = served
    const keys = [...new Set(flights.map((flight) => flight.key))]
    const sentAtMs = clock.monotonic()
    const leftMs = Math.max(...flights.map((flight) => flight.deadlineMs)) - sentAtMs
    const timeoutMs = as === 'PREVIOUS' ? Math.min(leftMs, maxPreviousMs) : leftMs
    keyspace.counters.peerReads += keys.length
    const answers = await peers.ask(peer, as, keyspace.name, keys, Math.max(1, timeoutMs))
    const byKey = new Map(keys.map((key, index) => [key, answers[index]!]))
    const lost: Flight[] = []
    for (const flight of flights) {
      if (!this.#arrive(served, as, flight, byKey.get(flight.key)!, sentAtMs)) lost.push(flight)
    }
    if (lost.length > 0) void this.#reroute(served, lost)
    return flights.map(() => undefined)
  }

  /** @returns false where another route must be tried. */
  #arrive(served: ServedKeyspace, as: AskedAs, flight: Flight, answer: PeerAnswer, sentAtMs: number): boolean {
    const { keyspace } = served
    switch (answer.kind) {
      case 'ENTRY': {
        const entry = keyspace.received(answer.entry, as === 'PREVIOUS' ? 'LOADED' : 'NEAR', sentAtMs)
        const store = as === 'PREVIOUS' || (answer.servedFrom !== 'STALE' && this.#admits(keyspace, flight.key))
        keyspace.land(flight, { entry, servedFrom: fromPeer(answer.servedFrom) }, store)
        return true
      }
      case 'ERROR':
        if (as === 'PREVIOUS') this.#loadFromSource(served, flight)
        else keyspace.land(flight, asFedcacheError(answer.error))
        return true
      case 'NO_SOURCE':
        flight.near = as !== 'PREVIOUS'
        this.#loadFromSource(served, flight)
        return true
      case 'ELSEWHERE':
        if (as !== 'PREVIOUS') return false
        this.#loadFromSource(served, flight)
        return true
    }
  }

  async #reroute(served: ServedKeyspace, flights: readonly Flight[]): Promise<void> {
    const { peers, clock } = this.#context
    await peers.routeChange()
    for (const flight of flights) {
      if (clock.monotonic() < flight.deadlineMs) this.#send(served, flight)
      else served.keyspace.land(flight, nobodyAnswered(served.keyspace, flight))
    }
  }

  #admits({ nearAdmission, policy }: Keyspace, key: string): boolean {
    return policy.nearTtlMs > 0 && nearAdmission.admit(key, policy.nearTtlMs)
  }
}

const asDeputy = { kind: 'LOAD', near: true, previous: undefined } as const

/** Ends a flight that needs to go nowhere. Not at once: whoever begins a flight joins it afterwards. */
function landLater(keyspace: Keyspace, flight: Flight, arrival: Arrival | FedcacheError): void {
  queueMicrotask(() => keyspace.land(flight, arrival, false))
}

function wasDeleted({ name }: Keyspace): FedcacheError {
  return new FedcacheError('KEYSPACE_NOT_FOUND', `The keyspace "${name}" was deleted while it was read.`)
}

function nobodyAnswered(keyspace: Keyspace, flight: Flight): FedcacheError {
  return new FedcacheError(
    'UNAVAILABLE',
    `No peer could be reached that answers for ${quote(flight.key)} of "${keyspace.name}"; try again.`,
  )
}

/** Seen from here, what another peer had in memory came from a peer. */
function fromPeer(servedFrom: ServedFrom): ServedFrom {
  return servedFrom === 'SOURCE' || servedFrom === 'STALE' ? servedFrom : 'PEER'
}
