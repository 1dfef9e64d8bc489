import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ClusterWorld, eventually } from '../support/cluster-world.ts'
import { type ReadEntry, readEntries, statsOf } from '../support/cluster-operations.ts'
import type { ClusterPeer } from '../support/cluster-peer.ts'

const entries =
  'query ($keyspace: String!, $keys: [String!]!) { entries(keyspace: $keyspace, keys: $keys) { key value servedFrom owner { id } } }'
async function read(peer: ClusterPeer, keys: readonly string[]): Promise<readonly ReadEntry[]> {
  return (await readEntries(peer, 'feed', keys)) as readonly ReadEntry[]
}

describe('three peers', () => {
  let world: ClusterWorld
  let peers: readonly ClusterPeer[]

  beforeAll(async () => {
    world = await ClusterWorld.make()
    peers = await world.start('one', 'two', 'three')
  })
  afterAll(() => world.dispose())

  test('load each of 10,000 keys once, whoever asks, and none of them loads everything', async () => {
    const keys = Array.from({ length: 10_000 }, (_, index) => `cold-${index}`)
    const calls = Array.from({ length: 10 }, (_, index) => keys.slice(index * 1000, index * 1000 + 1000))

    const answers = await Promise.all(peers.map((peer) => Promise.all(calls.map((call) => read(peer, call)))))

    for (const answer of answers) {
      expect(answer.flat().map(({ key, value }) => ({ key, value }))).toEqual(
        keys.map((key) => ({ key, value: { key } })),
      )
    }
    expect(world.origin.loads.size).toBe(10_000)
    expect(Array.from(world.origin.loads).filter(([, count]) => count !== 1)).toEqual([])
    const counted = await Promise.all(peers.map((peer) => statsOf(peer, 'feed')))
    for (const { loadedKeys, peerReads, entries: held } of counted) {
      expect(loadedKeys).toBeGreaterThan(2000)
      expect(loadedKeys).toBeLessThan(4700)
      // More where a new owner asked the last one first.
      expect(peerReads).toBeGreaterThanOrEqual(10_000 - loadedKeys!)
      // What is read once from another peer is not kept.
      expect(held).toBe(loadedKeys)
    }
    expect(counted.reduce((sum, { loadedKeys }) => sum + loadedKeys!, 0)).toBe(10_000)
  })

  test('agree on the owner of every key', async () => {
    const keys = Array.from({ length: 300 }, (_, index) => `owned-${index}`)
    const owners = await Promise.all(peers.map(async (peer) => (await read(peer, keys)).map(({ owner }) => owner!.id)))
    expect(owners[1]).toEqual(owners[0])
    expect(owners[2]).toEqual(owners[0])
    expect(new Set(owners[0])).toEqual(new Set(['one', 'two', 'three']))
  })

  test('keep copies of what is read again and again, and drop them when it changes', async () => {
    const [asked] = peers
    const keys = Array.from({ length: 60 }, (_, index) => `hot-${index}`)
    const theirs = (await read(asked!, keys)).filter(({ owner }) => owner!.id !== asked!.id).map(({ key }) => key)
    await read(asked!, theirs)
    for (const { servedFrom } of await read(asked!, theirs)) expect(servedFrom).toBe('NEAR')
    world.origin.value = (key) => ({ key, changed: true })

    const [changed = '', ...unchanged] = theirs
    const owner = world.peer((await read(asked!, [changed]))[0]!.owner!.id)
    await owner.data(
      'mutation ($key: String!) { deleteEntry(input: { keyspace: "feed", key: $key }) { key unconfirmed { id } } }',
      { key: changed },
    )

    expect(await read(asked!, [changed])).toMatchObject([{ value: { changed: true } }])
    for (const { servedFrom, value } of await read(asked!, unchanged)) {
      expect(servedFrom).toBe('NEAR')
      expect(value).not.toHaveProperty('changed')
    }
    world.origin.value = (key) => ({ key })
  })

  test('wait for a slow source of the owner without loading themselves', async () => {
    world.origin.delayMs = 1500
    const keys = Array.from({ length: 30 }, (_, index) => `slow-${index}`)
    await Promise.all(peers.map((peer) => read(peer, keys)))
    world.origin.delayMs = 0
    expect(keys.map((key) => world.origin.loads.get(key))).toEqual(keys.map(() => 1))
  })

  test('tell the error of the owner’s source', async () => {
    world.origin.down = true
    const answer = await peers[0]!.query(entries, {
      keyspace: 'feed',
      keys: ['broken-1', 'broken-2', 'broken-3', 'broken-4'],
    })
    world.origin.down = false
    expect(answer.data).toEqual({ entries: [null, null, null, null] })
    expect(answer.errors?.map(({ extensions }) => extensions?.['code'])).toEqual(
      Array.from({ length: 4 }, () => 'SOURCE_FAILED'),
    )
  })

  test('read values of many messages, and one that is larger than a message', async () => {
    const keys = Array.from({ length: 40 }, (_, index) => `big-${index}`)
    world.origin.value = (key) => ({ key, padding: 'x'.repeat(key === 'big-7' ? 1_500_000 : 200_000) })
    const answer = await Promise.all(peers.map((peer) => peer.query(entries, { keyspace: 'feed', keys })))
    world.origin.value = (key) => ({ key })
    for (const { data, errors } of answer) {
      const missing = (data.entries as (ReadEntry | null)[]).flatMap((entry, index) =>
        entry === null ? [keys[index]] : [],
      )
      expect(missing).toEqual(errors === undefined ? [] : ['big-7'])
      expect(errors?.map(({ extensions }) => extensions?.['code']) ?? []).toEqual(
        errors === undefined ? [] : ['VALUE_TOO_LARGE'],
      )
    }
    // Its owner has it.
    expect(answer.filter(({ errors }) => errors === undefined)).toHaveLength(1)
  })

  test('have nothing to complain of', async () => {
    await eventually(
      () => Promise.all(peers.map((peer) => peer.metric('fedcache_bus_pending_requests'))),
      (pending) => pending.every((count) => count === 0),
      'requests were still pending',
    )
    expect(world.problems()).toEqual([])
  })
})
