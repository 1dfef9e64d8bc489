// Replays a skewed trace through a fedcache in front of a subgraph, and through a simulated cache of the same size, and
// compares what the subgraph was asked for. `npm run bench:subgraph` exits with 1 when the two differ by more than 5 %, or
// when an answer is older than what was acknowledged before it.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createFedcache, subgraphSource } from '../src/index.ts'
import { seededRandom } from '../test/support/seeded-random.ts'

const settings = { products: 20_000, capacity: 2000, requests: 8000, keysPerRequest: 2, skew: 0.9, changeEvery: 50 }
const maxDifference = 0.05

interface Counts {
  requests: number
  keys: number
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

/** A subgraph of products whose versions grow with every change, and that counts what it is asked. */
async function subgraph(): Promise<{ url: string; counts: Counts; versions: Map<string, number>; close(): void }> {
  const counts: Counts = { requests: 0, keys: 0 }
  const versions = new Map<string, number>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { variables } = JSON.parse(Buffer.concat(chunks).toString()) as {
        variables: { representations: readonly { id: string }[] }
      }
      const ids = variables.representations.map(({ id }) => id)
      counts.requests += 1
      counts.keys += ids.length
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ data: { _entities: ids.map((id) => ({ id, version: versions.get(id) ?? 0 })) } }))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return { url, counts, versions, close: () => server.close() }
}

const origin = await subgraph()
const fedcache = createFedcache({
  log: { level: 'silent' },
  keyspaces: {
    products: {
      source: subgraphSource({ url: origin.url, typename: 'Product', fields: 'id version' }),
      maxEntries: settings.capacity,
      ttl: 'forever',
    },
  },
})
const simulated = new SimulatedCache()
const random = seededRandom(1)
const next = zipf(settings.products, settings.skew, random)
let outdated = 0
for (let request = 0; request < settings.requests; request += 1) {
  const keys = Array.from({ length: settings.keysPerRequest }, next)
  simulated.read(keys)
  const entries = await fedcache.engine.getMany('products', keys)
  entries.forEach((entry, index) => {
    if (entry === null || entry instanceof Error) throw new Error(`no entry for ${keys[index]}`, { cause: entry })
    const { version } = entry.value as { readonly version: number }
    if (version !== (origin.versions.get(entry.key) ?? 0)) outdated += 1
  })
  if (request % settings.changeEvery !== 0) continue
  const changed = next()
  origin.versions.set(changed, (origin.versions.get(changed) ?? 0) + 1)
  // Once this is acknowledged nobody is served what was there before.
  await fedcache.engine.delete('products', changed)
  simulated.drop(changed)
}
await fedcache.stop()
origin.close()

const difference = (real: number, expected: number): number => Math.abs(real - expected) / expected
const differences = {
  requests: difference(origin.counts.requests, simulated.counts.requests),
  keys: difference(origin.counts.keys, simulated.counts.keys),
}
const read = settings.requests * settings.keysPerRequest
process.stdout.write(
  `${JSON.stringify({ settings, read, origin: origin.counts, simulated: simulated.counts, differences, outdated }, null, 2)}\n`,
)
if (Math.max(differences.requests, differences.keys) > maxDifference || outdated > 0) process.exitCode = 1
