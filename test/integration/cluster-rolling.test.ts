import { describe, expect, test } from 'vitest'
import { readEntries } from '../support/cluster-operations.ts'
import type { ClusterPeer, PeerAnswer } from '../support/cluster-peer.ts'
import { ClusterWorld, eventually } from '../support/cluster-world.ts'
import { seededRandom } from '../support/seeded-random.ts'

// All ten take minutes: `npm run fire:rolling`.
const rounds = Number(process.env['ROLLING_ROUNDS'] ?? 3)

const mutation = `mutation ($input: PutEntryInput!) { putEntry(input: $input) { unconfirmed { id } } }`
const query = `query ($keys: [String!]!) {
  feed: entries(keyspace: "feed", keys: $keys) { value }
  notes: entries(keyspace: "notes", keys: $keys) { value }
  ledger: entries(keyspace: "ledger", keys: $keys) { value }
}`

/**
 * Readers and a writer that use whichever peers are in service and turn to another when a connection breaks, as a load
 * balancer does. That requests under way are answered when a peer is told to stop is tested with the HTTP server.
 */
class Traffic {
  /** What was acknowledged last for each key, by keyspace. */
  readonly acknowledged: Readonly<Record<'notes' | 'ledger', Map<string, number>>> = {
    notes: new Map(),
    ledger: new Map(),
  }
  readonly failures: string[] = []
  readonly lost: string[] = []
  reads = 0
  writes = 0
  readonly inService = new Set<ClusterPeer>()
  readonly #random: () => number
  #stopped = false
  #running: Promise<unknown> = Promise.resolve()

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  start(): void {
    this.#running = Promise.all([this.#read(), this.#read(), this.#read(), this.#write('notes'), this.#write('ledger')])
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  async #ask(operation: string, variables: object): Promise<PeerAnswer> {
    for (;;) {
      const peers = [...this.inService]
      const peer = peers[Math.floor(this.#random() * peers.length)]!
      try {
        return await peer.query(operation, variables)
      } catch (error) {
        if (this.inService.has(peer)) throw error
      }
    }
  }

  async #read(): Promise<void> {
    while (!this.#stopped) {
      const keys = Array.from({ length: 8 }, () => `key-${Math.floor(this.#random() * 300)}`)
      const { notes, ledger } = this.acknowledged
      const expected = {
        notes: keys.map((key) => notes.get(key) ?? 0),
        ledger: keys.map((key) => ledger.get(key) ?? 0),
      }
      try {
        const { data, errors } = await this.#ask(query, { keys })
        this.reads++
        if (errors !== undefined) this.failures.push(`read: ${JSON.stringify(errors)}`)
        for (const keyspace of ['notes', 'ledger'] as const) {
          keys.forEach((key, index) => {
            const value = (data?.[keyspace]?.[index]?.value as number | undefined) ?? 0
            if (errors === undefined && value < expected[keyspace][index]!) {
              this.lost.push(`${keyspace} ${key}: ${value}, not ${expected[keyspace][index]}`)
            }
          })
        }
      } catch (error) {
        this.failures.push(`read: ${error as Error}`)
      }
    }
  }

  async #write(keyspace: 'notes' | 'ledger'): Promise<void> {
    for (let value = 1; !this.#stopped; value++) {
      const key = `key-${Math.floor(this.#random() * 300)}`
      try {
        const { errors } = await this.#ask(mutation, { input: { keyspace, key, value } })
        this.writes++
        if (errors === undefined) this.acknowledged[keyspace].set(key, value)
        else this.failures.push(`put: ${JSON.stringify(errors)}`)
      } catch (error) {
        this.failures.push(`put: ${error as Error}`)
      }
    }
  }
}

describe('a rolling restart', () => {
  test.each([3, 2])(
    `over %i peers, ${rounds} times, fails no read and loses no put`,
    async (size) => {
      await using world = await ClusterWorld.make()
      const ids = Array.from({ length: size }, (_, index) => `peer-${index}`)
      const traffic = new Traffic(size)
      for (const peer of await world.start(...ids)) traffic.inService.add(peer)
      traffic.start()
      for (let round = 0; round < rounds; round++) {
        for (const id of ids) {
          const old = world.peer(id)
          traffic.inService.delete(old)
          expect(await old.stop()).toEqual({ code: 0, signal: null })
          const fresh = await world.launch(id).listening()
          await eventually(
            () => fresh.ready(),
            ({ status }) => status === 200,
            `${id} did not get ready`,
          )
          traffic.inService.add(fresh)
        }
      }
      await traffic.stop()
      expect(traffic.failures).toEqual([])
      expect(traffic.lost).toEqual([])
      expect(traffic.reads).toBeGreaterThan(100 * rounds)
      expect(traffic.writes).toBeGreaterThan(50 * rounds)
      await world.settled()
      for (const keyspace of ['notes', 'ledger'] as const) {
        const expected = traffic.acknowledged[keyspace]
        const keys = [...expected.keys()]
        for (const peer of world.peers) {
          const found = await readEntries(peer, keyspace, keys)
          expect(new Map(keys.map((key, index) => [key, found[index]?.value]))).toEqual(expected)
        }
      }
      for (const [key, value] of traffic.acknowledged.ledger) expect(world.stored(key)).toBe(value)
      expect(world.problems()).toEqual([])
    },
    60_000 + rounds * 40_000,
  )
})
