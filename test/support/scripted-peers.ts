import { noPeers } from '../../src/engine/no-peers.ts'
import type {
  AskedAs,
  CatalogueRecord,
  Confirmation,
  Invalidation,
  PeerAnswer,
  PeerHost,
  Peers,
  Route,
  WriteAnswers,
  WriteTransfer,
} from '../../src/ports/index.ts'

/** A question or a group of writes that was sent to a peer and waits for the test to say what comes back. */
export interface Sent<Item, Answer> {
  readonly peer: string
  readonly as: AskedAs | undefined
  readonly items: readonly Item[]
  readonly timeoutMs: number
  answer(answer: Answer): void
}

/** A cluster that is as the test says. The slot of a key is the code of its first character. */
export interface ScriptedPeers extends Peers {
  /** Owners by first character of the key; every other key is this peer's. */
  readonly owners: Map<string, string>
  /** Routes by first character of the key; others follow the owners. */
  readonly routes: Map<string, Route>
  readonly questions: Sent<string, readonly PeerAnswer[]>[]
  readonly writes: Sent<WriteTransfer, WriteAnswers>[]
  readonly announced: (Invalidation | readonly CatalogueRecord[])[]
  /** What every announcement is confirmed with. */
  confirmation: Confirmation
  /** Whether memory may be served from. */
  serves: boolean
  /** Answers those who wait until memory may be served from. */
  readonly waitingToServe: ((mayServe: boolean) => void)[]
  /** Thrown to those who want to write. */
  refusal: Error | undefined
  /** Resolve those who wait for another route. */
  readonly waitingForRoute: (() => void)[]
  readonly host: PeerHost
}

/** Makes a cluster in which this peer is `here`. */
export function scriptedPeers(): ScriptedPeers {
  const owners = new Map<string, string>()
  const routes = new Map<string, Route>()
  const letter = (slot: number): string => String.fromCharCode(slot)
  const ownerOf = (slot: number): string => owners.get(letter(slot)) ?? 'here'
  let host: PeerHost | undefined
  const peers: ScriptedPeers = {
    ...noPeers({ name: 'fedcache', peerId: 'here', incarnation: 'first', url: () => null }),
    spreadMs: 1000,
    owners,
    routes,
    questions: [],
    writes: [],
    announced: [],
    confirmation: { confirmedBy: ['here'], unconfirmed: [] },
    serves: true,
    waitingToServe: [],
    refusal: undefined,
    waitingForRoute: [],
    get host() {
      return host!
    },
    slotter: () => (key) => key.charCodeAt(0),
    ownerOf,
    owns: (slot) => ownerOf(slot) === 'here',
    mayServe: () => peers.serves,
    whenMayServe: () => new Promise((resolve) => peers.waitingToServe.push(resolve)),
    route: (slot) =>
      routes.get(letter(slot)) ??
      (ownerOf(slot) === 'here'
        ? { kind: 'LOAD', near: false, previous: undefined }
        : { kind: 'ASK', peer: ownerOf(slot), as: 'OWNER' }),
    ask: (peer, as, _keyspace, items, timeoutMs) =>
      new Promise((answer) => peers.questions.push({ peer, as, items, timeoutMs, answer })),
    routeChange: () => new Promise((resolve) => peers.waitingForRoute.push(resolve)),
    whenWritable: async () => {
      if (peers.refusal !== undefined) throw peers.refusal
    },
    write: (peer, _keyspace, items, timeoutMs) =>
      new Promise((answer) => peers.writes.push({ peer, as: undefined, items, timeoutMs, answer })),
    announce: async (invalidation) => {
      peers.announced.push(invalidation)
      return peers.confirmation
    },
    announceCatalogue: async (records) => {
      peers.announced.push(records)
      return peers.confirmation
    },
    join: async (joined) => {
      host = joined
    },
  }
  return peers
}
