// One fedcache process of the measurement: it takes the same orders as the Go programs beside it, one JSON object a
// line on standard input, and answers each with one line on standard output.
import { createInterface } from 'node:readline'
import { createFedcache, functionSource } from '../../src/index.ts'
import { type PeerAnswer, type PeerOrder, sourceDelayMs } from './orders.ts'

const loads = { keys: 0, calls: 0 }
let engine: ReturnType<typeof createFedcache>['engine']
let others: readonly string[] = []
let next = 0

async function join({ self = '', server = '', valueBytes = 0, keepsOthers = true }: PeerOrder): Promise<void> {
  const value = 'x'.repeat(valueBytes)
  const sourceOf = (delayMs: number): ReturnType<typeof functionSource> =>
    functionSource({
      loadMany: async (keys) => {
        loads.calls++
        loads.keys += keys.length
        if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs))
        return keys.map(() => value)
      },
    })
  const common = { format: 'text', ttl: 'forever', maxBytes: '128mb' } as const
  const fedcache = createFedcache({
    port: 0,
    memoryLimit: '300mb',
    log: { level: 'silent' },
    cluster: { name: 'peers', peerId: self, nats: server },
    maxKeysPerCall: 100_000,
    keyspaces: {
      // Without near copies every read of another's key goes to the other.
      values: { ...common, source: sourceOf(0), nearTtl: 0 },
      cold: { ...common, source: sourceOf(sourceDelayMs) },
    },
  })
  await fedcache.listen()
  engine = fedcache.engine
  if (keepsOthers) return
  const keys = Array.from({ length: 20_000 }, (_, index) => `key-${index}`)
  while (!engine.cluster().settled || engine.cluster().peers.length < 3) {
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const found = await engine.getMany('values', keys)
  others = found.flatMap((entry) => (entry !== null && 'owner' in entry && entry.owner !== self ? [entry.key] : []))
}

async function read(keyspace: string, keys: readonly string[]): Promise<number> {
  for (const entry of await engine.getMany(keyspace, keys)) {
    if (entry === null || entry instanceof Error) throw entry ?? new Error('a key was not found')
  }
  return keys.length
}

async function remote({ keysPerQuery = 0, inFlight = 0, seconds = 0 }: PeerOrder): Promise<number> {
  const endMs = performance.now() + seconds * 1000
  let sum = 0
  const reader = async (): Promise<void> => {
    while (performance.now() < endMs) {
      const brought = await read(
        'values',
        Array.from({ length: keysPerQuery }, () => others[next++ % others.length]!),
      )
      sum += brought
    }
  }
  await Promise.all(Array.from({ length: inFlight }, reader))
  return sum
}

async function cold({ batches = [], keysPerQuery = 0, round = 0 }: PeerOrder): Promise<number> {
  const readers = batches.map((batch) =>
    read(
      'cold',
      Array.from({ length: keysPerQuery }, (_, index) => `cold-${round}-${batch}-${index}`),
    ),
  )
  return (await Promise.all(readers)).reduce((sum, keys) => sum + keys, 0)
}

const orders: Readonly<Record<PeerOrder['do'], (order: PeerOrder) => Promise<number>>> = {
  join: async (order) => {
    await join(order)
    return 0
  },
  remote,
  cold,
  cpu: async () => 0,
}

for await (const line of createInterface(process.stdin)) {
  const order = JSON.parse(line) as PeerOrder
  const keys = await orders[order.do](order)
  const { user, system } = process.cpuUsage()
  const answer: PeerAnswer = { keys, cpuSeconds: (user + system) / 1e6, loads: loads.keys, calls: loads.calls }
  loads.keys = loads.calls = 0
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
