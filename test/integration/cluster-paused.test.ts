import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { deleteMany, keysOwnedBy, put, putMany, readEntries } from '../support/cluster-operations.ts'
import type { ClusterPeer } from '../support/cluster-peer.ts'
import { ClusterWorld } from '../support/cluster-world.ts'

const many = (name: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${name}-${index}`)

describe('a peer that was paused with thousands of messages waiting', () => {
  let world: ClusterWorld
  let sleeper: ClusterPeer
  let other: ClusterPeer
  let third: ClusterPeer
  /** Keys of `notes` that `other` owns: each put of one sends the sleeper a message. */
  let pile: readonly string[]

  beforeAll(async () => {
    world = await ClusterWorld.make()
    const peers = await world.start('sleeper', 'other', 'third')
    sleeper = peers[0]!
    other = peers[1]!
    third = peers[2]!
    const notes = many('pile'.padEnd(900, '.'), 1000)
    await putMany(other, 'notes', new Map(notes.map((key) => [key, 0])))
    pile = await keysOwnedBy('other', other, 'notes', notes)
  })
  afterAll(() => world.dispose())
  afterEach(() => expect(world.problems()).toEqual([]))

  const pileUp = async (value: number, rounds = 4): Promise<void> => {
    for (let round = 0; round < rounds; round++) await Promise.all(pile.map((key) => put(other, 'notes', key, value)))
  }

  /** Fills the sleeper's memory: with its own keys, and with copies of what others own. */
  /** Opens connections for requests that are to wait in them. */
  const warm = (keys: readonly string[]) =>
    Promise.all(Array.from({ length: 20 }, () => readEntries(sleeper, 'feed', keys)))
  const fill = async (keys: readonly string[]): Promise<void> => {
    world.origin.value = (key) => ({ key, state: 'old' })
    for (let round = 0; round < 2; round++) await readEntries(sleeper, 'feed', keys)
    for (const entry of await readEntries(sleeper, 'feed', keys)) {
      expect(entry?.servedFrom).toMatch(/^(OWNER|NEAR)$/)
      expect(entry?.value).toMatchObject({ state: 'old' })
    }
    world.origin.value = (key) => ({ key, state: 'new' })
  }

  /** Wakes the sleeper with requests waiting in its sockets, and reads on while it catches up. */
  const wakeAndRead = async (keys: readonly string[]): Promise<void> => {
    const expectNew = async (): Promise<void> => {
      const entries = await readEntries(sleeper, 'feed', keys)
      const old = entries.filter((entry) => (entry?.value as { state: string } | undefined)?.state !== 'new')
      expect(old.map((entry) => [entry?.key, entry?.servedFrom])).toEqual([])
    }
    const waiting = Array.from({ length: 20 }, expectNew)
    const woken = sleeper.nextLogged('this process was paused')
    sleeper.resume()
    const racing = Array.from({ length: 4 }, async () => {
      for (let round = 0; round < 25; round++) await expectNew()
    })
    await Promise.all([...waiting, ...racing])
    await woken
    await world.settled()
    for (const peer of [sleeper, other, third]) {
      for (const entry of await readEntries(peer, 'feed', keys)) expect(entry?.value).toMatchObject({ state: 'new' })
    }
  }

  test('serves no copy of what was deleted while it was silent for a moment', async () => {
    const keys = many('moment', 400)
    await fill(keys)
    const theirs = [
      ...(await keysOwnedBy('other', other, 'feed', keys)),
      ...(await keysOwnedBy('third', other, 'feed', keys)),
    ]
    await warm(keys)
    sleeper.pause()
    // More than a process reads of one connection at a time, so that the deletes are not the first that it hears of.
    await pileUp(1, 12)
    const { unconfirmed, confirmedBy } = await deleteMany(other, 'feed', theirs)
    // On a slow machine it has been given up by now, and is not listed any more.
    if (unconfirmed.length > 0) expect(unconfirmed).toEqual([{ id: 'sleeper' }])
    expect(confirmedBy).toHaveLength(2)
    await wakeAndRead(theirs)
  })

  test('serves nothing that was deleted when it had been given up', async () => {
    const keys = many('given-up', 400)
    await fill(keys)
    await warm(keys)
    sleeper.pause()
    await pileUp(3)
    await world.settled([other, third])
    await deleteMany(other, 'feed', keys)
    await pileUp(4)
    await wakeAndRead(keys)
  })
})
