// Replays a skewed trace through a fedcache in front of a subgraph, over HTTP as a gateway would, and through a simulated
// cache of the same size, and compares what the subgraph was asked for. Meanwhile entities are changed and deleted in the
// subgraph. `npm run bench:subgraph` exits with 1 when the counts differ by more than 5 %, or when an answer is older than
// promised:
//
// - told: fedcache is told of each change by `deleteEntry`. No read that is sent after its acknowledgement may bring what
//   was there before.
// - untold: fedcache is told nothing. No read may bring what was replaced longer ago than the `ttl`, and what one load
//   takes.
import { once } from 'node:events'
import { Agent, createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { createFedcache, subgraphSource } from '../src/index.ts'
import { seededRandom } from '../test/support/seeded-random.ts'

const settings = {
  products: 20_000,
  capacity: 2000,
  requests: 8000,
  keysPerRequest: 2,
  skew: 0.9,
  changeEvery: 25,
  untoldTtlMs: 250,
}
const maxDifference = 0.05
/** What a load may take on a busy machine. */
const longestLoadMs = 250

interface Counts {
  requests: number
  keys: number
}

interface Entity {
  readonly id: string
  readonly version: number
}

/** Ranks that are asked for by Zipf's law. */
function zipf(count: number, skew: number, random: () => number): () => string {
  const sums: number[] = []
  let total = 0
  for (let rank = 1; rank <= count; rank += 1) sums.push((total += rank ** -skew))
  return () => {
    const wanted = random() * total
    let [low, high] = [0, sums.length - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((sums[middle] ?? 0) < wanted) low = middle + 1
      else high = middle
    }
    return `${low}`
  }
}

/** A cache that gives up what was not used for the longest time. */
class SimulatedCache {
  readonly counts: Counts = { requests: 0, keys: 0 }
  readonly #entries = new Map<string, true>()

  read(keys: readonly string[]): void {
    const missing = new Set<string>()
    for (const key of keys) if (!this.#touch(key)) missing.add(key)
    for (const key of missing) this.#entries.set(key, true)
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= settings.capacity) break
      this.#entries.delete(key)
    }
    this.counts.requests += missing.size > 0 ? 1 : 0
    this.counts.keys += missing.size
  }

  drop(key: string): void {
    this.#entries.delete(key)
  }

  #touch(key: string): boolean {
    if (!this.#entries.delete(key)) return false
    this.#entries.set(key, true)
    return true
  }
}

/** The entities of one type, each as it was and is: a version for each change, of which some are deletions. */
class Entities {
  readonly counts: Counts = { requests: 0, keys: 0 }
  readonly #states = new Map<string, { readonly atMs: number; readonly exists: boolean }[]>()

  /** What the subgraph answers. */
  answer(ids: readonly string[]): readonly (Entity | null)[] {
    this.counts.requests += 1
    this.counts.keys += ids.length
    return ids.map((id) => {
      const states = this.#states.get(id) ?? []
      return states.at(-1)?.exists === false ? null : { id, version: states.length }
    })
  }

  change(id: string, exists: boolean): void {
    const states = this.#states.get(id) ?? []
    states.push({ atMs: performance.now(), exists })
    this.#states.set(id, states)
  }

  versionOf(id: string): number {
    return this.#states.get(id)?.length ?? 0
  }

  /** The version that an entity had at a time. */
  versionAt(id: string, atMs: number): number {
    return (this.#states.get(id) ?? []).findLastIndex((state) => state.atMs <= atMs) + 1
  }

  /** Whether an answer is that of the version or of a later one. */
  isCurrent(id: string, answer: Entity | null, version: number): boolean {
    if (answer !== null) return answer.version >= version
    return (this.#states.get(id) ?? []).some(({ exists }, index) => !exists && index + 1 >= version)
  }
}

const types = { Told: new Entities(), Untold: new Entities() } as const

/** A subgraph that has both types. */
async function subgraph(): Promise<{ url: string; close(): void }> {
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { variables } = JSON.parse(body) as {
        variables: { representations: readonly { readonly __typename: keyof typeof types; readonly id: string }[] }
      }
      const [first] = variables.representations
      const entities = types[first!.__typename].answer(variables.representations.map(({ id }) => id))
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ data: { _entities: entities } }))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

const origin = await subgraph()
const sourceOf = (typename: string) => subgraphSource({ url: origin.url, typename, fields: 'id version' })
const fedcache = createFedcache({
  port: 0,
  log: { level: 'silent' },
  keyspaces: {
    told: { source: sourceOf('Told'), maxEntries: settings.capacity, ttl: 'forever', negativeTtl: '365d' },
    untold: { source: sourceOf('Untold'), ttl: settings.untoldTtlMs, negativeTtl: settings.untoldTtlMs },
  },
  subgraph: {
    typeDefs: `
      type Told @key(fields: "id") @keyspace(name: "told") { id: ID! version: Int! }
      type Untold @key(fields: "id") @keyspace(name: "untold") { id: ID! version: Int! }
    `,
  },
})
const { url } = await fedcache.listen()
const agent = new Agent({ keepAlive: true })

async function ask(query: string, variables: object): Promise<{ readonly data: Record<string, unknown> }> {
  const sent = httpRequest(url, { agent, method: 'POST', headers: { 'content-type': 'application/json' } })
  sent.end(JSON.stringify({ query, variables }))
  const [response] = (await once(sent, 'response')) as [Parameters<typeof text>[0]]
  const answer = JSON.parse(await text(response)) as { data: Record<string, unknown>; errors?: unknown }
  if (answer.errors !== undefined) throw new Error(JSON.stringify(answer.errors))
  return answer
}

async function read(typename: keyof typeof types, ids: readonly string[]): Promise<readonly (Entity | null)[]> {
  const query = `query ($of: [_Any!]!) { _entities(representations: $of) { ... on ${typename} { id version } } }`
  const { data } = await ask(query, { of: ids.map((id) => ({ __typename: typename, id })) })
  return data['_entities'] as readonly (Entity | null)[]
}

const forget = 'mutation ($key: String!) { deleteEntry(input: { keyspace: "told", key: $key }) { key } }'
const simulated = new SimulatedCache()
const random = seededRandom(1)
const next = zipf(settings.products, settings.skew, random)
const changes = { changed: 0, deleted: 0 }
const outdated = { told: 0, untold: 0 }

const acknowledged = new Map<string, number>()

async function change(id: string, exists: boolean): Promise<void> {
  changes[exists ? 'changed' : 'deleted'] += 1
  for (const entities of Object.values(types)) entities.change(id, exists)
  const version = types.Told.versionOf(id)
  await ask(forget, { key: id })
  acknowledged.set(id, version)
  simulated.drop(id)
}

// Changes are made while reads are under way.
let changing = Promise.resolve()
for (let request = 1; request <= settings.requests; request += 1) {
  const ids = Array.from({ length: settings.keysPerRequest }, next)
  if (request % settings.changeEvery === 0) {
    // One that is being read.
    const [id, exists] = [ids[0]!, random() < 0.7]
    changing = changing.then(() => change(id, exists))
  }
  simulated.read(ids)
  const wanted = ids.map((id) => acknowledged.get(id) ?? 0)
  const told = await read('Told', ids)
  ids.forEach((id, index) => {
    if (!types.Told.isCurrent(id, told[index]!, wanted[index]!)) outdated.told += 1
  })
  const atMs = performance.now() - settings.untoldTtlMs - longestLoadMs
  const untold = await read('Untold', ids)
  ids.forEach((id, index) => {
    if (!types.Untold.isCurrent(id, untold[index]!, types.Untold.versionAt(id, atMs))) outdated.untold += 1
  })
}
await changing
agent.destroy()
await fedcache.stop()
origin.close()

const difference = (real: number, expected: number): number => Math.abs(real - expected) / expected
const { counts } = types.Told
const differences = {
  requests: difference(counts.requests, simulated.counts.requests),
  keys: difference(counts.keys, simulated.counts.keys),
}
const keys = settings.requests * settings.keysPerRequest
const report = { settings, read: keys, changes, origin: counts, simulated: simulated.counts, differences, outdated }
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
if (Math.max(differences.requests, differences.keys) > maxDifference || outdated.told + outdated.untold > 0) {
  process.exitCode = 1
}
