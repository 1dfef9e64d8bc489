import { setTimeout as passed } from 'node:timers/promises'
import type { ClusterPeer, PeerAnswer } from '../support/cluster-peer.ts'
import type { ClusterWorld } from '../support/cluster-world.ts'
import { type FireKeyspace, type History, nowMs, type Write } from './history.ts'

/** How many keys each keyspace has under fire: few, so that they are fought over. */
const registerKeys = 40
const groups = 6
const keysPerGroup = 10
const requestTimeoutMs = 15_000

/** A keyspace whose keys hold what was written last. */
type Register = Exclude<FireKeyspace, 'feed'>

const names = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`)

/** The keys of every keyspace. */
export const fireKeys: Readonly<Record<FireKeyspace, readonly string[]>> = {
  ledger: names('account', registerKeys),
  sessions: names('session', registerKeys),
  notes: names('note', registerKeys),
  feed: Array.from({ length: groups }, (_, group) => names(`g${group}`, keysPerGroup)).flat(),
}

const entriesQuery = `query ($keyspace: String!, $keys: [String!]!) {
  entries(keyspace: $keyspace, keys: $keys) { value servedFrom }
}`
const unconfirmed = 'unconfirmed { id }'
const mutations = {
  put: `mutation ($input: PutEntryInput!) { done: putEntry(input: $input) { ${unconfirmed} } }`,
  delete: `mutation ($input: DeleteEntryInput!) { done: deleteEntry(input: $input) { ${unconfirmed} } }`,
  tags: `mutation ($input: InvalidateTagsInput!) { done: invalidateTags(input: $input) { ${unconfirmed} } }`,
  clear: `mutation ($input: ClearKeyspaceInput!) { done: clearKeyspace(input: $input) { ${unconfirmed} } }`,
} as const

/** Clients that read and write at random, through whichever peers listen, and note everything that they see. */
export class FireLoad {
  readonly #world: ClusterWorld
  readonly #history: History
  readonly #random: () => number
  /** How many operations ended with which code. */
  readonly codes: Map<string, number> = new Map<string, number>()
  readonly counts: Map<string, number> = new Map<string, number>()
  /** The longest that a reader waited at a peer that was not paused meanwhile. */
  slowestReadMs = 0
  readonly #feed = new Map<string, number>()
  readonly #mix: readonly (readonly [share: number, operation: (peer: ClusterPeer) => Promise<void>])[] = [
    [0.18, (peer) => this.#read(peer, 'ledger', this.#pickKeys('ledger'))],
    [0.12, (peer) => this.#read(peer, 'sessions', this.#pickKeys('sessions'))],
    [0.18, (peer) => this.#read(peer, 'feed', this.#pickKeys('feed'))],
    [0.08, (peer) => this.#read(peer, 'notes', this.#pickKeys('notes'))],
    [0.13, (peer) => this.#put(peer, 'ledger')],
    [0.04, (peer) => this.#delete(peer, 'ledger')],
    [0.08, (peer) => this.#put(peer, 'sessions')],
    [0.02, (peer) => this.#delete(peer, 'sessions')],
    [0.05, (peer) => this.#put(peer, 'notes')],
    [0.02, (peer) => this.#delete(peer, 'notes')],
    [0.06, (peer) => this.#invalidate(peer, 'delete')],
    [0.03, (peer) => this.#invalidate(peer, 'tags')],
    [0.01, (peer) => this.#invalidate(peer, 'clear')],
  ]
  #last = 0
  #stopped = false
  #running: Promise<unknown> = Promise.resolve()

  constructor(world: ClusterWorld, history: History, random: () => number) {
    this.#world = world
    this.#history = history
    this.#random = random
    world.origin.value = (key) => this.#feed.get(key) ?? 0
  }

  start(clients: number): void {
    this.#running = Promise.all(Array.from({ length: clients }, () => this.#client()))
  }

  /** Resolves when every client has had its last answer. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  /** Reads all keys from all peers. */
  async readAll(): Promise<void> {
    await Promise.all(
      this.#world.peers.flatMap((peer) =>
        (['ledger', 'sessions', 'notes', 'feed'] as const).map((keyspace) =>
          this.#read(peer, keyspace, fireKeys[keyspace]),
        ),
      ),
    )
  }

  async #client(): Promise<void> {
    while (!this.#stopped) {
      const peers = this.#world.peers.filter(({ isListening }) => isListening)
      // Fewer at a time than could be: on a busy machine silence must mean a fault.
      await passed(5 + this.#random() * 20)
      if (peers.length > 0) await this.#operation(this.#pick(peers))
    }
  }

  async #operation(peer: ClusterPeer): Promise<void> {
    let left = this.#random()
    for (const [share, operation] of this.#mix) {
      left -= share
      if (left < 0) return operation(peer)
    }
  }

  async #read(peer: ClusterPeer, keyspace: FireKeyspace, keys: readonly string[]): Promise<void> {
    this.#count('reads')
    const invokedMs = nowMs()
    let answer: PeerAnswer | undefined
    try {
      answer = await peer.query(entriesQuery, { keyspace, keys }, requestTimeoutMs)
    } catch {
      this.#coded('CONNECTION')
    }
    const completedMs = nowMs()
    if (answer === undefined) return
    const codes = new Map<number | undefined, string>()
    for (const { path, extensions } of answer.errors ?? []) {
      const code = String(extensions?.['code'])
      this.#coded(code)
      codes.set(path?.[1] as number | undefined, code)
    }
    const entries = (answer.data?.entries ?? []) as readonly ({ value: number; servedFrom: string } | null)[]
    keys.forEach((key, index) => {
      const entry = entries[index]
      const code = codes.get(index) ?? codes.get(undefined)
      this.#history.of(keyspace, key).reads.push({
        kind: 'READ',
        via: peer.id,
        invokedMs,
        completedMs,
        value: code === undefined ? (entry?.value ?? null) : undefined,
        code,
        servedFrom: entry?.servedFrom,
      })
    })
    if (!peer.wasPausedSince(invokedMs)) this.slowestReadMs = Math.max(this.slowestReadMs, completedMs - invokedMs)
  }

  #put(peer: ClusterPeer, keyspace: Register): Promise<void> {
    const key = this.#pick(fireKeys[keyspace])
    const value = ++this.#last
    const write = { kind: 'PUT', keyspace, keys: [key], value } as const
    return this.#write(peer, write, mutations.put, { keyspace, key, value })
  }

  #delete(peer: ClusterPeer, keyspace: Register): Promise<void> {
    const key = this.#pick(fireKeys[keyspace])
    const write = { kind: 'DELETE', keyspace, keys: [key], value: null } as const
    return this.#write(peer, write, mutations.delete, { keyspace, key })
  }

  /** Changes the source behind the cache's back and then tells the cache. */
  #invalidate(peer: ClusterPeer, how: 'delete' | 'tags' | 'clear'): Promise<void> {
    const key = this.#pick(fireKeys.feed)
    const group = key.slice(0, key.indexOf('-'))
    const isHit = {
      delete: (other: string) => other === key,
      tags: (other: string) => other.startsWith(`${group}-`),
      clear: () => true,
    }
    const keys = fireKeys.feed.filter(isHit[how])
    const value = ++this.#last
    for (const hit of keys) this.#feed.set(hit, value)
    const write = { kind: 'INVALIDATE', keyspace: 'feed', keys, value } as const
    const inputs = {
      delete: { keyspace: 'feed', key },
      tags: { keyspace: 'feed', tags: [`group-${group}`] },
      clear: { name: 'feed' },
    }
    return this.#write(peer, write, mutations[how], inputs[how])
  }

  async #write(
    peer: ClusterPeer,
    write: Pick<Write, 'kind' | 'value'> & { readonly keyspace: FireKeyspace; readonly keys: readonly string[] },
    mutation: string,
    input: object,
  ): Promise<void> {
    this.#count(`${write.keyspace} ${write.kind}`)
    const invokedMs = nowMs()
    let outcome: Write['outcome'] = 'UNKNOWN'
    let code: string | undefined = 'CONNECTION'
    let silent: readonly string[] = []
    try {
      const { data, errors } = await peer.query(mutation, { input }, requestTimeoutMs)
      const [error] = errors ?? []
      code = error === undefined ? undefined : String(error.extensions?.['code'])
      outcome = error === undefined ? 'OK' : error.extensions?.['outcome'] === 'NONE' ? 'NONE' : 'UNKNOWN'
      if (error === undefined) silent = (data.done.unconfirmed as { id: string }[]).map(({ id }) => id)
    } catch {
      // The connection broke, or no answer came.
    }
    if (outcome !== 'OK') this.#coded(`${code} (write, ${outcome})`)
    if (silent.length > 0) this.#count('acknowledged with unconfirmed peers')
    const { kind, keyspace, keys, value } = write
    const completedMs = nowMs()
    for (const key of keys) {
      this.#history
        .of(keyspace, key)
        .writes.push({ kind, via: peer.id, invokedMs, completedMs, value, outcome, code, unconfirmed: silent })
    }
  }

  #pickKeys(keyspace: FireKeyspace): readonly string[] {
    const count = 1 + Math.floor(this.#random() * 6)
    return [...new Set(Array.from({ length: count }, () => this.#pick(fireKeys[keyspace])))]
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.#random() * items.length)]!
  }

  #coded(code: string): void {
    this.codes.set(code, (this.codes.get(code) ?? 0) + 1)
  }

  #count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1)
  }
}
