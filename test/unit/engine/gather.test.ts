import { describe, expect, test } from 'vitest'
import { engineFixture, engineOver, failure, keyspaceDefinition } from '../../support/engine-fixture.ts'
import { answeringSource, scriptedSource } from '../../support/scripted-source.ts'

const key = (index: number): string => `key ${index}`
const range = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, index) => key(from + index))

describe('keys missed within one window', () => {
  test.each([
    { maxBatchSize: 300, calls: 4 },
    { maxBatchSize: 500, calls: 2 },
    { maxBatchSize: 1_000, calls: 1 },
    { maxBatchSize: 1, calls: 1_000 },
  ])('1,000 over 20 calls make $calls calls of at most $maxBatchSize, none twice', async ({ maxBatchSize, calls }) => {
    const source = answeringSource((each) => each)
    const { engine, clock } = engineOver(source, { maxBatchSize, batchWindowMs: 5 })
    const reads = []
    for (let call = 0; call < 20; call++) {
      reads.push(engine.getMany('things', range(call * 50, call * 50 + 50)))
      await clock.advance(0.2)
    }
    expect(source.calls).toHaveLength(0)
    await clock.advance(5)
    const results = (await Promise.all(reads)).flat()
    expect(results.map((entry) => (entry as { value: unknown }).value)).toEqual(range(0, 1_000))
    expect(source.calls).toHaveLength(Math.ceil(1_000 / maxBatchSize))
    expect(source.calls).toHaveLength(calls)
    expect(Math.max(...source.calls.map((call) => call.length))).toBeLessThanOrEqual(maxBatchSize)
    expect(source.calls.flat().toSorted()).toEqual(range(0, 1_000).toSorted())
  })

  test('by overlapping calls are asked for once', async () => {
    const source = answeringSource((each) => each)
    const { engine, clock } = engineOver(source)
    const reads = [range(0, 60), range(30, 90), range(0, 90), [key(1), key(1)]].map((keys) =>
      engine.getMany('things', keys),
    )
    await clock.advance(0)
    await Promise.all(reads)
    expect(source.calls.map((call) => call.length)).toEqual([90])
    expect(engine.stats('things')).toMatchObject({ loads: 1, loadedKeys: 90 })
  })

  test('after the window make a batch of their own', async () => {
    const source = answeringSource((each) => each)
    const { engine, clock } = engineOver(source, { batchWindowMs: 10 })
    const early = engine.get('things', 'a')
    await clock.advance(10)
    const late = engine.get('things', 'b')
    await clock.advance(9)
    expect(source.calls).toEqual([['a']])
    await clock.advance(1)
    expect(source.calls).toEqual([['a'], ['b']])
    await Promise.all([early, late])
  })

  test('by different keyspaces are not mixed, even with one source', async () => {
    const source = answeringSource((each) => each)
    const { engine, clock } = engineFixture([
      keyspaceDefinition({}, source, 'one'),
      keyspaceDefinition({}, source, 'other'),
    ])
    const reads = [engine.get('one', 'a'), engine.get('other', 'b')]
    await clock.advance(0)
    await Promise.all(reads)
    expect(source.calls).toEqual([['a'], ['b']])
  })
})

describe('a batch', () => {
  test('that is slow holds up no later one', async () => {
    const source = scriptedSource()
    const { engine, clock } = engineOver(source, { maxBatchSize: 1 })
    const slow = engine.get('things', 'slow')
    const fast = engine.get('things', 'fast')
    await clock.advance(0)
    source.loads[1]!.answer([1])
    expect((await fast)?.value).toBe(1)
    source.loads[0]!.answer([2])
    expect((await slow)?.value).toBe(2)
  })

  test('that fails fails its own keys only', async () => {
    const source = scriptedSource()
    const { engine, clock } = engineOver(source, { maxBatchSize: 1 })
    const bad = failure(engine.get('things', 'bad'))
    const good = engine.get('things', 'good')
    await clock.advance(0)
    source.loads[0]!.fail('not even an Error')
    source.loads[1]!.answer([1])
    expect((await bad).code).toBe('SOURCE_FAILED')
    expect((await good)?.value).toBe(1)
    expect(engine.stats('things')).toMatchObject({ loadErrors: 1 })
  })
})
