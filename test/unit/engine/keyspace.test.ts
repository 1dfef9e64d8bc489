import { describe, expect, test } from 'vitest'
import { lruStore } from '../../../src/adapters/store/lru-store.ts'
import { sieveStore } from '../../../src/adapters/store/sieve-store.ts'
import { chargedBytes, entryOverheadBytes, tagOverheadBytes } from '../../../src/engine/memory.ts'
import {
  after,
  engineFixture,
  engineOver,
  failure,
  keyspaceDefinition,
  plainLimits,
} from '../../support/engine-fixture.ts'
import { heapInUseBytes } from '../../support/heap.ts'
import { answeringSource, scriptedSource } from '../../support/scripted-source.ts'

/** The bytes that an entry with this key and a text of this size is charged for. */
const charge = (key: string, size: number): number => chargedBytes(key, 'x'.repeat(size), [])

describe('bytes charged', () => {
  test('are those of key, value, tags and overhead', async () => {
    const { engine } = engineOver(undefined, { format: 'text' })
    await engine.put('things', { key: 'k', text: 'x'.repeat(50) })
    expect(engine.stats('things').bytes).toBe(51 + entryOverheadBytes)
    await engine.put('things', { key: 'k', text: 'x'.repeat(50), tags: ['red', 'blue'] })
    expect(engine.stats('things').bytes).toBe(51 + entryOverheadBytes + 7 + 2 * tagOverheadBytes)
    await engine.put('things', { key: 'k', text: '北' })
    expect(engine.stats('things').bytes).toBe(1 + 3 + entryOverheadBytes)
  })

  test('count for a remembered not-found answer', async () => {
    const { engine, clock } = engineOver(answeringSource(() => null))
    await after(clock, 0, engine.get('things', 'k'))
    expect(engine.stats('things')).toMatchObject({ entries: 1, bytes: 1 + entryOverheadBytes })
  })

  test('of a key that needs two bytes a character are at least those', () => {
    const key = `${'k'.repeat(100)}北`
    expect(chargedBytes(key, null, [])).toBeGreaterThanOrEqual(202 + entryOverheadBytes)
    expect(chargedBytes('k', null, [key]) - chargedBytes('k', null, [])).toBeGreaterThanOrEqual(202 + tagOverheadBytes)
  })
})

describe.each([
  ['lru', lruStore()],
  ['sieve', sieveStore()],
])('a keyspace on the %s store', (_, store) => {
  test('evicts to stay within maxBytes', async () => {
    const { engine } = engineOver(undefined, { store, format: 'text', maxBytes: 3 * charge('k', 1_000) + 10 })
    for (let index = 0; index < 5; index++) await engine.put('things', { key: `${index}`, text: 'x'.repeat(1_000) })
    expect(engine.stats('things')).toMatchObject({ entries: 3, evictions: 2, bytes: 3 * charge('k', 1_000) })
  })

  test('evicts to stay within maxEntries', async () => {
    const { engine } = engineOver(undefined, { store, maxEntries: 2 })
    for (const key of ['a', 'b', 'c']) await engine.put('things', { key, value: 1 })
    expect(engine.stats('things')).toMatchObject({ entries: 2, evictions: 1 })
  })

  test('refuses what it could not hold, evicts nothing and keeps the old entry', async () => {
    const maxBytes = 3 * charge('k', 100)
    const { engine } = engineOver(undefined, { store, format: 'text', maxBytes, maxValueBytes: maxBytes })
    for (const key of ['a', 'b', 'c']) await engine.put('things', { key, text: key.repeat(100) })
    const tooLarge = engine.put('things', { key: 'a', text: 'x'.repeat(maxBytes) })
    expect(await failure(tooLarge)).toMatchObject({ code: 'VALUE_TOO_LARGE', outcome: 'NONE' })
    expect(engine.stats('things')).toMatchObject({ entries: 3, evictions: 0 })
    expect((await engine.get('things', 'a'))?.text).toBe('a'.repeat(100))
  })

  test('takes what it can just hold', async () => {
    const { engine } = engineOver(undefined, { store, format: 'text', maxBytes: charge('a', 500) })
    await engine.put('things', { key: 'a', text: 'x'.repeat(500) })
    expect(engine.stats('things').entries).toBe(1)
    const error = await failure(engine.put('things', { key: 'a', text: 'x'.repeat(501) }))
    expect(error.code).toBe('VALUE_TOO_LARGE')
  })

  test('takes from whoever holds most when the process is full', async () => {
    const policy = { store, format: 'text' } as const
    const { engine } = engineFixture(
      [keyspaceDefinition(policy, undefined, 'large'), keyspaceDefinition(policy, undefined, 'small')],
      { memoryLimit: 4 * charge('k', 1_000) },
    )
    const put = (keyspace: string, key: string) => engine.put(keyspace, { key, text: 'x'.repeat(1_000) })
    for (const key of ['a', 'b', 'c']) await put('large', key)
    for (const key of ['d', 'e']) await put('small', key)
    expect([engine.stats('large').entries, engine.stats('small').entries]).toEqual([2, 2])
    expect(engine.stats('large').evictions).toBe(1)
  })

  test('refuses what the process could not hold', async () => {
    const { engine } = engineFixture([keyspaceDefinition({ store, format: 'text' })], { memoryLimit: charge('k', 100) })
    await engine.put('things', { key: 'a', text: 'a'.repeat(100) })
    const error = await failure(engine.put('things', { key: 'a', text: 'x'.repeat(101) }))
    expect(error).toMatchObject({ code: 'VALUE_TOO_LARGE', outcome: 'NONE' })
    expect((await engine.get('things', 'a'))?.text).toBe('a'.repeat(100))
  })

  test('gives back what it held when it is cleared or deleted', async () => {
    const policy = { store, format: 'text' } as const
    const { engine } = engineFixture(
      [keyspaceDefinition(policy, undefined, 'one'), keyspaceDefinition(policy, undefined, 'two')],
      { memoryLimit: 2 * charge('k', 1_000) },
    )
    const put = (keyspace: string, key: string) => engine.put(keyspace, { key, text: 'x'.repeat(1_000) })
    await put('one', 'a')
    await put('one', 'b')
    await engine.clear('one')
    await put('two', 'a')
    await put('one', 'b')
    expect(engine.stats('two').evictions + engine.stats('one').evictions).toBe(0)
    await engine.deleteKeyspace('one')
    await put('two', 'b')
    expect(engine.stats('two')).toMatchObject({ entries: 2, evictions: 0 })
  })
})

test('a put that no longer fits when its source has it drops the old copy', async () => {
  const source = scriptedSource({ writable: true })
  const { engine, clock } = engineOver(source, { format: 'text', maxBytes: charge('a', 500) })
  const first = engine.put('things', { key: 'a', text: 'old' })
  await clock.advance(0)
  source.stores[0]!.answer([undefined])
  await first
  const second = engine.put('things', { key: 'a', text: 'x'.repeat(500) })
  await clock.advance(0)
  await engine.updateKeyspace('things', { maxBytes: charge('a', 200) })
  source.stores[1]!.answer([undefined])
  expect((await second).entry.size).toBe(500)
  expect(engine.stats('things').entries).toBe(0)
})

test('a put without a source that no longer fits says that nothing was changed', async () => {
  const { engine } = engineOver(undefined, { format: 'text' })
  await engine.put('things', { key: 'a', text: 'old' })
  const second = failure(engine.put('things', { key: 'a', text: 'x'.repeat(500) }))
  await engine.updateKeyspace('things', { maxBytes: charge('a', 200) })
  expect(await second).toMatchObject({ code: 'VALUE_TOO_LARGE', outcome: 'NONE' })
  expect((await engine.get('things', 'a'))?.text).toBe('old')
})

// Short keys are copied another way than long ones.
test.each([30, 5_000])('keys of %d characters hold nothing of the request that they were cut from', async (length) => {
  const source = { name: 'empty', loadMany: async (keys: readonly string[]) => keys.map(() => null) }
  const { engine, clock } = engineFixture([keyspaceDefinition({ negativeTtlMs: 1e6 }, source)], {
    limits: { ...plainLimits, maxKeyBytes: 5_000 },
  })
  const before = heapInUseBytes()
  for (let index = 0; index < 200; index++) {
    const request = `${index} is the key of this request ${'x'.repeat(2 ** 20)}`
    const key = request.slice(0, length)
    if (index % 2 === 0) await after(clock, 0, engine.get('things', key))
    else await engine.delete('things', key)
  }
  expect(heapInUseBytes() - before).toBeLessThan(20 * 2 ** 20)
})

test('long keys that differ at their ends only are different keys', async () => {
  const { engine } = engineFixture([keyspaceDefinition()], { limits: { ...plainLimits, maxKeyBytes: 10_000 } })
  const long = 'x'.repeat(9_000)
  await engine.put('things', { key: `${long}a`, value: 'a' })
  await engine.put('things', { key: `${long}b`, value: 'b' })
  expect(await engine.getMany('things', [`${long}a`, `${long}b`, `${long}c`])).toMatchObject([
    { key: `${long}a`, value: 'a' },
    { key: `${long}b`, value: 'b' },
    null,
  ])
})
