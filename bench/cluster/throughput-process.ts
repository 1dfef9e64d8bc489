// One process of the throughput measurement: an asker, an owner, or either end of an echo. Told what to do by its parent.
import { connect, type NatsConnection } from 'nats'
import { createFedcache, functionSource } from '../../src/index.ts'
import { connectionOptions, parseServer } from '../../src/adapters/bus/nats-connection-options.ts'
import { entryOverheadBytes, inFlight, type Order, type Result, subject, valueSizes } from './throughput-orders.ts'

const [role = '', server = ''] = process.argv.slice(2)

async function echoConnection(): Promise<NatsConnection> {
  const settings = { name: role, inboxPrefix: `_INBOX.${role}`, connectTimeoutMs: 2000, pingIntervalMs: 2000 }
  return connect(connectionOptions(parseServer(server), settings))
}

function fedcache(peerId: string): ReturnType<typeof createFedcache> {
  // Without near copies every read of the other's keys goes to the other.
  const keyspaces = valueSizes.map((bytes) => {
    const value = 'x'.repeat(bytes)
    const source = functionSource({ loadMany: (keys) => keys.map(() => value) })
    return [keyspaceOf(bytes), { source, format: 'text', ttl: 'forever', nearTtl: 0, maxBytes: '64mb' }] as const
  })
  return createFedcache({
    port: 0,
    memoryLimit: '256mb',
    log: { level: 'warn' },
    cluster: { name: 'bench', peerId, nats: server },
    maxKeysPerCall: 100_000,
    keyspaces: Object.fromEntries(keyspaces),
  })
}

function keyspaceOf(valueBytes: number): string {
  return `values-of-${valueBytes}`
}

type Run = (order: Order) => Promise<number>

async function asker(): Promise<Run> {
  const { engine, listen } = fedcache('asker')
  await listen()
  const keys = Array.from({ length: 20_000 }, (_, index) => `key-${index}`)
  const theirs = new Map<number, readonly string[]>()
  for (const bytes of valueSizes) {
    const found = await engine.getMany(keyspaceOf(bytes), keys)
    const ofOwner = found.flatMap((entry, index) =>
      entry !== null && 'owner' in entry && entry.owner === 'owner' ? [keys[index]!] : [],
    )
    if (ofOwner.length < 5_000) throw new Error(`only ${ofOwner.length} keys are the other's`)
    theirs.set(bytes, ofOwner)
  }
  let next = 0
  return ({ keysPerQuery, valueBytes, seconds }) => {
    const among = theirs.get(valueBytes)!
    return inParallel(seconds, async () => {
      const some = Array.from({ length: keysPerQuery }, () => among[next++ % among.length]!)
      for (const entry of await engine.getMany(keyspaceOf(valueBytes), some)) {
        if (entry === null || entry instanceof Error) throw new Error('a read failed')
      }
      return keysPerQuery
    })
  }
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
      const replyBytes = new DataView(message.data.buffer, message.data.byteOffset).getUint32(0)
      let reply = replies.get(replyBytes)
      if (reply === undefined) replies.set(replyBytes, (reply = new Uint8Array(replyBytes)))
      message.respond(reply)
    },
  })
  await connection.flush()
  return async () => 0
}

async function echoClient(): Promise<Run> {
  const connection = await echoConnection()
  return ({ keysPerQuery, valueBytes, seconds }) => {
    const question = new Uint8Array(keysPerQuery * 11 + 64)
    new DataView(question.buffer).setUint32(0, keysPerQuery * (valueBytes + entryOverheadBytes) + 32)
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
