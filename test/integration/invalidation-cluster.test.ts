import { connect } from 'nats'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFedcache, type Fedcache, natsKvSource } from 'fedcache'
import { eventually } from '../support/cluster-world.ts'
import { InvalidationReceiver } from '../support/invalidation-receiver.ts'
import { type NatsServer, natsServer } from '../support/nats-server.ts'
import { type Answer, post } from '../support/served-cache.ts'

const ids = ['one', 'two', 'three']
let nats: NatsServer
let receiver: InvalidationReceiver
let peers: readonly Fedcache[]

function peer(peerId: string): Fedcache {
  return createFedcache({
    memoryLimit: '16mb',
    log: { level: 'silent' },
    cluster: { nats: nats.url, peerId },
    keyspaces: { notes: {}, sessions: { source: natsKvSource({ bucket: 'sessions' }) } },
    invalidation: {
      endpoints: [{ kind: 'webhook', url: `${receiver.url}/${peerId}` }],
      window: 0,
    },
  })
}

async function ask(fedcache: Fedcache, query: string): Promise<Answer['data']> {
  const answer = (await (await fedcache.fetch(post({ query }))).json()) as Answer
  expect(answer.errors).toBeUndefined()
  return answer.data
}

beforeAll(async () => {
  nats = await natsServer({ jetstream: true })
  receiver = await InvalidationReceiver.start()
  peers = ids.map(peer)
  await eventually(
    () => Promise.all(peers.map((each) => ask(each, '{ cluster { settled peers { id } } }'))),
    (shown) => shown.every(({ cluster }) => cluster.settled && cluster.peers.length === ids.length),
    'the peers did not agree',
  )
})

afterAll(async () => {
  await Promise.all(peers.map((each) => each.stop()))
  await receiver[Symbol.asyncDispose]()
  await nats.dispose()
})

/** How often each tag was told, by any peer. */
function told(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { body } of receiver.taken) {
    for (const tag of (JSON.parse(body) as { tags: string[] }).tags) counts.set(tag, (counts.get(tag) ?? 0) + 1)
  }
  return counts
}

test('every change is told once, whichever peer took it and whichever owns the key', async () => {
  const keys = Array.from({ length: 30 }, (_, index) => `${index}`)
  for (const [index, key] of keys.entries()) {
    const via = peers[index % peers.length]!
    await ask(via, `mutation { putEntry(input: { keyspace: "notes", key: "${key}", value: 1 }) { entry { key } } }`)
    await ask(via, `mutation { putEntry(input: { keyspace: "sessions", key: "${key}", value: 1 }) { entry { key } } }`)
  }
  await ask(peers[0]!, 'mutation { invalidateTags(input: { keyspace: "notes", tags: ["t"] }) { tags } }')
  await ask(peers[1]!, 'mutation { clearKeyspace(input: { name: "notes" }) { keyspace { name } } }')
  const expected = [...keys.flatMap((key) => [`notes/${key}`, `sessions/${key}`]), 't', 'notes']
  await receiver.until(() => told().size >= expected.length)
  // Of what went to the bucket every peer heard as well; one that told it again would have done so by now or does here.
  await ask(
    peers[2]!,
    'mutation { putEntry(input: { keyspace: "sessions", key: "last", value: 1 }) { entry { key } } }',
  )
  await receiver.until(() => told().has('sessions/last'))
  expect(Object.fromEntries(told())).toEqual(Object.fromEntries([...expected, 'sessions/last'].map((tag) => [tag, 1])))
  // Those that own keys tell, not one for all.
  expect(new Set(receiver.taken.map(({ path }) => path)).size).toBe(ids.length)
})

test('what others change in a source is told once, by the owner of the key', async () => {
  receiver.taken.length = 0
  const outsider = await connect({ servers: nats.url })
  const kv = await outsider.jetstream().views.kv('sessions')
  const keys = Array.from({ length: 20 }, (_, index) => `outside-${index}`)
  for (const key of keys) await kv.put(key, '"changed"')
  await receiver.until(() => told().size >= keys.length)
  await kv.put('end', '1')
  await receiver.until(() => told().has('sessions/end'))
  await outsider.close()
  expect(Object.fromEntries(told())).toEqual(Object.fromEntries([...keys, 'end'].map((key) => [`sessions/${key}`, 1])))
})
