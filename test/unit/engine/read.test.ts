import { describe, expect, test } from 'vitest'
import type { Entry } from '../../../src/engine/entry.ts'
import type { ReadResult } from '../../../src/engine/results.ts'
import { FedcacheError } from '../../../src/errors.ts'
import {
  after,
  engineFixture,
  engineOver,
  failure,
  keyspaceDefinition,
  plainLimits,
} from '../../support/engine-fixture.ts'
import { settled } from '../../support/fake-clock.ts'
import { answeringSource, scriptedSource } from '../../support/scripted-source.ts'

const codes = (results: readonly ReadResult[]): unknown[] =>
  results.map((result) => (result instanceof FedcacheError ? result.code : (result?.value ?? null)))

describe('a hit', () => {
  test('is answered without a promise', async () => {
    const { engine, clock } = engineOver(answeringSource((key) => `value of ${key}`))
    await after(clock, 0, engine.getMany('things', ['a', 'b']))
    const results = engine.read('things', ['b', 'a', 'b'])
    expect(results).toBeInstanceOf(Array)
    expect(codes(results as readonly ReadResult[])).toEqual(['value of b', 'value of a', 'value of b'])
  })

  test('says where it came from, how old it is and how long it lives', async () => {
    const { engine, clock } = engineOver(
      answeringSource(() => ({ name: '北京' })),
      { ttlMs: 60_000 },
    )
    const loadedAt = clock.now()
    const loaded = (await after(clock, 0, engine.get('things', 'a'))) as Entry
    expect(loaded).toMatchObject({ servedFrom: 'SOURCE', ageMs: 0, ttlMs: 60_000, stale: false, owner: 'here' })
    await clock.advance(1_500.7)
    const [hit] = engine.read('things', ['a']) as readonly Entry[]
    expect(hit).toMatchObject({
      keyspace: 'things',
      key: 'a',
      format: 'json',
      servedFrom: 'OWNER',
      ageMs: 1_500,
      ttlMs: 58_500,
      stale: false,
      owner: 'here',
      tags: [],
      version: loaded.version,
      createdAt: new Date(loadedAt),
      expiresAt: new Date(loadedAt + 60_000),
    })
  })

  test('lasts exactly as long as the ttl', async () => {
    const source = answeringSource(() => 1)
    const { engine, clock } = engineOver(source, { ttlMs: 1_000 })
    await after(clock, 0, engine.get('things', 'a'))
    await clock.advance(999.9)
    expect(engine.read('things', ['a'])).toBeInstanceOf(Array)
    await clock.advance(0.1)
    await after(clock, 0, engine.get('things', 'a'))
    expect(source.calls).toHaveLength(2)
  })

  test('does not age when the wall clock is set', async () => {
    const { engine, clock } = engineOver(
      answeringSource(() => 1),
      { ttlMs: 1_000 },
    )
    await after(clock, 0, engine.get('things', 'a'))
    clock.stepWallClock(3_600_000)
    const [hit] = engine.read('things', ['a']) as readonly Entry[]
    expect(hit).toMatchObject({ ageMs: 0, ttlMs: 1_000, createdAt: new Date(clock.now()) })
  })

  test('never expires where the ttl is infinite', async () => {
    const source = answeringSource(() => 1)
    const { engine, clock } = engineOver(source, { ttlMs: Infinity, ttlJitter: 0.5 })
    await after(clock, 0, engine.get('things', 'a'))
    await clock.advance(1e12)
    expect((engine.read('things', ['a']) as readonly Entry[])[0]).toMatchObject({ ttlMs: null, expiresAt: null })
  })
})

describe('a miss', () => {
  test('answers per key, in order: entry, null or error', async () => {
    const source = scriptedSource()
    const { engine, clock } = engineOver(source)
    const reading = engine.getMany('things', ['a', 'gone', 'bad', '', 'a'])
    await clock.advance(0)
    expect(source.loads.map((load) => load.items)).toEqual([['a', 'gone', 'bad']])
    source.loads[0]!.answer([1, null, new Error('the disk is on fire')])
    expect(codes(await reading)).toEqual([1, null, 'SOURCE_FAILED', 'BAD_USER_INPUT', 1])
  })

  test('does not show what is internal', async () => {
    const source = scriptedSource()
    const { engine, clock, logger } = engineOver(source)
    const reading = engine.get('things', 'a')
    await clock.advance(0)
    source.loads[0]!.fail(new Error('password=hunter2'))
    const error = await failure(reading)
    expect(error.message).not.toContain('hunter2')
    expect(logger.lines.some(({ fields }) => String(fields['error']).includes('hunter2'))).toBe(true)
  })

  test('of 10,000 readers at once asks the source once', async () => {
    const source = scriptedSource()
    const { engine, clock } = engineOver(source)
    const readers = Array.from({ length: 10_000 }, () => engine.get('things', 'cold'))
    await clock.advance(0)
    const late = engine.get('things', 'cold')
    await clock.advance(0)
    source.loads[0]!.answer(['warm'])
    const entries = await Promise.all([...readers, late])
    expect(new Set(entries.map((entry) => entry?.value))).toEqual(new Set(['warm']))
    expect(source.loads).toHaveLength(1)
  })

  test('of a key that the source does not have is remembered for the negative ttl and no longer', async () => {
    const source = answeringSource(() => null)
    const { engine, clock } = engineOver(source, { negativeTtlMs: 100 })
    await after(clock, 0, engine.get('things', 'a'))
    expect(engine.read('things', ['a'])).toEqual([null])
    await clock.advance(100)
    await after(clock, 0, engine.get('things', 'a'))
    expect(source.calls).toHaveLength(2)
  })

  test('of a key that the source does not have is not remembered where the negative ttl is 0', async () => {
    const source = answeringSource(() => undefined)
    const { engine, clock } = engineOver(source, { negativeTtlMs: 0 })
    expect(await after(clock, 0, engine.get('things', 'a'))).toBeNull()
    expect(engine.stats('things').entries).toBe(0)
    expect(await after(clock, 0, engine.get('things', 'a'))).toBeNull()
    expect(source.calls).toHaveLength(2)
  })

  test('in a keyspace without a source is not found, without any waiting', async () => {
    const { engine, clock } = engineOver(undefined)
    expect(await engine.getMany('things', ['a', 'b', 'a'])).toEqual([null, null, null])
    expect(engine.stats('things')).toMatchObject({ misses: 3, loads: 0, entries: 0 })
    expect(clock.pending).toBe(0)
  })
})

describe('input', () => {
  const { engine } = engineFixture(
    [
      keyspaceDefinition(
        {},
        answeringSource(() => 1),
      ),
    ],
    {
      limits: { ...plainLimits, maxKeysPerCall: 3, maxKeyBytes: 9 },
    },
  )

  test.each([
    ['an empty key', ''],
    ['a key that is too long', '0123456789'],
    ['a key that is too long in UTF-8 only', '北京北京'],
    ['half of a surrogate pair', 'a\ud800'],
    ['no string', 7 as unknown as string],
  ])('%s is refused before it is batched', (_, key) => {
    const [result] = engine.read('things', [key]) as readonly ReadResult[]
    expect(result).toMatchObject({ code: 'BAD_USER_INPUT', outcome: undefined })
  })

  test.each(['012345678', '北京人'])('the key %s is just short enough', (key) => {
    expect(engine.read('things', [key])).toBeInstanceOf(Promise)
  })

  test('too many keys fail the call', async () => {
    expect(await failure(engine.getMany('things', ['a', 'b', 'c', 'd']))).toMatchObject({ code: 'TOO_MANY_KEYS' })
  })

  test('an unknown keyspace fails the call, and long names are not echoed whole', async () => {
    const error = await failure(engine.get('x'.repeat(1000), 'a'))
    expect(error.code).toBe('KEYSPACE_NOT_FOUND')
    expect(error.message.length).toBeLessThan(200)
  })
})

describe('deadlines', () => {
  test('are each caller’s own: one who gives up early harms no other', async () => {
    const source = scriptedSource()
    const { engine, clock } = engineOver(source)
    const hasty = engine.getMany('things', ['a'], { timeoutMs: 50 })
    const patient = engine.getMany('things', ['a'], { timeoutMs: 500 })
    await clock.advance(50)
    expect(codes(await hasty)).toEqual(['READ_TIMEOUT'])
    await clock.advance(100)
    source.loads[0]!.answer(['late'])
    expect(codes(await patient)).toEqual(['late'])
    expect(codes(engine.read('things', ['a']) as readonly ReadResult[])).toEqual(['late'])
    expect(source.loads[0]!.signal.aborted).toBe(false)
  })

  test('let a call keep the keys that arrived in time', async () => {
    const source = scriptedSource()
    const { engine, clock } = engineOver(source, { maxBatchSize: 1 })
    const reading = engine.getMany('things', ['fast', 'slow'], { timeoutMs: 50 })
    await clock.advance(0)
    source.loads[0]!.answer([1])
    await clock.advance(50)
    expect(codes(await reading)).toEqual([1, 'READ_TIMEOUT'])
  })

  test('of callers are never longer than the keyspace’s, however long the bulk load may take', async () => {
    const { engine, clock } = engineOver(scriptedSource(), { readTimeoutMs: 100, batchWindowMs: 50 })
    const reading = engine.getMany('things', ['a'], { timeoutMs: 1_000 })
    await clock.advance(40)
    const later = engine.getMany('things', ['b'], { timeoutMs: 1_000 })
    await clock.advance(60)
    // The load that both share goes on for the sake of the later one.
    expect(codes(await reading)).toEqual(['SOURCE_TIMEOUT'])
    await clock.advance(40)
    expect(codes(await later)).toEqual(['SOURCE_TIMEOUT'])
  })

  test('of a source that hangs end the load, and the next reader starts another', async () => {
    const source = scriptedSource()
    const { engine, clock } = engineOver(source, { readTimeoutMs: 100 })
    const reading = engine.get('things', 'a')
    expect((await after(clock, 100, failure(reading))).code).toBe('SOURCE_TIMEOUT')
    expect(source.loads[0]!.signal.aborted).toBe(true)
    const again = engine.get('things', 'a')
    await clock.advance(0)
    source.loads[0]!.answer(['from the past'])
    await clock.advance(0)
    source.loads[1]!.answer(['now'])
    expect((await again)?.value).toBe('now')
    expect((await engine.get('things', 'a'))?.value).toBe('now')
  })

  test('leave no timer behind', async () => {
    const { engine, clock } = engineOver(answeringSource(() => 1))
    await after(clock, 0, engine.getMany('things', ['a', 'b']))
    expect(clock.pending).toBe(0)
  })
})

describe('stale while revalidate', () => {
  const policy = { ttlMs: 1_000, staleWhileRevalidateMs: 500 }

  test('answers at once from the expired copy, and loads once in the background', async () => {
    const source = scriptedSource()
    const { engine, clock } = engineOver(source, policy)
    const first = engine.get('things', 'a')
    await clock.advance(0)
    source.loads[0]!.answer([1])
    await first
    await clock.advance(1_200)
    const stale = engine.read('things', ['a', 'a']) as readonly Entry[]
    expect(stale[0]).toMatchObject({ value: 1, servedFrom: 'STALE', stale: true, ttlMs: 0, ageMs: 1_200 })
    expect(source.loads).toHaveLength(1)
    await clock.advance(10)
    expect((engine.read('things', ['a']) as readonly Entry[])[0]?.servedFrom).toBe('STALE')
    await clock.advance(10)
    expect(source.loads).toHaveLength(2)
    source.loads[1]!.answer([2])
    await clock.advance(0)
    expect((engine.read('things', ['a']) as readonly Entry[])[0]).toMatchObject({ value: 2, servedFrom: 'OWNER' })
    expect(engine.stats('things')).toMatchObject({ hits: 4, staleHits: 3, misses: 1 })
  })

  test('ends with its window', async () => {
    const { engine, clock } = engineOver(
      answeringSource(() => 1),
      policy,
    )
    await after(clock, 0, engine.get('things', 'a'))
    await clock.advance(1_500)
    const reading = engine.read('things', ['a'])
    expect(reading).toBeInstanceOf(Promise)
    await clock.advance(0)
    expect((await reading)[0]).toMatchObject({ servedFrom: 'SOURCE' })
  })

  test('drops the copy when the source no longer has the key', async () => {
    const answers = [1, null]
    const { engine, clock } = engineOver(
      answeringSource(() => answers.shift()),
      { ...policy, negativeTtlMs: 0 },
    )
    await after(clock, 0, engine.get('things', 'a'))
    await clock.advance(1_100)
    void engine.read('things', ['a'])
    await clock.advance(0)
    expect(engine.stats('things').entries).toBe(0)
  })

  test('does not apply to a not-found answer', async () => {
    const { engine, clock } = engineOver(
      answeringSource(() => null),
      { ...policy, negativeTtlMs: 100 },
    )
    await after(clock, 0, engine.get('things', 'a'))
    await clock.advance(100)
    expect(engine.read('things', ['a'])).toBeInstanceOf(Promise)
  })

  test('keeps the expired copy when loading it anew fails', async () => {
    const answers = [1, new Error('down'), 2]
    const { engine, clock } = engineOver(
      answeringSource(() => answers.shift()),
      policy,
    )
    await after(clock, 0, engine.get('things', 'a'))
    await clock.advance(1_100)
    void engine.read('things', ['a'])
    await clock.advance(0)
    expect((engine.read('things', ['a']) as readonly Entry[])[0]).toMatchObject({ value: 1, servedFrom: 'STALE' })
    await clock.advance(0)
    expect((engine.read('things', ['a']) as readonly Entry[])[0]).toMatchObject({ value: 2, servedFrom: 'OWNER' })
  })

  test('cannot be where there is no source to load from: an expired put is gone', async () => {
    const { engine, clock } = engineOver(undefined, policy)
    await engine.put('things', { key: 'a', value: 1 })
    await clock.advance(1_100)
    expect(await engine.get('things', 'a')).toBeNull()
    await engine.stop()
  })
})

describe('stale if error', () => {
  const policy = { ttlMs: 1_000, staleIfErrorMs: 500 }

  test('answers from the expired copy when the load fails, within its window', async () => {
    const answers: unknown[] = [1, new Error('down'), new Error('down')]
    const { engine, clock } = engineOver(
      answeringSource(() => answers.shift()),
      policy,
    )
    await after(clock, 0, engine.get('things', 'a'))
    await clock.advance(1_499)
    expect(await after(clock, 0, engine.get('things', 'a'))).toMatchObject({ value: 1, servedFrom: 'STALE' })
    await clock.advance(1)
    expect((await after(clock, 0, failure(engine.get('things', 'a')))).code).toBe('SOURCE_FAILED')
    expect(engine.stats('things').staleHits).toBe(1)
  })

  test('answers a reader whose own time is up', async () => {
    const source = scriptedSource()
    const { engine, clock } = engineOver(source, policy)
    const first = engine.get('things', 'a')
    await clock.advance(0)
    source.loads[0]!.answer([1])
    await first
    await clock.advance(1_100)
    const reading = engine.get('things', 'a', { timeoutMs: 20 })
    expect(await after(clock, 20, reading)).toMatchObject({ value: 1, servedFrom: 'STALE' })
  })

  test('does not bring back a not-found answer', async () => {
    const answers: unknown[] = [null, new Error('down')]
    const { engine, clock } = engineOver(
      answeringSource(() => answers.shift()),
      { ...policy, negativeTtlMs: 100 },
    )
    await after(clock, 0, engine.get('things', 'a'))
    await clock.advance(100)
    expect((await after(clock, 0, failure(engine.get('things', 'a')))).code).toBe('SOURCE_FAILED')
  })

  test('does not bring back a deleted entry', async () => {
    const answers: unknown[] = [1, new Error('down')]
    const { engine, clock } = engineOver(
      answeringSource(() => answers.shift()),
      policy,
    )
    await after(clock, 0, engine.get('things', 'a'))
    await engine.delete('things', 'a')
    expect((await after(clock, 0, failure(engine.get('things', 'a')))).code).toBe('SOURCE_FAILED')
  })

  test('gives way to a put that came while the load was failing', async () => {
    const source = scriptedSource()
    const { engine, clock } = engineOver(source, policy)
    const reading = engine.get('things', 'a')
    await clock.advance(0)
    await engine.put('things', { key: 'a', value: 'put' })
    source.loads[0]!.fail(new Error('down'))
    expect(await reading).toMatchObject({ value: 'put', servedFrom: 'OWNER', stale: false })
  })
})

test('keys beyond the limit of one answer fail alone, from memory and from the source', async () => {
  const sizes: Record<string, number> = { a: 40, b: 70, c: 50, d: 10 }
  const { engine, clock } = engineFixture(
    [
      keyspaceDefinition(
        { format: 'text' },
        answeringSource((key) => 'x'.repeat(sizes[key]!)),
      ),
    ],
    { limits: { ...plainLimits, maxAnswerBytes: 100 } },
  )
  const sizesOf = (results: readonly ReadResult[]): unknown[] =>
    results.map((result) => (result instanceof FedcacheError ? result.code : result?.size))
  const expected = [40, 'VALUE_TOO_LARGE', 50, 10]
  expect(sizesOf(await after(clock, 0, engine.getMany('things', ['a', 'b', 'c', 'd'])))).toEqual(expected)
  expect(sizesOf(await engine.getMany('things', ['a', 'b', 'c', 'd']))).toEqual(expected)
  expect((await engine.get('things', 'b'))?.size).toBe(70)
})

test('keys that fail or are not found take no room in an answer', async () => {
  const source = scriptedSource()
  const { engine, clock } = engineFixture([keyspaceDefinition({ format: 'text' }, source)], {
    limits: { ...plainLimits, maxAnswerBytes: 100 },
  })
  const reading = engine.getMany('things', ['gone', 'bad', 'fits', 'does not'])
  await clock.advance(0)
  source.loads[0]!.answer([null, new Error('on fire'), 'x'.repeat(100), 'x'])
  expect(codes(await reading)).toMatchObject([null, 'SOURCE_FAILED', null, 'VALUE_TOO_LARGE'])
  expect((await reading)[2]).toMatchObject({ size: 100 })
})

describe('fences', () => {
  test('a load that began before a put is not stored after it', async () => {
    const source = scriptedSource()
    const { engine, clock } = engineOver(source)
    const early = engine.get('things', 'a')
    await clock.advance(0)
    await engine.put('things', { key: 'a', value: 'new' })
    source.loads[0]!.answer(['old'])
    expect((await early)?.value).toBe('old')
    expect((await engine.get('things', 'a'))?.value).toBe('new')
    expect(engine.stats('things').fencedFills).toBe(1)
  })

  test.each(['delete', 'clear'] as const)('a load that began before a %s is not stored after it', async (action) => {
    const source = scriptedSource()
    const { engine, clock } = engineOver(source)
    const early = engine.get('things', 'a')
    await clock.advance(0)
    await engine[action]('things', 'a')
    const later = engine.get('things', 'a')
    source.loads[0]!.answer(['old'])
    expect((await early)?.value).toBe('old')
    await clock.advance(0)
    expect(source.loads).toHaveLength(2)
    source.loads[1]!.answer(['new'])
    expect((await later)?.value).toBe('new')
    expect((await engine.get('things', 'a'))?.value).toBe('new')
  })

  test('a key that is unhooked and read again inside one window is asked for once', async () => {
    const source = scriptedSource()
    const { engine, clock } = engineOver(source)
    const early = engine.get('things', 'a')
    await engine.delete('things', 'a')
    const later = engine.get('things', 'a')
    await clock.advance(0)
    expect(source.loads.map((load) => load.items)).toEqual([['a']])
    source.loads[0]!.answer(['new'])
    expect((await early)?.value).toBe('new')
    expect((await later)?.value).toBe('new')
    expect((engine.read('things', ['a']) as readonly Entry[])[0]?.value).toBe('new')
  })

  test('a tag invalidation keeps earlier loads of that tag out, and who came later reads again', async () => {
    const source = scriptedSource()
    const tagged = { tags: (_key: string, value: unknown) => [(value as { tag: string }).tag] }
    const { engine, clock } = engineOver(source, tagged)
    const early = engine.get('things', 'a')
    await clock.advance(0)
    await engine.invalidateTags('things', ['red'])
    const later = engine.get('things', 'a')
    const otherKey = engine.get('things', 'b')
    await clock.advance(0)
    source.loads[0]!.answer([{ tag: 'red', version: 1 }])
    source.loads[1]!.answer([{ tag: 'red', version: 1 }])
    expect((await early)?.value).toMatchObject({ version: 1 })
    expect((await otherKey)?.value).toMatchObject({ version: 1 })
    expect(engine.read('things', ['b'])).toBeInstanceOf(Array)
    await clock.advance(0)
    source.loads[2]!.answer([{ tag: 'red', version: 2 }])
    expect((await later)?.value).toMatchObject({ version: 2 })
    expect((await engine.get('things', 'a'))?.value).toMatchObject({ version: 2 })
  })

  test('a tag fence stands until every earlier load has ended', async () => {
    const source = scriptedSource()
    const { engine, clock } = engineOver(source, { maxBatchSize: 1, tags: () => ['red'] })
    const reading = engine.getMany('things', ['a', 'b'])
    await clock.advance(0)
    await engine.invalidateTags('things', ['red'])
    source.loads[0]!.answer([1])
    await clock.advance(0)
    source.loads[1]!.answer([1])
    await reading
    expect(engine.stats('things')).toMatchObject({ entries: 0, fencedFills: 2 })
    const later = engine.get('things', 'b')
    await clock.advance(0)
    source.loads[2]!.answer([2])
    await later
    expect(engine.stats('things').entries).toBe(1)
  })

  test('a tag invalidation lets loads of other tags pass', async () => {
    const source = scriptedSource()
    const { engine, clock } = engineOver(source, { tags: () => ['blue'] })
    const early = engine.get('things', 'a')
    await clock.advance(0)
    await engine.invalidateTags('things', ['red'])
    const later = engine.get('things', 'a')
    source.loads[0]!.answer([1])
    expect((await early)?.value).toBe(1)
    expect((await later)?.value).toBe(1)
    expect(engine.read('things', ['a'])).toBeInstanceOf(Array)
    expect(source.loads).toHaveLength(1)
  })

  test('a refresh under way is not stored when the copy it would replace fell to a tag invalidation', async () => {
    const source = scriptedSource()
    const { engine, clock } = engineOver(source, {
      ttlMs: 1_000,
      staleWhileRevalidateMs: 1_000,
      tags: (_key, value) => (value as { tags: string[] }).tags,
    })
    const first = engine.get('things', 'a')
    await clock.advance(0)
    source.loads[0]!.answer([{ tags: ['red'], version: 1 }])
    await first
    await clock.advance(1_100)
    void engine.read('things', ['a'])
    await clock.advance(0)
    // The source has untagged version 2 now, which the refresh reads; then version 3, tagged again, and its invalidation.
    await engine.invalidateTags('things', ['red'])
    source.loads[1]!.answer([{ tags: [], version: 2 }])
    await settled()
    const later = engine.get('things', 'a')
    await clock.advance(0)
    source.loads[2]?.answer([{ tags: ['red'], version: 3 }])
    expect((await later)?.value).toMatchObject({ version: 3 })
  })

  test('a reader who must read again is answered when its keyspace was deleted meanwhile', async () => {
    const source = scriptedSource()
    const { engine, clock } = engineOver(source, { tags: () => ['red'] })
    const early = engine.get('things', 'a')
    await clock.advance(0)
    await engine.invalidateTags('things', ['red'])
    const later = engine.get('things', 'a')
    await engine.deleteKeyspace('things')
    source.loads[0]!.answer([1])
    expect((await early)?.value).toBe(1)
    expect((await after(clock, 0, failure(later))).code).toBe('KEYSPACE_NOT_FOUND')
    expect(clock.pending).toBe(0)
  })
})
