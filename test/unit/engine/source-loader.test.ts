import { describe, expect, test } from 'vitest'
import type { ReadResult } from '../../../src/engine/results.ts'
import { FedcacheError } from '../../../src/errors.ts'
import { sourceEntry } from '../../../src/ports/index.ts'
import {
  after,
  engineFixture,
  engineOver,
  failure,
  keyspaceDefinition,
  plainLimits,
} from '../../support/engine-fixture.ts'
import { answeringSource, scriptedSource } from '../../support/scripted-source.ts'

const codes = (results: readonly ReadResult[]): unknown[] =>
  results.map((result) => (result instanceof FedcacheError ? result.code : (result?.value ?? null)))

const circular: Record<string, unknown> = {}
circular['self'] = circular

describe('a source that answers wrongly', () => {
  test.each([
    ['a BigInt', 1n],
    ['a circle', circular],
    ['NaN', NaN],
    ['a function', () => 1],
    ['promises, one per key', Promise.resolve(1)],
  ])('with %s fails that key alone', async (_, value) => {
    const source = scriptedSource()
    const { engine, clock } = engineOver(source)
    const reading = engine.getMany('things', ['good', 'bad'])
    await clock.advance(0)
    source.loads[0]!.answer([1, value])
    expect(codes(await reading)).toEqual([1, 'INVALID_VALUE'])
    expect(engine.stats('things')).toMatchObject({ entries: 1, loadErrors: 1 })
  })

  test.each([
    ['too few answers', [1]],
    ['too many answers', [1, 2, 3]],
    ['no answers', undefined as unknown as []],
    ['a key that was not asked for', new Map([['z', 1]])],
  ])('with %s fails the whole call, and nothing of it is kept', async (_, answers) => {
    const source = scriptedSource()
    const { engine, clock } = engineOver(source)
    const reading = engine.getMany('things', ['a', 'b'])
    await clock.advance(0)
    source.loads[0]!.answer(answers)
    expect(codes(await reading)).toEqual(['SOURCE_FAILED', 'SOURCE_FAILED'])
    expect(engine.stats('things')).toMatchObject({ entries: 0, loadErrors: 2 })
  })

  test('with a value that is too large fails that key, and leaves what is there as it is', async () => {
    const answers: unknown[] = ['old', 'x'.repeat(99)]
    const { engine, clock } = engineOver(
      answeringSource(() => answers.shift()),
      {
        maxValueBytes: 100,
        ttlMs: 1_000,
        staleIfErrorMs: 1_000,
      },
    )
    await after(clock, 0, engine.get('things', 'a'))
    await clock.advance(1_000)
    expect(await after(clock, 0, engine.get('things', 'a'))).toMatchObject({ value: 'old', servedFrom: 'STALE' })
  })

  test.each([
    ['a lifetime of 0', { ttlMs: 0 }],
    ['a lifetime of centuries', { ttlMs: 1e13 }],
    ['a lifetime that is a text', { ttlMs: '100' as unknown as number }],
    ['half a character for a tag', { tags: ['\ud800'] }],
    ['a tag that is none', { tags: [''] }],
    ['a tag of another type', { tags: [7n as unknown as string] }],
    ['tags that are no list', { tags: 7 as unknown as [] }],
    ['a text for tags', { tags: 'red' as unknown as [] }],
    ['a revision that is none', { revision: 1.5 }],
  ])('with %s is to blame, not its reader', async (_, options) => {
    const { engine, clock } = engineOver(answeringSource(() => sourceEntry(1, options)))
    expect((await after(clock, 0, failure(engine.get('things', 'a')))).code).toBe('SOURCE_FAILED')
  })
})

describe('a source that answers rightly', () => {
  test('may answer with a Map in any order; what is missing was not found', async () => {
    const source = scriptedSource()
    const { engine, clock } = engineOver(source)
    const reading = engine.getMany('things', ['a', 'b', 'c'])
    await clock.advance(0)
    source.loads[0]!.answer(
      new Map([
        ['c', 3],
        ['a', 1],
      ]),
    )
    expect(codes(await reading)).toEqual([1, null, 3])
  })

  test('may give lifetime, tags and revision', async () => {
    const { engine, clock } = engineOver(
      answeringSource(() => sourceEntry({ a: 1 }, { ttlMs: 50, tags: ['t'], revision: 12 })),
      { tags: () => ['own', 't'] },
    )
    const entry = await after(clock, 0, engine.get('things', 'a'))
    expect(entry).toMatchObject({ value: { a: 1 }, ttlMs: 50, tags: ['t', 'own'], version: '12' })
    await clock.advance(50)
    expect(engine.read('things', ['a'])).toBeInstanceOf(Promise)
  })

  test('may say not found by a wrapped null', async () => {
    const { engine, clock } = engineOver(answeringSource(() => sourceEntry(null, {})))
    expect(await after(clock, 0, engine.get('things', 'a'))).toBeNull()
  })

  test('may wrap what it would have answered without the wrapper, whatever that is', async () => {
    const answers = new Map<string, unknown>([
      ['error', sourceEntry(new Error('no such row'), { ttlMs: 50 })],
      ['own', sourceEntry(new FedcacheError('FORBIDDEN', 'Not yours.'), {})],
      ['twice', sourceEntry(sourceEntry(1, { ttlMs: 50, tags: ['inner'] }), { tags: ['outer'] })],
      ['nothing', sourceEntry(sourceEntry(null, {}), {})],
    ])
    const { engine, clock } = engineOver(answeringSource((key) => answers.get(key)))
    const results = await after(clock, 0, engine.getMany('things', [...answers.keys()]))
    expect(codes(results)).toEqual(['SOURCE_FAILED', 'FORBIDDEN', 1, null])
    expect(results[2]).toMatchObject({ ttlMs: 50, tags: ['outer'] })
    expect(engine.stats('things')).toMatchObject({ entries: 2, loadErrors: 2 })
  })

  test('may leave holes in its list for what was not found', async () => {
    const { engine, clock } = engineOver({ name: 'with holes', loadMany: async (keys) => new Array(keys.length) })
    expect(await after(clock, 0, engine.getMany('things', ['a', 'b']))).toEqual([null, null])
  })

  test('may give an error of fedcache’s own, which clients see', async () => {
    const { engine, clock } = engineOver(answeringSource(() => new FedcacheError('FORBIDDEN', 'Not yours.')))
    expect(await after(clock, 0, failure(engine.get('things', 'a')))).toMatchObject({
      code: 'FORBIDDEN',
      message: 'Not yours.',
    })
    const source = scriptedSource()
    const other = engineOver(source)
    const reading = failure(other.engine.get('things', 'a'))
    await other.clock.advance(0)
    source.loads[0]!.fail(new FedcacheError('FORBIDDEN', 'Not yours.'))
    expect(await reading).toMatchObject({ code: 'FORBIDDEN', message: 'Not yours.' })
  })

  test('is told the keyspace, and is asked for each key once', async () => {
    const asked: unknown[] = []
    const { engine, clock } = engineOver({
      name: 'noting',
      async loadMany(keys, { keyspace, signal }) {
        asked.push([keyspace, [...keys], signal.aborted])
        return keys.map(() => 1)
      },
    })
    await after(clock, 0, engine.getMany('things', ['a', 'b', 'a']))
    expect(asked).toEqual([['things', ['a', 'b'], false]])
  })

  test('is logged with its call, and so is one that fails', async () => {
    const source = scriptedSource()
    const { engine, clock, logger } = engineOver(source)
    const reading = engine.getMany('things', ['a', 'b'])
    await clock.advance(30)
    source.loads[0]!.answer([1, new Error('no')])
    await reading
    expect(logger.lines).toMatchObject([
      { level: 'warn', fields: { keyspace: 'things', source: 'scripted', errors: 1, error: new Error('no') } },
      { level: 'info', message: 'loaded', fields: { keys: 2, errors: 1, durationMs: 30 } },
    ])
  })
})

test('an entry’s version is that of the moment before its load, so that any write that follows is newer', async () => {
  const source = scriptedSource()
  const { engine, clock } = engineOver(source)
  const reading = engine.get('things', 'a')
  await clock.advance(10)
  const put = await engine.put('things', { key: 'b', value: 1 })
  source.loads[0]!.answer([1])
  expect(BigInt((await reading)!.version)).toBeLessThan(BigInt(put.entry.version))
})

test('jitter shortens lifetimes by at most its share', async () => {
  const { engine, clock } = engineOver(
    answeringSource(() => 1),
    { ttlMs: 1_000, ttlJitter: 0.2 },
  )
  const keys = Array.from({ length: 200 }, (_, index) => String(index))
  const entries = await after(clock, 0, engine.getMany('things', keys))
  const lifetimes = entries.map((entry) => (entry as { ttlMs: number }).ttlMs)
  expect(Math.min(...lifetimes)).toBeGreaterThanOrEqual(800)
  expect(Math.max(...lifetimes)).toBeLessThanOrEqual(1_000)
  expect(new Set(lifetimes).size).toBeGreaterThan(20)
})

test('an expiry of 0 or less answers and does not keep', async () => {
  const source = answeringSource(() => 1)
  const { engine, clock } = engineOver(source, { expiry: (key) => (key === 'a' ? 0 : -5) })
  expect((await after(clock, 0, engine.get('things', 'a')))?.value).toBe(1)
  expect((await after(clock, 0, engine.get('things', 'b')))?.value).toBe(1)
  expect(engine.stats('things').entries).toBe(0)
  await after(clock, 0, engine.get('things', 'a'))
  expect(source.calls).toHaveLength(3)
})

test('a batch of 130,000 keys is loaded like any other', async () => {
  const source = answeringSource(() => 1)
  const { engine, clock } = engineFixture([keyspaceDefinition({ maxBatchSize: 200_000 }, source)], {
    limits: { ...plainLimits, maxKeysPerCall: 200_000 },
  })
  const keys = Array.from({ length: 130_000 }, (_, index) => String(index))
  const results = await after(clock, 0, engine.getMany('things', keys))
  expect(codes(results.slice(-1))).toEqual([1])
  expect(source.calls).toHaveLength(1)
})

test('an answer that comes ahead of the timer of its deadline, to a process that was paused, is too late all the same', async () => {
  const source = scriptedSource()
  const { engine, clock } = engineOver(source, { readTimeoutMs: 100 })
  const reading = failure(engine.get('things', 'k'))
  await clock.advance(0)
  clock.oversleep(101)
  source.loads[0]!.answer([1])
  expect((await reading).code).toBe('SOURCE_TIMEOUT')
  expect(engine.stats('things')).toMatchObject({ entries: 0, loadErrors: 1 })
})
