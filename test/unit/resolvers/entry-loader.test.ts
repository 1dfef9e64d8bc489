import { describe, expect, test, vi } from 'vitest'
import { EntryLoader } from '../../../resolvers/entry-loader.ts'
import { ReadRecord } from '../../../src/engine/read-record.ts'
import { after, engineOver } from '../../support/engine-fixture.ts'
import { answeringSource } from '../../support/scripted-source.ts'

describe('the loader of one operation', () => {
  test('answers hits without a promise', async () => {
    const { engine, clock } = engineOver(answeringSource((key) => (key === 'none' ? null : key)))
    await after(clock, 0, engine.getMany('things', ['a', 'b', 'none']))
    const reads = new ReadRecord()
    const loader = new EntryLoader(engine, reads, 1000)
    expect(loader.load('things', 'a')).toMatchObject({ key: 'a' })
    expect(loader.loadAll('things', ['b', 'none', 'b'])).toMatchObject([{ key: 'b' }, null, { key: 'b' }])
    expect(reads.summary()).toMatchObject({ hits: 3, notFound: 1 })
  })

  test('gives what it gave before, whatever has changed since it had to wait', async () => {
    const { engine, clock } = engineOver(answeringSource((key) => (key === 'none' ? null : `first ${key}`)))
    await after(clock, 0, engine.getMany('things', ['a', 'b', 'none']))
    const loader = new EntryLoader(engine, new ReadRecord(), 1000)
    const [single, [b, none]] = [loader.load('things', 'a'), loader.loadAll('things', ['b', 'none'])]
    const cold = loader.load('things', 'cold')
    await after(clock, 0, Promise.all([engine.delete('things', 'a'), engine.delete('things', 'b'), cold]))
    expect(loader.load('things', 'a')).toBe(single)
    expect(loader.loadAll('things', ['b', 'none'])).toEqual([b, none])
  })

  test('reads at one moment until it has to wait, and at the present one from then on', async () => {
    const { engine, clock } = engineOver(
      answeringSource((key) => key),
      { ttlMs: 1000 },
    )
    await after(clock, 0, engine.getMany('things', ['a', 'b', 'c', 'd']))
    const loader = new EntryLoader(engine, new ReadRecord(), 1000)
    expect(loader.load('things', 'a')).toMatchObject({ key: 'a' })
    await clock.advance(1000)
    expect(loader.load('things', 'b')).toMatchObject({ key: 'b', ttlMs: 1000 })
    expect(loader.loadAll('things', ['c'])).toMatchObject([{ key: 'c', ttlMs: 1000 }])
    await after(clock, 0, Promise.resolve(loader.load('things', 'cold')))
    expect(loader.load('things', 'd')).toBeInstanceOf(Promise)
  })

  test('tells clients of each key of a list what is wrong with it', async () => {
    const { engine, clock } = engineOver(answeringSource((key) => (key === 'bad' ? new Error('no') : key)))
    const loader = new EntryLoader(engine, new ReadRecord(), 1000)
    const [a, bad, empty] = loader.loadAll('things', ['a', 'bad', ''])
    const settled = await after(clock, 0, Promise.allSettled([a, bad, empty]))
    expect(settled).toMatchObject([
      { value: { key: 'a' } },
      { reason: { extensions: { code: 'SOURCE_FAILED' } } },
      { reason: { extensions: { code: 'BAD_USER_INPUT' } } },
    ])
    const unknown = { extensions: { code: 'KEYSPACE_NOT_FOUND' } }
    expect(loader.loadAll('nothing', ['a', 'b'])).toMatchObject([unknown, unknown])
  })

  test('reads the others of a keyspace together', async () => {
    const { engine, clock } = engineOver(answeringSource((key) => (key === 'none' ? null : key)))
    const getMany = vi.spyOn(engine, 'getMany')
    const loader = new EntryLoader(engine, new ReadRecord(), 1000)
    const loaded = Promise.all([loader.load('things', 'a'), loader.load('things', 'none'), loader.load('things', 'a')])
    expect(await after(clock, 0, loaded)).toMatchObject([{ key: 'a' }, null, { key: 'a' }])
    expect(getMany.mock.calls).toEqual([['things', ['a', 'none']]])
  })

  test('reads in bulk once an answer has become large, so that the engine can tell when it is too large', async () => {
    const large = 'x'.repeat(6 * 2 ** 20)
    const { engine, clock } = engineOver(
      answeringSource(() => large),
      { maxBytes: 2 ** 27, maxValueBytes: 2 ** 23 },
    )
    await after(clock, 0, engine.getMany('things', ['a', 'b', 'c', 'd']))
    const loader = new EntryLoader(engine, new ReadRecord(), 1000)
    const isLater = (result: unknown): boolean => result instanceof Promise
    expect(['a', 'b', 'c', 'd'].map((key) => isLater(loader.load('things', key)))).toEqual([false, false, false, true])
    const other = new EntryLoader(engine, new ReadRecord(), 1000)
    expect(other.loadAll('things', ['a', 'b', 'c', 'd']).map(isLater)).toEqual([false, false, false, true])
  })
})
