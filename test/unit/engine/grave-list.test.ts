import { describe, expect, test } from 'vitest'
import { GraveList } from '../../../src/engine/grave-list.ts'
import { heapInUseBytes } from '../../support/heap.ts'
import { Keyspace } from '../../../src/engine/keyspace.ts'
import { MemoryBudget } from '../../../src/engine/memory.ts'
import type { EntryTransfer } from '../../../src/ports/index.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { keyspaceDefinition } from '../../support/engine-fixture.ts'

describe('a grave', () => {
  test('keeps what is not newer from coming back', () => {
    const graves = new GraveList()
    graves.buryKey('a', 5)
    expect(graves.isBuried('a', [], 4)).toBe(true)
    expect(graves.isBuried('a', [], 5)).toBe(true)
    expect(graves.isBuried('a', [], 6)).toBe(false)
    expect(graves.isBuried('b', [], 1)).toBe(false)
  })

  test('is not opened by news that come late', () => {
    const graves = new GraveList()
    graves.buryKey('a', 5)
    graves.buryKey('a', 3)
    expect(graves.isBuried('a', [], 5)).toBe(true)
  })

  test('is given up for 65,536 later ones, counted from when it was dug last', () => {
    const graves = new GraveList()
    const isBuried = (key: string): boolean => graves.isBuried(key, [], 1)
    graves.buryKey('first', 1)
    graves.buryKey('second', 1)
    graves.buryKey('third', 1)
    for (let index = 0; index < 65_533; index++) graves.buryKey(`key-${index}`, 1)
    graves.buryKey('first', 1)
    expect(['first', 'second', 'third'].filter(isBuried)).toEqual(['first', 'second', 'third'])
    graves.buryKey('one more', 1)
    expect(['first', 'second', 'third', 'one more'].filter(isBuried)).toEqual(['first', 'third', 'one more'])
    graves.buryKey('third', 1)
    graves.buryKey('and another', 1)
    expect(['first', 'third', 'key-0', 'key-1'].filter(isBuried)).toEqual(['first', 'third', 'key-1'])
    for (let index = 0; index < 65_536; index++) graves.buryKey(`later-${index}`, 1)
    expect(['first', 'third', 'one more', 'later-0'].filter(isBuried)).toEqual(['later-0'])
  })

  test('forgets sooner what has long keys', () => {
    const graves = new GraveList()
    const keyAt = (index: number): string => `${index}`.padEnd(1024, '.')
    for (let index = 0; index < 4097; index++) graves.buryKey(keyAt(index), 1)
    // Again, which takes up no more than before.
    graves.buryKey(keyAt(1), 2)
    const isBuried = (index: number): boolean => graves.isBuried(keyAt(index), [], 1)
    expect([0, 1, 2, 4096].map(isBuried)).toEqual([false, true, true, true])
    graves.buryKey(keyAt(9999), 1)
    expect([1, 2, 3, 9999].map(isBuried)).toEqual([true, false, true, true])
  })

  test('holds for every entry of a tag', () => {
    const graves = new GraveList()
    graves.buryTags(['red'], 5)
    expect(graves.isBuried('a', ['blue', 'red'], 5)).toBe(true)
    expect(graves.isBuried('a', ['blue'], 5)).toBe(false)
  })
})

describe('a put that has gone is not followed by one that it replaced, when that is handed over late', () => {
  const handedOver = (key: string, version: number): EntryTransfer => {
    return { key, encoded: '"old"', version, ageMs: 10, ttlMs: Infinity, tags: [] }
  }
  const keyspaceWithPut = (spreadMs = 1000) => {
    const clock = fakeClock()
    const budget = new MemoryBudget(1_000_000)
    const keyspace = new Keyspace(keyspaceDefinition({ maxEntries: 1 }), { clock, budget, slotOf: () => 0, spreadMs })
    const put = (key: string, version: number): void => {
      keyspace.keep(keyspace.entry(key, { encoded: '"new"', ttlMs: Infinity, tags: ['red'] }, version, 'PUT'))
    }
    put('a', 7)
    return { keyspace, clock, put }
  }

  test('and nothing is remembered where there are no peers to hand it over', () => {
    const { keyspace } = keyspaceWithPut(0)
    keyspace.drop('a')
    keyspace.invalidate('b', 9)
    expect([handedOver('a', 1), handedOver('b', 1)].map((put) => keyspace.isOverruled(put))).toEqual([false, false])
  })

  test.each([
    ['by a tag invalidation', ({ keyspace }) => keyspace.invalidateTags(['red'], 8)],
    ['by being evicted', ({ put }) => put('b', 8)],
    ['by being dropped', ({ keyspace }) => void keyspace.drop('a')],
    ['with all that is distrusted', ({ keyspace }) => keyspace.distrust(true)],
  ] satisfies [string, (made: ReturnType<typeof keyspaceWithPut>) => void][])('%s', (_how, go) => {
    const made = keyspaceWithPut()
    go(made)
    const { keyspace, clock } = made
    expect(keyspace.find('a')).toBeUndefined()
    expect(keyspace.take(handedOver('a', 6), clock.monotonic())).toBe(true)
    expect(keyspace.find('a')).toBeUndefined()
    // The other way round: what is newer is nobody's past.
    expect(keyspace.take(handedOver('a', 9), clock.monotonic())).toBe(true)
    expect(keyspace.find('a')?.version).toBe(9)
  })
})

test('the same keys buried again and again take up no more room', () => {
  const graves = new GraveList()
  const keys = Array.from({ length: 20_000 }, (_, index) => `key-${index}`)
  const bury = (rounds: number) => {
    for (let version = 0; version < rounds; version++) for (const key of keys) graves.buryKey(key, version)
  }
  bury(5)
  const before = heapInUseBytes()
  bury(40)
  expect(heapInUseBytes() - before).toBeLessThan(4 * 2 ** 20)
  expect(graves.isBuried('key-0', [], 39)).toBe(true)
})
