import { FedcacheError } from '../errors.ts'
import type {
  AskedAs,
  Clock,
  EntryTransfer,
  HomelessPut,
  PeerAnswer,
  Peers,
  WriteAnswers,
  WriteTransfer,
} from '../ports/index.ts'
import type { Changes } from './changes.ts'
import type { Keyspace } from './keyspace.ts'
import type { Keyspaces, ServedKeyspace } from './keyspaces.ts'
import { read, type ReadContext } from './read.ts'
import type { ReadResult } from './results.ts'
import type { WriteRouter } from './write-router.ts'

/** Entries looked at before others get their turn; about 1 ms of work. */
const entriesPerSlice = 10_000

/** What the service needs. */
export interface PeerServiceContext {
  readonly clock: Clock
  readonly peers: Peers
  readonly keyspaces: Keyspaces
  readonly changes: Changes
  readonly writes: WriteRouter
  /** A read context whose flights never ask another peer for what it was asked for itself. */
  readonly readAsOwner: ReadContext
}

const elsewhere = { kind: 'ELSEWHERE' } as const
const noSource = { kind: 'NO_SOURCE' } as const

/** What this peer does for other peers: answers their reads, applies their writes, takes over their puts. */
export class PeerService {
  readonly #context: PeerServiceContext

  constructor(context: PeerServiceContext) {
    this.#context = context
  }

  /** Answers a question of another peer; never forwards it. */
  async readFor(
    as: AskedAs,
    keyspaceName: string,
    keys: readonly string[],
    timeoutMs: number,
  ): Promise<readonly PeerAnswer[]> {
    const served = this.#context.keyspaces.find(keyspaceName)
    if (served === undefined) return keys.map(() => noSource)
    const { keyspace } = served
    if (as === 'PREVIOUS') return keys.map((key) => this.#remembered(keyspace, key))
    const { clock, peers } = this.#context
    // What lives in its owner's memory only, a deputy does not have; that says nothing about the owner.
    if (as === 'DEPUTY' && served.loader === undefined) return keys.map(() => elsewhere)
    const isMine = keys.map((key) => as === 'DEPUTY' || peers.owns(keyspace.slotOf(key)))
    const mine = isMine.includes(false) ? keys.filter((_, index) => isMine[index]) : keys
    const results = await read(this.#context.readAsOwner, keyspace, mine, { timeoutMs })
    const nowMs = clock.monotonic()
    let next = 0
    return keys.map((key, index) => (isMine[index] ? this.#answer(served, key, results[next++]!, nowMs) : elsewhere))
  }

  /** Applies writes that another peer sent, as far as this peer owns their keys and may write now. */
  async writeFor(keyspaceName: string, writes: readonly WriteTransfer[]): Promise<WriteAnswers> {
    const { keyspaces, peers, writes: router } = this.#context
    const served = keyspaces.find(keyspaceName)
    const owned = writes.filter((write) => served !== undefined && peers.owns(served.keyspace.slotOf(write.key)))
    if (served === undefined || owned.length === 0) {
      return { answers: writes.map(() => elsewhere), confirmation: { confirmedBy: [], unconfirmed: [] } }
    }
    const { answers, confirmation } = await router.applyHere(served, owned)
    const byWrite = new Map(owned.map((write, index) => [write, answers[index]!]))
    return { answers: writes.map((write) => byWrite.get(write) ?? elsewhere), confirmation }
  }

  /** Drops all that may be outdated; puts stay, because nobody else may have them, but those whose tags may be invalid. */
  distrustAll(hasTags: boolean): void {
    for (const { keyspace } of this.#context.keyspaces.all()) {
      keyspace.distrust(hasTags)
      this.#context.changes.missed(keyspace)
    }
  }

  /** Puts that live in this process only and whose slots are not its own; `undefined` after much that is none. */
  *homelessPuts(mine: (slot: number) => boolean): Iterable<HomelessPut | undefined> {
    for (const { keyspace, writer } of this.#context.keyspaces.all()) {
      if (writer === undefined && keyspace.holdsPuts) yield* this.#homelessPutsOf(keyspace, mine)
    }
  }

  *#homelessPutsOf(keyspace: Keyspace, mine: (slot: number) => boolean): Iterable<HomelessPut | undefined> {
    const { clock } = this.#context
    const { store } = keyspace
    let left = entriesPerSlice
    for (const entry of store.values()) {
      if (left-- === 0) {
        yield undefined
        left = entriesPerSlice
      }
      // Cleared in the meantime: what has survived that is in another store.
      if (keyspace.store !== store) return yield* this.#homelessPutsOf(keyspace, mine)
      if (entry.kind !== 'PUT' || mine(entry.slot) || entry.expiresAtMs <= clock.monotonic()) continue
      yield { keyspace: keyspace.name, put: keyspace.transfer(entry, clock.monotonic()) }
    }
  }

  /** Keeps puts that another peer hands over. */
  takePuts(keyspaceName: string, puts: readonly EntryTransfer[]): readonly boolean[] {
    const keyspace = this.#context.keyspaces.find(keyspaceName)?.keyspace
    const nowMs = this.#context.clock.monotonic()
    // Who is about to leave, or has not heard of the view by which it is the owner, must not become the only keeper.
    return puts.map(
      (put) =>
        keyspace !== undefined && this.#context.peers.owns(keyspace.slotOf(put.key)) && keyspace.take(put, nowMs),
    )
  }

  /** Forgets a put that another peer has taken, unless it has changed since. */
  releasePut(keyspaceName: string, key: string, version: number): void {
    const keyspace = this.#context.keyspaces.find(keyspaceName)?.keyspace
    if (keyspace?.store.peek(key)?.version === version) keyspace.drop(key)
  }

  #remembered(keyspace: Keyspace, key: string): PeerAnswer {
    const { clock, peers } = this.#context
    // What this peer may not serve, because it may have missed changes, others must not serve either.
    if (!peers.mayServe()) return elsewhere
    const entry = keyspace.find(key)
    const nowMs = clock.monotonic()
    if (entry === undefined || entry.kind === 'NEAR' || nowMs >= entry.expiresAtMs) return noSource
    return { kind: 'ENTRY', entry: keyspace.transfer(entry, nowMs), servedFrom: 'OWNER' }
  }

  #answer({ keyspace, loader }: ServedKeyspace, key: string, result: ReadResult, nowMs: number): PeerAnswer {
    if (result instanceof FedcacheError) return { kind: 'ERROR', error: result }
    if (result !== null) {
      return { kind: 'ENTRY', entry: keyspace.transfer(result.stored, nowMs), servedFrom: result.servedFrom }
    }
    if (loader === undefined) return noSource
    // A not-found answer is not worth a near copy: its lifetime is short.
    const nothing = { key, encoded: null, version: 0, ageMs: 0, ttlMs: 0, tags: [] }
    return { kind: 'ENTRY', entry: nothing, servedFrom: 'OWNER' }
  }
}
