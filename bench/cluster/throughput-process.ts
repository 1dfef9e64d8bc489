// One process of the throughput measurement: an asker, an owner, or either end of an echo. Told what to do by its parent.
import { connect, type NatsConnection } from 'nats'
import { createFedcache, functionSource } from '../../src/index.ts'
import { connectionOptions, parseServer } from '../../src/adapters/bus/nats-connection-options.ts'
import { inFlight, type Order, type Result, subject, valueBytes } from './throughput-orders.ts'

const [role = '', server = ''] = process.argv.slice(2)

async function echoConnection(): Promise<NatsConnection> {
  const settings = { name: role, inboxPrefix: `_INBOX.${role}`, connectTimeoutMs: 2000, pingIntervalMs: 2000 }
  return connect(connectionOptions(parseServer(server), settings))
}

function fedcache(peerId: string): ReturnType<typeof createFedcache> {
  const value = 'x'.repeat(valueBytes)
  const source = functionSource({ loadMany: (keys) => keys.map(() => value) })
  return createFedcache({
    port: 0,
    memoryLimit: '128mb',
    log: { level: 'warn' },
    cluster: { name: 'bench', peerId, nats: server },
    maxKeysPerCall: 100_000,
    // Without near copies every read of the other's keys goes to the other.
    keyspaces: { bench: { source, format: 'text', ttl: 'forever', nearTtl: 0, maxBytes: '64mb' } },
  })
}

type Run = (order: Order) => Promise<number>

async function asker(): Promise<Run> {
  const { engine, listen } = fedcache('asker')
  await listen()
  const keys = Array.from({ length: 20_000 }, (_, index) => `key-${index}`)
  const found = await engine.getMany('bench', keys)
  const theirs = found.flatMap((entry, index) =>
    entry !== null && 'owner' in entry && entry.owner === 'owner' ? [keys[index]!] : [],
  )
  if (theirs.length < 5_000) throw new Error(`only ${theirs.length} keys are the other's`)
  let next = 0
  return ({ keysPerQuery, seconds }) =>
    inParallel(seconds, async () => {
      const some = Array.from({ length: keysPerQuery }, () => theirs[next++ % theirs.length]!)
      for (const entry of await engine.getMany('bench', some)) {
        if (entry === null || entry instanceof Error) throw new Error('a read failed')
      }
      return keysPerQuery
    })
}

async function owner(): Promise<Run> {
  await fedcache('owner').listen()
  return async () => 0
}

async function echoServer(): Promise<Run> {
  const connection = await echoConnection()
  const replies = new Map<number, Uint8Array>()
  connection.subscribe(subject, {
    callback: (_error, message) => {
      const keysPerQuery = message.data[0]!
      let reply = replies.get(keysPerQuery)
      if (reply === undefined)
        replies.set(keysPerQuery, (reply = new Uint8Array(keysPerQuery * (valueBytes + 24) + 32)))
      message.respond(reply)
    },
  })
  await connection.flush()
  return async () => 0
}

async function echoClient(): Promise<Run> {
  const connection = await echoConnection()
  return ({ keysPerQuery, seconds }) => {
    const question = new Uint8Array(keysPerQuery * 11 + 64)
    question[0] = keysPerQuery
    return inParallel(seconds, async () => {
      await connection.request(subject, question, { timeout: 10_000 })
      return keysPerQuery
    })
  }
}

/** Runs so many tasks at a time, and tells how many keys they brought. */
async function inParallel(seconds: number, task: () => Promise<number>): Promise<number> {
  const endMs = performance.now() + seconds * 1000
  let sum = 0
  const worker = async (): Promise<void> => {
    while (performance.now() < endMs) {
      const brought = await task()
      sum += brought
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
  return sum
}

const roles: Readonly<Record<string, () => Promise<Run>>> = {
  asker,
  owner,
  'echo-client': echoClient,
  'echo-server': echoServer,
}
const run = await roles[role]!()
let cpu = process.cpuUsage()
process.on('message', (order: Order | 'start' | 'stop') => {
  if (order === 'start') cpu = process.cpuUsage()
  else if (order === 'stop') {
    const { user, system } = process.cpuUsage(cpu)
    process.send?.({ keys: 0, cpuSeconds: (user + system) / 1e6 } satisfies Result)
  } else {
    void run(order).then((keys) => process.send?.({ keys, cpuSeconds: 0 } satisfies Result))
  }
})
process.send?.('ready')
