import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { deleteMany, keysOwnedBy, put, putMany, readEntries, readValues } from '../support/cluster-operations.ts'
import type { ClusterPeer } from '../support/cluster-peer.ts'
import { type PeerSubscription, peerSubscription } from '../support/cluster-subscription.ts'
import { ClusterWorld, eventually } from '../support/cluster-world.ts'
import { natsServerPair } from '../support/nats-server.ts'

interface Change {
  readonly keyspace: string
  readonly key: string | null
  readonly kind: 'PUT' | 'DELETED' | 'CLEARED' | 'MISSED'
}

interface Event {
  readonly state: string
  readonly reason: string
  readonly peer: { readonly id: string }
}

const changesOf = (peer: ClusterPeer, keyspace: string): Promise<PeerSubscription<Change>> =>
  peerSubscription<Change>(
    peer,
    'subscription ($keyspace: String!) { entryChanges(keyspace: $keyspace) { keyspace key kind } }',
    { keyspace },
  )

const eventsOf = (peer: ClusterPeer): Promise<PeerSubscription<Event>> =>
  peerSubscription<Event>(peer, 'subscription { clusterEvents { state reason peer { id } } }')

describe('changes in a cluster', () => {
  let world: ClusterWorld
  let one: ClusterPeer
  let two: ClusterPeer

  beforeAll(async () => {
    world = await ClusterWorld.make()
    const peers = await world.start('one', 'two')
    one = peers[0]!
    two = peers[1]!
  })
  afterAll(() => world.dispose())
  afterEach(() => expect(world.problems()).toEqual([]))

  test('of keyspaces reach every peer, and those that join later before they serve', async () => {
    await one.data(`mutation {
      made: createKeyspace(input: { name: "sessions", ttl: "7m" }) { keyspace { name } }
      fed: createKeyspace(input: { name: "second-feed", source: "feed", ttl: "1h" }) { keyspace { name } }
      gone: createKeyspace(input: { name: "gone" }) { keyspace { name } }
      updated: updateKeyspace(input: { name: "notes", ttl: "3m" }) { keyspace { name } }
      deleted: deleteKeyspace(input: { name: "gone" }) { name }
    }`)
    await put(two, 'sessions', 'visitor', { basket: 1 })
    const three = await world.launch('three').listening()

    const shown = {
      keyspaces: [
        expect.objectContaining({ name: 'feed', ttl: '1h' }),
        expect.objectContaining({ name: 'ledger' }),
        { name: 'notes', ttl: '3m', origin: 'CONFIG', source: null },
        { name: 'second-feed', ttl: '1h', origin: 'RUNTIME', source: 'feed' },
        { name: 'sessions', ttl: '7m', origin: 'RUNTIME', source: null },
      ],
    }
    for (const peer of [one, two, three]) {
      expect(await peer.data('{ keyspaces { name ttl origin source } }')).toEqual(shown)
      expect(await readValues(peer, 'sessions', ['visitor'])).toEqual([{ basket: 1 }])
      expect(await readValues(peer, 'second-feed', ['shared'])).toEqual([{ key: 'shared' }])
    }
    expect(world.origin.loads.get('shared')).toBe(1)
    await world.settled()
    await three.stop()
    await world.settled()
    // What was put went to those that stay.
    expect(await readValues(one, 'sessions', ['visitor'])).toEqual([{ basket: 1 }])
  })

  test('of entries are told by every peer, whoever was asked and whoever owns them', async () => {
    const subscriptions = await Promise.all([one, two].map((peer) => changesOf(peer, 'notes')))
    const keys = ['a', 'b', 'c', 'd', 'e', 'f']
    for (const key of keys) await put(key < 'd' ? one : two, 'notes', key, key)
    await deleteMany(one, 'notes', ['a'])
    await two.data('mutation { clearKeyspace(input: { name: "notes" }) { unconfirmed { id } } }')
    for (const { events, seen, stop } of subscriptions) {
      await seen(({ kind }) => kind === 'CLEARED')
      expect(events).toEqual([
        ...keys.map((key) => ({ keyspace: 'notes', key, kind: 'PUT' })),
        { keyspace: 'notes', key: 'a', kind: 'DELETED' },
        { keyspace: 'notes', key: null, kind: 'CLEARED' },
      ])
      stop()
    }
  })

  test('by tag drop copies on every peer', async () => {
    const keys = Array.from({ length: 40 }, (_, index) => `tagged-${index}`)
    await Promise.all([one, two].map((peer) => readEntries(peer, 'feed', keys)))
    await Promise.all([one, two].map((peer) => readEntries(peer, 'feed', keys)))
    world.origin.value = (key) => ({ key, after: true })
    const { invalidateTags } = await one.data(
      'mutation { invalidateTags(input: { keyspace: "feed", tags: ["group-tagged"] }) { confirmedBy { id } unconfirmed { id } } }',
    )
    expect(invalidateTags).toEqual({ confirmedBy: [{ id: 'one' }, { id: 'two' }], unconfirmed: [] })
    for (const peer of [one, two]) {
      expect(await readValues(peer, 'feed', keys)).toEqual(keys.map((key) => ({ key, after: true })))
    }
    world.origin.value = (key) => ({ key })
  })

  test('of peers are told by every other', async () => {
    const subscriptions = await Promise.all([one, two].map(eventsOf))
    const late = await world.launch('late').listening()
    await world.settled()
    await late.stop()
    for (const { events, seen, stop } of subscriptions) {
      await seen(({ state }) => state === 'DEAD')
      expect(events.map(({ peer, state, reason }) => `${peer.id} ${state}: ${reason}`)).toEqual([
        'late JOINING: heard for the first time',
        'late ALIVE: heard again',
        'late LEAVING: heard again',
        'late DEAD: left',
      ])
      stop()
    }
  })

  test('end the subscriptions of a peer that stops', async () => {
    const late = await world.launch('late').listening()
    const { ended } = await changesOf(late, 'notes')
    await late.stop()
    await ended
    await world.settled()
  })

  test('that were missed are told as such, and what they may have outdated is read anew', async () => {
    await world.proxied('deaf')
    const deaf = await world.launch('deaf').listening()
    await world.settled()
    const keys = Array.from({ length: 60 }, (_, index) => `missed-${index}`)
    const others = (await keysOwnedBy('one', deaf, 'feed', keys)).concat(await keysOwnedBy('two', deaf, 'feed', keys))
    // Read twice, they are copied.
    for (const entry of await readEntries(deaf, 'feed', others)) expect(entry?.servedFrom).toBe('NEAR')
    const changes = await changesOf(deaf, 'feed')

    // Its connection is dead, which it does not know yet.
    world.proxies.get('deaf')!.blackhole()
    world.origin.value = (key) => ({ key, after: true })
    const { unconfirmed } = await deleteMany(one, 'feed', others)
    expect(unconfirmed).toEqual([{ id: 'deaf' }])
    world.proxies.get('deaf')!.cut()
    world.proxies.get('deaf')!.heal()
    await world.settled()

    await changes.seen(({ kind }) => kind === 'MISSED')
    expect(await readValues(deaf, 'feed', others)).toEqual(others.map((key) => ({ key, after: true })))
    expect(await deaf.metric('fedcache_cluster_gaps_total')).toBeGreaterThan(0)
    changes.stop()
    world.origin.value = (key) => ({ key })
    await deaf.stop()
  })
})

test('changes made on either side of a split NATS cluster hold on both when it has healed', async () => {
  await using pair = await natsServerPair()
  await using world = await ClusterWorld.make()
  const [left, right] = await Promise.all(
    pair.servers.map((server, index) =>
      world.launch(index === 0 ? 'left' : 'right', {}, { nats: server.url }).listening(),
    ),
  )
  await world.settled()
  const keys = Array.from({ length: 60 }, (_, index) => `split-${index}`)
  await putMany(left!, 'notes', new Map(keys.map((key) => [key, key])))
  const [ofLeft, ofRight] = await Promise.all(['left', 'right'].map((id) => keysOwnedBy(id, left!, 'notes', keys)))

  pair.route.cut()
  await Promise.all([left!, right!].map((peer) => world.settled([peer])))
  // Where the owner's put cannot be reached.
  await deleteMany(right!, 'notes', ofLeft!)
  await deleteMany(left!, 'notes', ofRight!)
  pair.route.heal()
  await world.settled()

  for (const peer of [left!, right!]) {
    await eventually(
      () => readValues(peer, 'notes', keys),
      (values) => values.every((value) => value === null),
      `${peer.id} has what was deleted`,
    )
  }
  expect(world.problems()).toEqual([])
})
