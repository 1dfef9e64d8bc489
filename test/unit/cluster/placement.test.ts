import HashRing from 'hashring'
import { describe, expect, test } from 'vitest'
import { slotCount } from '../../../src/ports/index.ts'
import {
  deputyOf,
  noPeer,
  ownerOf,
  type SlotTable,
  slotTable,
  slotTableInSlices,
  viewHash,
} from '../../../src/cluster/placement.ts'
import type { Clock } from '../../../src/ports/index.ts'
import { seededRandom } from '../../support/seeded-random.ts'

const slots = Array.from({ length: slotCount }, (_, slot) => slot)

function peerIds(count: number, random: () => number): string[] {
  return Array.from({ length: count }, (_, index) => `peer-${index}-${Math.floor(random() * 2 ** 32).toString(36)}`)
}

function shares(table: SlotTable): number[] {
  const counts = table.peers.map(() => 0)
  for (const owner of table.owners) counts[owner] = (counts[owner] ?? 0) + 1
  return counts
}

describe('slotTable', () => {
  test('gives each of three peers a third of the slots, within 15 %, for 50 seeded sets', () => {
    const worst = Array.from({ length: 50 }, (_, seed) => {
      const third = slotCount / 3
      return Math.max(
        ...shares(slotTable(peerIds(3, seededRandom(seed)))).map((count) => Math.abs(count - third) / third),
      )
    })
    expect(worst).toHaveLength(50)
    expect(Math.max(...worst)).toBeLessThanOrEqual(0.15)
  })

  test('does so for names that people choose as well', () => {
    const third = slotCount / 3
    for (const ids of [
      ['a', 'b', 'c'],
      ['1', '2', '3'],
      ['fedcache-0', 'fedcache-1', 'fedcache-2'],
      ['A', 'a', '_'],
    ]) {
      for (const count of shares(slotTable(ids))) expect(Math.abs(count - third) / third).toBeLessThanOrEqual(0.15)
    }
  })

  test.each([1, 2, 3, 10, 50, 200])('places every slot of %i peers on two of them', (count) => {
    const table = slotTable(peerIds(count, seededRandom(count)))
    expect(table.peers).toHaveLength(count)
    for (const slot of slots) {
      expect(table.owners[slot]).toBeLessThan(count)
      if (count === 1) expect(deputyOf(table, slot)).toBeUndefined()
      else expect(deputyOf(table, slot)).not.toBe(ownerOf(table, slot))
    }
    expect(shares(table).every((share) => share > 0)).toBe(true)
  })

  test('is the same whatever order the peers were learnt in', () => {
    const ids = peerIds(7, seededRandom(1))
    const table = slotTable(ids)
    expect(slotTable(ids.toReversed())).toEqual(table)
    expect(slotTable([...ids.slice(3), ...ids])).toEqual(table)
  })

  test('moves slots to the peer that joins and between no others, 1/N of them on average', () => {
    let moved = 0
    let expected = 0
    for (let seed = 0; seed < 100; seed++) {
      const random = seededRandom(seed)
      const count = 2 + Math.floor(random() * 8)
      const ids = peerIds(count, random)
      const before = slotTable(ids.slice(1))
      const after = slotTable(ids)
      for (const slot of slots) {
        if (ownerOf(before, slot) === ownerOf(after, slot)) continue
        expect(ownerOf(after, slot)).toBe(ids[0])
        moved++
      }
      expected += slotCount / count
    }
    expect(moved / expected).toBeLessThanOrEqual(1.1)
    expect(moved / expected).toBeGreaterThan(0.9)
  })

  test('makes the deputy the owner when the owner leaves', () => {
    const ids = peerIds(5, seededRandom(3))
    const before = slotTable(ids)
    const after = slotTable(ids.slice(1))
    for (const slot of slots) {
      const heir = ownerOf(before, slot) === ids[0] ? deputyOf(before, slot) : ownerOf(before, slot)
      expect(ownerOf(after, slot)).toBe(heir)
    }
  })

  test('agrees with one ring of all peers, as hashring itself walks it', () => {
    const ids = peerIds(9, seededRandom(5))
    const servers = Object.fromEntries(ids.map((id) => [id, { vnodes: 100 }]))
    const { ring, find } = withFind(new HashRing(servers, 'sha512', { replicas: 16 }))
    const table = slotTable(ids)
    for (const slot of slots) {
      const start = find(slot * 2 ** 20)
      const owner = ring[start]?.server
      const deputy = [...ring.slice(start), ...ring].find((point) => point.server !== owner)?.server
      expect([ownerOf(table, slot), deputyOf(table, slot)]).toEqual([owner, deputy])
    }
  })

  test('stays what it is: part of the protocol', () => {
    const table = slotTable(['fedcache-0', 'fedcache-1', 'fedcache-2'])
    expect(table.view).toBe('c45267d0676f183b')
    expect(shares(table)).toEqual([1374, 1380, 1342])
    expect([0, 1000, 2000, 4095].map((slot) => `${ownerOf(table, slot)} ${deputyOf(table, slot)}`)).toEqual([
      'fedcache-0 fedcache-1',
      'fedcache-1 fedcache-0',
      'fedcache-1 fedcache-2',
      'fedcache-1 fedcache-0',
    ])
  })

  test('refuses no peers, and slots that do not exist', () => {
    expect(() => slotTable([])).toThrow('received 0')
    const table = slotTable(['a'])
    expect(table.deputies[0]).toBe(noPeer)
    expect(() => ownerOf(table, slotCount)).toThrow(`received ${slotCount}`)
    expect(() => deputyOf(table, -1)).toThrow('received -1')
  })
})

function withFind(ring: HashRing) {
  return { ring: ring.ring, find: (position: number) => ring.find(position) }
}

describe('slotTableInSlices', () => {
  test('gives the same table, and way to other work in between', async () => {
    const ids = peerIds(20, seededRandom(8))
    let nowMs = 0
    let pauses = 0
    const clock: Clock = {
      now: () => nowMs,
      monotonic: () => (nowMs += 1),
      wallOffsetMs: () => 0,
      setTimer(callback) {
        pauses++
        setImmediate(callback)
        return { cancel() {} }
      },
    }
    expect(await slotTableInSlices(ids, clock)).toEqual(slotTable(ids))
    expect(pauses).toBeGreaterThanOrEqual(3)
  })
})

describe('viewHash', () => {
  test('is the same for the same peers only', () => {
    expect(viewHash(['a', 'b'])).toBe(viewHash(['b', 'a', 'b']))
    expect(viewHash(['a', 'b'])).toBe(slotTable(['b', 'a']).view)
    expect(viewHash(['a', 'b'])).not.toBe(viewHash(['a']))
    expect(viewHash(['ab'])).not.toBe(viewHash(['a', 'b']))
    expect(viewHash([])).toMatch(/^[0-9a-f]{16}$/)
  })
})
