import { describe, expect, test } from 'vitest'
import { sieveStore } from '../../../src/adapters/store/sieve-store.ts'
import type { Engine } from '../../../src/engine/engine.ts'
import type { Entry } from '../../../src/engine/entry.ts'
import { FedcacheError } from '../../../src/errors.ts'
import type { SourceChange, Store, StoredItem, StoreFactory, StoreOptions } from '../../../src/ports/index.ts'
import { after, engineOver, failure } from '../../support/engine-fixture.ts'
import { settled } from '../../support/fake-clock.ts'
import { scriptedSource } from '../../support/scripted-source.ts'

const alone = { confirmedBy: ['here'], unconfirmed: [] }

describe('a put without a writable source', () => {
  test('is in memory when it is acknowledged', async () => {
    const { engine, clock } = engineOver(undefined, { ttlMs: 60_000 })
    const { entry, ...confirmation } = await engine.put('things', {
      key: 'a',
      value: { city: '北京' },
      tags: ['x', 'x'],
    })
    expect(confirmation).toEqual(alone)
    expect(entry).toMatchObject({ key: 'a', value: { city: '北京' }, servedFrom: 'OWNER', owner: 'here', tags: ['x'] })
    expect(entry).toMatchObject({ ttlMs: 60_000, ageMs: 0, createdAt: new Date(clock.now()), stale: false })
    const read = await engine.get('things', 'a')
    expect(read).toMatchObject({ value: { city: '北京' }, version: entry.version, tags: ['x'] })
    expect(read?.encoded).toBe(Buffer.from('{"city":"北京"}').toString('latin1'))
    expect(read?.text).toBe('{"city":"北京"}')
    expect(Buffer.from(read!.bytes).toString()).toBe('{"city":"北京"}')
  })

  test('has a version above all earlier ones', async () => {
    const { engine } = engineOver(undefined)
    const versions = []
    for (let put = 0; put < 3; put++) {
      versions.push(BigInt((await engine.put('things', { key: 'a', value: put })).entry.version))
    }
    expect(versions).toEqual(versions.toSorted((one, other) => (one < other ? -1 : 1)))
    expect(new Set(versions).size).toBe(3)
  })

  test.each([
    ['a ttl of its own', { ttlMs: 100 }],
    ['an expiry of its own', { expiresAt: new Date(Date.UTC(2026, 0, 1) + 100) }],
    ['nulls as GraphQL clients send them', { ttlMs: 100, expiresAt: null, text: null, bytes: null, tags: null }],
  ])('may have %s', async (_, terms) => {
    const { engine, clock } = engineOver(undefined)
    await engine.put('things', { key: 'a', value: 1, ...terms })
    await clock.advance(99)
    expect((await engine.get('things', 'a'))?.ttlMs).toBe(1)
    await clock.advance(1)
    expect(await engine.get('things', 'a')).toBeNull()
  })

  test('asks the keyspace’s own functions for lifetime and tags', async () => {
    const { engine, clock } = engineOver(undefined, {
      expiry: (key, value) => (key === 'a' ? (value as number) : key === 'b' ? undefined : 0),
      tags: (key) => [`own ${key}`],
      ttlMs: 1_000,
    })
    await engine.put('things', { key: 'a', value: 50, tags: ['given'] })
    await engine.put('things', { key: 'b', value: 50 })
    const { entry } = await engine.put('things', { key: 'never kept', value: 50 })
    expect((await engine.get('things', 'a'))?.tags).toEqual(['given', 'own a'])
    expect(entry.value).toBe(50)
    expect(await engine.get('things', 'never kept')).toBeNull()
    await clock.advance(50)
    expect(await engine.get('things', 'a')).toBeNull()
    expect(await engine.get('things', 'b')).not.toBeNull()
  })

  test('whose lifetime is 0 drops the entry that was there', async () => {
    const { engine } = engineOver(undefined, { expiry: (_key, value) => value as number })
    await engine.put('things', { key: 'a', value: 1_000 })
    await engine.put('things', { key: 'a', value: 0 })
    expect(await engine.get('things', 'a')).toBeNull()
  })

  test.each(['text', 'bytes'] as const)('takes %s in a keyspace of that format', async (format) => {
    const { engine } = engineOver(undefined, { format })
    const input = format === 'text' ? { text: '北京' } : { bytes: Uint8Array.of(0, 255, 7) }
    await engine.put('things', { key: 'a', ...input })
    const entry = (await engine.get('things', 'a')) as Entry
    expect(entry.value).toBeUndefined()
    expect(entry.text).toBe(format === 'text' ? '北京' : undefined)
    expect([...entry.bytes]).toEqual(format === 'text' ? [...Buffer.from('北京')] : [0, 255, 7])
    expect(entry.size).toBe(entry.bytes.length)
  })
})

describe('putMany', () => {
  test('of one key twice keeps the last and says so about the first', async () => {
    const { engine } = engineOver(undefined)
    const { results, ...confirmation } = await engine.putMany('things', [
      { key: 'a', value: 1 },
      { key: 'b', value: 2 },
      { key: 'a', value: 3 },
    ])
    expect(results[0]).toMatchObject({ code: 'BAD_USER_INPUT', outcome: 'NONE' })
    expect(results.slice(1)).toMatchObject([{ value: 2 }, { value: 3 }])
    expect(confirmation).toEqual(alone)
    expect((await engine.get('things', 'a'))?.value).toBe(3)
    expect(engine.stats('things').puts).toBe(2)
  })

  test.each([
    ['no value', {}, 'BAD_USER_INPUT', 'received none'],
    ['two values', { value: 1, text: 'a' }, 'BAD_USER_INPUT', 'received value and text'],
    ['another format', { text: 'a' }, 'BAD_USER_INPUT', 'give "value"'],
    ['null', { value: null }, 'INVALID_VALUE', 'other than null'],
    ['a value without a JSON form', { value: 1n }, 'INVALID_VALUE', 'bigint'],
    ['a value that is too large', { value: 'x'.repeat(99) }, 'VALUE_TOO_LARGE', 'up to 100'],
    ['a ttl of 0', { value: 1, ttlMs: 0 }, 'BAD_USER_INPUT', 'received 0 ms'],
    ['a negative ttl', { value: 1, ttlMs: -1 }, 'BAD_USER_INPUT', 'between'],
    ['a ttl of centuries', { value: 1, ttlMs: 1e13 }, 'BAD_USER_INPUT', 'between'],
    ['a ttl that is no number', { value: 1, ttlMs: NaN }, 'BAD_USER_INPUT', 'between'],
    ['an expiry in the past', { value: 1, expiresAt: new Date(0) }, 'BAD_USER_INPUT', 'between'],
    ['an expiry that is no date', { value: 1, expiresAt: new Date(NaN) }, 'BAD_USER_INPUT', 'between'],
    ['ttl and expiry', { value: 1, ttlMs: 1, expiresAt: new Date() }, 'BAD_USER_INPUT', 'both'],
    ['an empty tag', { value: 1, tags: [''] }, 'BAD_USER_INPUT', 'tag'],
    ['a long tag', { value: 1, tags: ['北'.repeat(86)] }, 'BAD_USER_INPUT', 'tag'],
    ['a tag that is no text', { value: 1, tags: [1n as never] }, 'BAD_USER_INPUT', 'bigint'],
    ['tags that are no list', { value: 1, tags: 'red' as never }, 'BAD_USER_INPUT', 'received "red"'],
    ['too many tags', { value: 1, tags: Array(65).fill('t') }, 'BAD_USER_INPUT', '65'],
  ])('refuses %s, and nothing else of the call', async (_, input, code, message) => {
    const { engine } = engineOver(undefined, { maxValueBytes: 100 })
    await engine.put('things', { key: 'bad', value: 'old' })
    const { results } = await engine.putMany('things', [
      { key: 'bad', ...input },
      { key: 'good', value: 1 },
    ])
    expect(results[0]).toMatchObject({ code, outcome: 'NONE', message: expect.stringContaining(message) })
    expect(results[1]).toMatchObject({ value: 1 })
    expect((await engine.get('things', 'bad'))?.value).toBe('old')
  })

  test.each([
    ['expiry', { expiry: () => 'soon' as unknown as number }],
    ['expiry', { expiry: () => 5n as unknown as number }],
    ['expiry', { expiry: () => NaN }],
    ['expiry', { expiry: () => 1e13 }],
    [
      'expiry',
      {
        expiry: () => {
          throw new Error('secret')
        },
      },
    ],
    ['tags', { tags: () => 'red' as unknown as string[] }],
    [
      'tags',
      {
        tags: () => {
          throw new Error('secret')
        },
      },
    ],
  ])('blames the keyspace’s own %s when it fails', async (name, policy) => {
    const { engine } = engineOver(undefined, policy)
    const error = await failure(engine.put('things', { key: 'a', value: 1 }))
    expect(error).toMatchObject({ code: 'SOURCE_FAILED', outcome: 'NONE' })
    expect(error.message).toContain(name)
    expect(error.message).not.toContain('secret')
  })

  test('refuses a key that cannot be one, and too many at once', async () => {
    const { engine } = engineOver(undefined)
    expect(await failure(engine.put('things', { key: '', value: 1 }))).toMatchObject({ outcome: 'NONE' })
    const many = Array.from({ length: 1_001 }, (_, index) => ({ key: String(index), value: 1 }))
    expect(await failure(engine.putMany('things', many))).toMatchObject({ code: 'TOO_MANY_KEYS', outcome: 'NONE' })
    expect(await failure(engine.put('nowhere', { key: 'a', value: 1 }))).toMatchObject({ code: 'KEYSPACE_NOT_FOUND' })
  })

  test('of nothing is nothing', async () => {
    const { engine } = engineOver(undefined)
    expect(await engine.putMany('things', [])).toEqual({ results: [], confirmedBy: [], unconfirmed: [] })
  })
})

describe('a delete', () => {
  test('drops the entry, and succeeds where there is none', async () => {
    const { engine } = engineOver(undefined)
    await engine.put('things', { key: 'a', value: 1 })
    expect(await engine.delete('things', 'a')).toEqual(alone)
    expect(await engine.delete('things', 'a')).toEqual(alone)
    expect(await engine.get('things', 'a')).toBeNull()
    expect(engine.stats('things')).toMatchObject({ entries: 0, bytes: 0, deletes: 2 })
  })

  test('of many answers in order, and each fails alone', async () => {
    const { engine } = engineOver(undefined)
    await engine.put('things', { key: 'a', value: 1 })
    const { results } = await engine.deleteMany('things', ['a', '', 'b', 'a'])
    expect(results).toMatchObject([true, { code: 'BAD_USER_INPUT', outcome: 'NONE' }, true, true])
    expect(engine.stats('things').deletes).toBe(2)
    expect(await failure(engine.delete('things', ''))).toMatchObject({ outcome: 'NONE' })
  })
})

describe('writes of one key', () => {
  test('reach the source one after the other, in order; other keys do not wait', async () => {
    const source = scriptedSource({ writable: true })
    const { engine, clock } = engineOver(source)
    const first = engine.put('things', { key: 'a', value: 1 })
    const second = engine.delete('things', 'a')
    const third = engine.put('things', { key: 'a', value: 3 })
    const other = engine.put('things', { key: 'b', value: 4 })
    await clock.advance(0)
    expect(source.stores[0]!.items.map((request) => request.key)).toEqual(['a', 'b'])
    expect(source.deletes).toHaveLength(0)
    source.stores[0]!.answer([undefined, undefined])
    await Promise.all([first, other])
    await clock.advance(0)
    expect(source.deletes.map((call) => call.items)).toEqual([['a']])
    source.deletes[0]!.answer([undefined])
    await second
    await clock.advance(0)
    expect(source.stores[1]!.items).toMatchObject([{ key: 'a', value: 3 }])
    source.stores[1]!.answer([undefined])
    await third
    expect((await engine.get('things', 'a'))?.value).toBe(3)
  })

  test('give up after the write timeout, having changed nothing', async () => {
    const source = scriptedSource({ writable: true })
    const { engine, clock } = engineOver(source, { writeTimeoutMs: 100 })
    const first = engine.put('things', { key: 'a', value: 1 })
    await clock.advance(50)
    const second = failure(engine.put('things', { key: 'a', value: 2 }))
    const third = failure(engine.put('things', { key: 'a', value: 3 }))
    await clock.advance(49)
    source.stores[0]!.answer([undefined])
    await settled()
    // The first is through; the second hangs at the source, so the third's time runs out in the queue.
    await clock.advance(52)
    expect(await third).toMatchObject({ code: 'BUSY', outcome: 'NONE' })
    expect(source.stores).toHaveLength(2)
    await clock.advance(100)
    expect(await second).toMatchObject({ code: 'SOURCE_TIMEOUT', outcome: 'UNKNOWN' })
    expect((await first).entry.value).toBe(1)
  })
})

describe('a writable source', () => {
  test('has the value before the put is acknowledged', async () => {
    const source = scriptedSource({ writable: true })
    const { engine, clock } = engineOver(source)
    let acknowledged = false
    const input = { key: 'a', value: { deep: [1] }, ttlMs: 500, tags: ['t'] }
    const put = engine.put('things', input).finally(() => (acknowledged = true))
    // What the caller does to its object later is its own affair.
    input.value.deep.push(2)
    await clock.advance(0)
    expect(source.stores[0]!.items).toEqual([{ key: 'a', value: { deep: [1] }, ttlMs: 500, tags: ['t'] }])
    expect(acknowledged).toBe(false)
    const early = engine.get('things', 'a')
    await clock.advance(0)
    source.loads[0]!.answer([{ deep: [] }])
    expect((await early)?.value).toEqual({ deep: [] })
    source.stores[0]!.answer([{ revision: 7 }])
    expect((await put).entry).toMatchObject({ value: { deep: [1] }, version: '7' })
    expect((await engine.get('things', 'a'))?.value).toEqual({ deep: [1] })
  })

  test('is not told how long copies live: what it has must not end with them', async () => {
    const source = scriptedSource({ writable: true })
    const { engine, clock } = engineOver(source, { ttlMs: 60_000, format: 'bytes' })
    void engine.put('things', { key: 'a', bytes: Uint8Array.of(255, 0) })
    await clock.advance(0)
    expect(source.stores[0]!.items).toEqual([{ key: 'a', value: Uint8Array.of(255, 0), ttlMs: undefined, tags: [] }])
  })

  test('gets writes in bulk, puts and deletes apart', async () => {
    const source = scriptedSource({ writable: true })
    const { engine, clock } = engineOver(source, { maxBatchSize: 2 })
    const puts = engine.putMany(
      'things',
      ['a', 'b', 'c'].map((key) => ({ key, value: key })),
    )
    const deletes = engine.deleteMany('things', ['d', 'e'])
    await clock.advance(0)
    expect(source.stores.map((call) => call.items.map((request) => request.key))).toEqual([['a', 'b'], ['c']])
    expect(source.deletes.map((call) => call.items)).toEqual([['d', 'e']])
    for (const call of source.stores) call.answer(call.items.map(() => undefined))
    source.deletes[0]!.answer([undefined, new Error('locked')])
    expect((await puts).results).toMatchObject([{ value: 'a' }, { value: 'b' }, { value: 'c' }])
    expect((await deletes).results).toMatchObject([true, { code: 'SOURCE_FAILED', outcome: 'UNKNOWN' }])
  })

  test('that fails with an unknown outcome makes memory forget the key', async () => {
    const source = scriptedSource({ writable: true })
    const { engine, clock } = engineOver(source)
    const put = engine.put('things', { key: 'a', value: 1 })
    await clock.advance(0)
    source.stores[0]!.answer([undefined])
    await put
    const failing = failure(engine.put('things', { key: 'a', value: 2 }))
    const under = engine.get('things', 'b')
    await clock.advance(0)
    source.stores[1]!.fail(new Error('connection lost, password=hunter2'))
    const error = await failing
    expect(error).toMatchObject({ code: 'SOURCE_FAILED', outcome: 'UNKNOWN' })
    expect(error.message).not.toContain('hunter2')
    expect(engine.read('things', ['a'])).toBeInstanceOf(Promise)
    source.loads[0]!.answer([9])
    expect((await under)?.value).toBe(9)
  })

  test.each([
    ['the call fails harmlessly', (error: unknown) => ({ fail: error })],
    ['the key fails harmlessly', (error: unknown) => ({ answer: [error] })],
  ])('where %s nothing has changed', async (_, end) => {
    const source = scriptedSource({ writable: true })
    const { engine, clock } = engineOver(source)
    const put = engine.put('things', { key: 'a', value: 1 })
    await clock.advance(0)
    source.stores[0]!.answer([undefined])
    await put
    const failing = failure(engine.put('things', { key: 'a', value: 2 }))
    await clock.advance(0)
    const ending = end(Object.assign(new Error('read only'), { outcome: 'NONE' })) as { fail?: unknown; answer?: never }
    if (ending.answer === undefined) source.stores[1]!.fail(ending.fail)
    else source.stores[1]!.answer(ending.answer)
    expect(await failing).toMatchObject({ code: 'SOURCE_FAILED', outcome: 'NONE' })
    expect((await engine.get('things', 'a'))?.value).toBe(1)
  })

  test('may choose the code and message that clients see', async () => {
    const source = scriptedSource({ writable: true })
    const { engine, clock } = engineOver(source)
    const failing = failure(engine.delete('things', 'a'))
    await clock.advance(0)
    source.deletes[0]!.fail(new FedcacheError('FORBIDDEN', 'This table is read-only.', { outcome: 'NONE' }))
    expect(await failing).toMatchObject({ code: 'FORBIDDEN', message: 'This table is read-only.', outcome: 'NONE' })
  })

  test.each([
    ['too few', []],
    ['too many', [undefined, undefined]],
    ['no list', undefined as unknown as []],
    ['a revision that is none', [{ revision: -1 }]],
  ])('that gives %s results leaves an unknown outcome', async (_, results) => {
    const source = scriptedSource({ writable: true })
    const { engine, clock } = engineOver(source)
    const failing = failure(engine.put('things', { key: 'a', value: 2 }))
    await clock.advance(0)
    source.stores[0]!.answer(results)
    expect(await failing).toMatchObject({ code: 'SOURCE_FAILED', outcome: 'UNKNOWN' })
    expect(engine.stats('things').entries).toBe(0)
  })

  test('that confirms after the write timeout makes memory forget what was read since', async () => {
    const source = scriptedSource({ writable: true })
    const { engine, clock } = engineOver(source, { writeTimeoutMs: 100 })
    const put = failure(engine.put('things', { key: 'a', value: 'new' }))
    expect(await after(clock, 100, put)).toMatchObject({ code: 'SOURCE_TIMEOUT', outcome: 'UNKNOWN' })
    expect(source.stores[0]!.signal.aborted).toBe(true)
    const stored = engine.get('things', 'a')
    await clock.advance(0)
    source.loads[0]!.answer(['old'])
    await stored
    const underWay = engine.get('things', 'a')
    expect((await underWay)?.value).toBe('old')
    source.stores[0]!.answer([undefined])
    await settled()
    const later = engine.get('things', 'a')
    await clock.advance(0)
    source.loads[1]!.answer(['new'])
    expect((await later)?.value).toBe('new')
  })

  test('that confirms late does not let a load from before be stored', async () => {
    const source = scriptedSource({ writable: true })
    const { engine, clock } = engineOver(source, { writeTimeoutMs: 100 })
    await after(clock, 100, failure(engine.delete('things', 'a')))
    const early = engine.get('things', 'a')
    await clock.advance(0)
    source.deletes[0]!.answer([undefined])
    await settled()
    source.loads[0]!.answer(['old'])
    expect((await early)?.value).toBe('old')
    expect(engine.stats('things').entries).toBe(0)
  })

  test('a load that began before the source confirmed is not stored after it', async () => {
    const source = scriptedSource({ writable: true })
    const { engine, clock } = engineOver(source)
    const put = engine.put('things', { key: 'a', value: 'new' })
    const early = engine.get('things', 'a')
    await clock.advance(0)
    source.stores[0]!.answer([undefined])
    await put
    source.loads[0]!.answer(['old'])
    expect((await early)?.value).toBe('old')
    expect((await engine.get('things', 'a'))?.value).toBe('new')
  })

  test.each([
    ['a change that it told of', async (_: Engine, tell: () => void) => tell()],
    ['a clear', (engine: Engine) => engine.clear('things')],
    ['an invalidation of its tag', (engine: Engine) => engine.invalidateTags('things', ['t'])],
  ])('whose acknowledgement comes after %s may have acknowledged an older value', async (_, meanwhile) => {
    let tell!: () => void
    const source = {
      ...scriptedSource({ writable: true }),
      watch: async (onChange: (change: SourceChange) => void) => {
        tell = () => onChange({ key: 'a' })
        return async () => {}
      },
    }
    const { engine, clock } = engineOver(source)
    await engine.start()
    const put = engine.put('things', { key: 'a', value: 'first', tags: ['t'] })
    await clock.advance(0)
    await meanwhile(engine, tell)
    source.stores[0]!.answer([undefined])
    await put
    const reading = engine.get('things', 'a')
    await clock.advance(0)
    source.loads[0]?.answer(['second'])
    expect((await reading)?.value).toBe('second')
  })

  test('takes only what it can: a source without deleteMany is not written to', async () => {
    const { deleteMany: _, ...source } = scriptedSource({ writable: true })
    const { engine } = engineOver(source)
    await engine.put('things', { key: 'a', value: 1 })
    expect(source.stores).toHaveLength(0)
    expect(engine.keyspace('things')?.writable).toBe(false)
  })
})

describe('a store that refuses', () => {
  /** A store of the user's own that stops taking entries when told to. */
  function moodyStore(): { readonly factory: StoreFactory; refuses: boolean; throwsFor: string } {
    const mood = { refuses: false, throwsFor: '' }
    const factory: StoreFactory = <Item extends StoredItem>(options: StoreOptions<Item>): Store<Item> => {
      const store = sieveStore()(options)
      const set = store.set.bind(store)
      store.set = (item) => {
        if (mood.throwsFor === item.key) throw new Error('out of order')
        return !mood.refuses && set(item)
      }
      return store
    }
    return Object.assign(mood, { factory })
  }

  test('a put keeps the old entry, and the put says that nothing was changed', async () => {
    const mood = moodyStore()
    const { engine } = engineOver(undefined, { store: mood.factory })
    await engine.put('things', { key: 'a', value: 1 })
    mood.refuses = true
    expect(await failure(engine.put('things', { key: 'a', value: 2 }))).toMatchObject({
      code: 'VALUE_TOO_LARGE',
      outcome: 'NONE',
    })
    expect((await engine.get('things', 'a'))?.value).toBe(1)
  })

  test('a put that the source has taken does not keep the old entry', async () => {
    const mood = moodyStore()
    const source = scriptedSource({ writable: true })
    const { engine, clock } = engineOver(source, { store: mood.factory })
    for (const value of [1, 2]) {
      const put = engine.put('things', { key: 'a', value })
      await clock.advance(0)
      source.stores.at(-1)!.answer([undefined])
      await put
      mood.refuses = true
    }
    expect(engine.stats('things').entries).toBe(0)
  })

  test('a put, by throwing, keeps nobody from hearing of the others', async () => {
    const mood = moodyStore()
    const { engine } = engineOver(undefined, { store: mood.factory })
    const events = engine.entryChanges('things')
    const writing = engine.putMany('things', [
      { key: 'a', value: 1 },
      { key: 'b', value: 2 },
    ])
    mood.throwsFor = 'b'
    await expect(writing).rejects.toThrow('out of order')
    expect(await events.next()).toMatchObject({ value: { key: 'a', kind: 'PUT' } })
  })

  test('a load, by throwing, fails what it was loading and nothing else', async () => {
    const mood = moodyStore()
    const source = scriptedSource()
    const { engine, clock, logger } = engineOver(source, { store: mood.factory })
    mood.throwsFor = 'a'
    const failing = failure(engine.get('things', 'a'))
    await clock.advance(0)
    source.loads[0]!.answer([1])
    expect(await failing).toMatchObject({ code: 'SOURCE_FAILED' })
    expect(logger.lines.some(({ level }) => level === 'error')).toBe(true)
    mood.throwsFor = ''
    const working = engine.get('things', 'a')
    await clock.advance(0)
    source.loads[1]!.answer([1])
    expect((await working)?.value).toBe(1)
  })
})
