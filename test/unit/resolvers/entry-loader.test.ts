import { describe, expect, test, vi } from 'vitest'
import { EntryLoader } from '../../../resolvers/entry-loader.ts'
import { ReadRecord } from '../../../src/engine/read-record.ts'
import { after, engineOver } from '../../support/engine-fixture.ts'
import { answeringSource } from '../../support/scripted-source.ts'

describe('the loader of one operation', () => {
  test('answers hits without a promise, each key with one reading', async () => {
    const { engine, clock } = engineOver(answeringSource((key) => key))
    await after(clock, 0, engine.getMany('things', ['a', 'b']))
    const reads = new ReadRecord()
    const loader = new EntryLoader(engine, reads, 1000)
    const entry = loader.load('things', 'a')
    expect(entry).toMatchObject({ key: 'a' })
    expect(loader.load('things', 'a')).toBe(entry)
    expect(engine.stats('things').hits).toBe(1)
    expect(reads.summary()).toMatchObject({ hits: 1 })
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
    const results = ['a', 'b', 'c', 'd'].map((key) => loader.load('things', key))
    expect(results.map((result) => result instanceof Promise)).toEqual([false, false, false, true])
  })
})
