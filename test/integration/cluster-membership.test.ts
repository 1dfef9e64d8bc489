import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { deleteMany, keysOwnedBy, put, readEntries, readValues } from '../support/cluster-operations.ts'
import { ClusterWorld, eventually } from '../support/cluster-world.ts'

const many = (name: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${name}-${index}`)

describe('the peers of a cluster', () => {
  let world: ClusterWorld

  beforeAll(async () => {
    world = await ClusterWorld.make()
    await world.start('one', 'two')
  })
  afterAll(() => world.dispose())
  afterEach(() => expect(world.problems()).toEqual([]))

  test('share the slots, with one that joins, and without it when it has left', async () => {
    const [alone] = await world.settled()
    expect(alone!.peers.map(({ slots }) => slots).reduce((sum, slots) => sum + slots, 0)).toBe(4096)

    const three = world.launch('three')
    await three.listening()
    // Whoever listens has its place.
    expect(await three.ready()).toMatchObject({ status: 200, ready: true, degraded: false })
    expect(three.log.map(({ msg }) => msg)).toContain('bus connected')
    const [joined] = await world.settled()
    for (const { slots } of joined!.peers) expect(Math.abs(slots - 4096 / 3)).toBeLessThan((4096 / 3) * 0.15)
    expect(joined!.view).not.toBe(alone!.view)

    const stopped = three.stop()
    // It says that it leaves, and answers, while the others take over.
    const leaving = await eventually(
      () => three.ready(),
      ({ status }) => status !== 200,
      'three did not say that it leaves',
    )
    expect(leaving).toMatchObject({ status: 503, ready: false, reason: 'stopping' })
    expect(await readValues(three, 'feed', many('late', 30))).toEqual(many('late', 30).map((key) => ({ key })))
    expect(await stopped).toEqual({ code: 0, signal: null })
    const [left] = await world.settled()
    expect(left!.view).toBe(alone!.view)
    for (const id of ['one', 'two']) {
      const states = world
        .peer(id)
        .log.filter((line) => line['peer'] === 'three' && line.msg === 'peer changed')
        .map((line) => line['state'])
      expect(states).toEqual(['JOINING', 'ALIVE', 'LEAVING', 'DEAD'])
    }
  })

  test('answer for one that was killed, at once, and go on without it', async () => {
    await world.start('victim')
    const [one, two, victim] = [world.peer('one'), world.peer('two'), world.peer('victim')]
    const theirs = await keysOwnedBy('victim', one, 'feed', many('killed', 300))
    expect(theirs.length).toBeGreaterThan(50)
    world.origin.reset()

    await victim.kill()
    const since = performance.now()
    const [ours, others] = await Promise.all([readValues(one, 'feed', theirs), readValues(two, 'feed', theirs)])
    // NATS says that nobody listens, so nobody waits for silence to be noticed.
    expect(performance.now() - since).toBeLessThan(2000)
    expect(ours).toEqual(theirs.map((key) => ({ key })))
    expect(others).toEqual(ours)
    // The deputies load what is lost, each key once.
    expect(new Set(world.origin.loads.values())).toEqual(new Set([1]))
    expect((await one.cluster()).peers.find(({ id }) => id === 'victim')?.state).toBe('SUSPECT')

    await world.settled()
    const dead = await one.logged((line) => line['peer'] === 'victim' && line['state'] === 'DEAD')
    expect(dead['reason']).toMatch(/^silent for \d+ ms$/)
  })

  test('answer for one that hangs, and take it back when it goes on', async () => {
    await world.start('sleeper')
    const [one, two, sleeper] = [world.peer('one'), world.peer('two'), world.peer('sleeper')]
    const theirs = await keysOwnedBy('sleeper', one, 'feed', many('hung', 300))
    world.origin.reset()

    sleeper.pause()
    const since = performance.now()
    const [ours, others] = await Promise.all([readValues(one, 'feed', theirs), readValues(two, 'feed', theirs)])
    expect(performance.now() - since).toBeLessThan(4000)
    expect(ours).toEqual(theirs.map((key) => ({ key })))
    expect(others).toEqual(ours)
    expect(new Set(world.origin.loads.values())).toEqual(new Set([1]))
    await world.settled([one, two])

    sleeper.resume()
    await sleeper.nextLogged('this process was paused')
    await world.settled()
    expect(await keysOwnedBy('sleeper', one, 'feed', theirs)).toEqual(theirs)
    await sleeper.stop()
    await world.settled()
  })

  test('take one that restarts under its name for a new one', async () => {
    await world.start('phoenix')
    const before = await world.peer('phoenix').cluster()
    await put(world.peer('one'), 'ledger', 'kept', 'by its source')

    await world.peer('phoenix').kill()
    await world.launch('phoenix').listening()
    await world.settled()

    const after = await world.peer('phoenix').cluster()
    expect(after.view).toBe(before.view)
    expect(after.self.incarnation > before.self.incarnation).toBe(true)
    expect(await readValues(world.peer('phoenix'), 'ledger', ['kept'])).toEqual(['by its source'])
    expect((await world.peer('one').cluster()).peers.find(({ id }) => id === 'phoenix')).toMatchObject(after.self)
    await world.peer('phoenix').stop()
    await world.settled()
  })

  test('refuse a second process of the same name', async () => {
    const [one, two] = [world.peer('one'), world.peer('two')]
    const changes = (): number => two.log.filter(({ msg }) => msg === 'peer changed').length
    const before = changes()
    const second = world.launch('one')
    second.mayEnd = true
    const { code } = await second.ended
    expect(code).toBe(1)
    expect(second.log.find(({ level }) => level === 'error')).toMatchObject({
      msg: 'an older process with the same peerId is alive; this one ends',
      peerId: 'one',
    })
    // What went wrong was meant to.
    world.started.splice(world.started.indexOf(second), 1)
    const shown = await world.settled([one, two])
    expect(shown).toHaveLength(2)
    // It asked for the other before anybody heard of it, so nothing has moved to it and back.
    expect(changes()).toBe(before)
    expect(second.log.some(({ msg }) => msg === 'listening')).toBe(false)
  })
})

describe.concurrent('readiness', () => {
  test('waits for as many peers as there must be, and does not take that back', async () => {
    await using world = await ClusterWorld.make({ settings: { minimumPeers: 2 } })
    const [one] = await world.start('one')
    expect(await one!.ready()).toMatchObject({
      status: 503,
      degraded: false,
      reason: 'waiting for 2 peers, there are 1',
    })
    await world.start('two')
    for (const peer of world.peers) expect(await peer.ready()).toMatchObject({ status: 200 })
    await world.peer('two').stop()
    await world.settled()
    expect(await one!.ready()).toMatchObject({ status: 200 })
    expect(world.problems()).toEqual([])
  })
})

describe.concurrent('a peer that was given up', () => {
  // It kept the puts that it owned, and owns them again, while their deletes are known to the others only.
  test('does not bring back what was deleted meanwhile', async () => {
    await using world = await ClusterWorld.make()
    await world.proxied('lost')
    const [one, two] = await world.start('one', 'two', 'lost')
    const keys = many('note', 60)
    for (const key of keys) await put(one!, 'notes', key, 1)
    const theirs = await keysOwnedBy('lost', one!, 'notes', keys)
    world.proxies.get('lost')!.cut()
    await world.settled([one!, two!])
    await deleteMany(one!, 'notes', theirs)
    world.proxies.get('lost')!.heal()
    await world.settled()
    for (const peer of world.peers) expect(await readValues(peer, 'notes', theirs)).toEqual(theirs.map(() => null))
  })
})

describe.concurrent('without NATS', () => {
  test('a peer that starts answers reads from the source, refuses writes, and joins when NATS is there', async () => {
    await using world = await ClusterWorld.make()
    await world.nats.kill()
    const peers = await Promise.all(['one', 'two'].map((id) => world.launch(id).listening()))
    for (const peer of peers) {
      expect(await peer.ready()).toMatchObject({ status: 503, degraded: true, reason: 'joining the cluster' })
      expect(await peer.cluster()).toMatchObject({ settled: false, degraded: true, self: { id: peer.id } })
      expect(await readValues(peer, 'feed', ['cold'])).toEqual([{ key: 'cold' }])
      const refused = await peer.query(
        'mutation { putEntry(input: { keyspace: "ledger", key: "k", value: 1 }) { entry { key } } }',
      )
      expect(refused.errors).toMatchObject([{ extensions: { code: 'UNAVAILABLE', outcome: 'NONE' } }])
    }
    // Isolated, once per peer.
    expect(world.origin.loads.get('cold')).toBe(2)
    expect(world.stored('k')).toBeUndefined()

    await world.nats.start()
    await world.settled()
    for (const peer of peers) expect(await peer.ready()).toMatchObject({ status: 200, degraded: false })
    await put(peers[0]!, 'ledger', 'k', 1)
    expect(await readValues(peers[1]!, 'ledger', ['k'])).toEqual([1])
    expect(world.problems()).toEqual([])
  })

  test('peers go on serving what they have, and keep it when NATS is back', async () => {
    await using world = await ClusterWorld.make()
    const one = world.launch('one')
    const two = world.launch('two', { unreadyWhenIsolatedFor: '1s' })
    await Promise.all([one.listening(), two.listening()])
    await world.settled()
    const keys = many('cached', 100)
    const mine = await keysOwnedBy('one', one, 'feed', keys)
    await put(one, 'notes', 'note', 'kept')
    world.origin.reset()

    await world.nats.kill()
    await Promise.all(
      [one, two].map((peer) => peer.nextLogged('cut off from the cluster: serving what is here, taking no writes')),
    )
    for (const entry of await readEntries(one, 'feed', mine)) expect(entry?.servedFrom).toBe('OWNER')
    expect(world.origin.loads.size).toBe(0)
    // What the other had is loaded, by each that is asked for it.
    expect(await readValues(one, 'feed', keys)).toEqual(keys.map((key) => ({ key })))
    expect(world.origin.loads.size).toBe(keys.length - mine.length)
    const refused = await one.query(
      'mutation { putEntry(input: { keyspace: "notes", key: "k", value: 1 }) { entry { key } } }',
    )
    expect(refused.errors).toMatchObject([{ extensions: { code: 'UNAVAILABLE', outcome: 'NONE' } }])
    expect(await one.ready()).toMatchObject({ status: 200, ready: true, degraded: true })
    const unready = await eventually(
      () => two.ready(),
      ({ status }) => status === 503,
      'two stayed ready',
    )
    expect(unready.reason).toMatch(/^cut off from the cluster for \d+ ms$/)
    expect(await one.metric('fedcache_cluster_isolated')).toBe(1)

    await world.nats.start()
    await world.settled()
    expect(await two.ready()).toMatchObject({ status: 200, degraded: false })
    world.origin.reset()
    for (const entry of await readEntries(one, 'feed', mine)) expect(entry?.servedFrom).toBe('OWNER')
    expect(world.origin.loads.size).toBe(0)
    expect(await readValues(two, 'notes', ['note'])).toEqual(['kept'])
    expect(world.problems()).toEqual([])
  })
})
