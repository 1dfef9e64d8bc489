import { describe, expect, test } from 'vitest'
import { functionSource, type FunctionSourceOptions } from '../../../../src/adapters/source/function-source.ts'
import { sourceEntry } from '../../../../src/ports/index.ts'
import { settled } from '../../../support/fake-clock.ts'
import { deferred, loadAll, loadContext, problemsOf } from '../../../support/load-context.ts'

test('hands keys and context to loadMany as they are, and its answers back', async () => {
  const keys = ['b', 'a']
  const context = { ...loadContext(), fields: ['name'] }
  const answers = [1, new Error('two')]
  const seen: unknown[] = []
  const source = functionSource({
    name: 'products',
    loadMany: (...given) => {
      seen.push(...given)
      return answers
    },
  })
  expect(source.name).toBe('products')
  expect(await source.loadMany(keys, context)).toBe(answers)
  expect(seen[0]).toBe(keys)
  expect(seen[1]).toBe(context)
})

test('loadMany that throws fails the load', async () => {
  const source = functionSource({
    loadMany: () => {
      throw new Error('down')
    },
  })
  await expect(source.loadMany(['a'], loadContext())).rejects.toThrow('down')
})

describe('keyOf', () => {
  const item = (id: number) => ({ id })

  test('matches numbers, wrapped values and gaps', async () => {
    const loadMany = async () => [item(3), null, sourceEntry(item(1), { ttlMs: 5 }), undefined]
    const source = functionSource({ loadMany, keyOf: (value: { id: number }) => value.id })
    expect(await loadAll(source, ['1', '2', '3'])).toStrictEqual([sourceEntry(item(1), { ttlMs: 5 }), null, item(3)])
  })

  test('fails a key with two values, and ignores what was not asked for', async () => {
    const source = functionSource({ loadMany: () => [item(1), item(9), item(1), item(2)], keyOf: ({ id }) => id })
    expect(await loadAll(source, ['1', '2'])).toStrictEqual([
      new Error('more than one value was found for "1"'),
      item(2),
    ])
  })

  test('cannot place an error, so it fails the load', async () => {
    const loadMany = () => [item(1), new Error('which key?')]
    const source = functionSource({ loadMany, keyOf: (value: { id: number }) => value.id })
    await expect(loadAll(source, ['1', '2'])).rejects.toThrow('which key?')
  })
})

describe('load', () => {
  test('runs so many at a time, over all loads, and each key fails by itself', async () => {
    const gates = new Map(['1', '2', '3', '4', '5'].map((key) => [key, deferred()]))
    const begun: string[] = []
    const twoBegun = deferred()
    const source = functionSource({
      concurrency: 2,
      load: async (key) => {
        begun.push(key)
        if (begun.length === 2) twoBegun.resolve()
        await gates.get(key)?.promise
        if (key === '2') throw new Error('no two')
        if (key === '3') throw 'not an error' // oxlint-disable-line no-throw-literal, only-throw-error
        return `value ${key}`
      },
    })
    const loads = [loadAll(source, ['1', '2', '3']), loadAll(source, ['4', '5'])] as const
    await twoBegun.promise
    expect(begun).toStrictEqual(['1', '2'])
    for (const gate of gates.values()) gate.resolve()
    const [first, second] = await Promise.all(loads)
    expect(first[0]).toBe('value 1')
    expect(first[1]).toStrictEqual(new Error('no two'))
    expect(first[2]).toMatchObject({ message: 'string was thrown in place of an Error', cause: 'not an error' })
    expect(second).toStrictEqual(['value 4', 'value 5'])
  })

  test('hands places on, so that nobody who comes meanwhile is one too many', async () => {
    const gates = new Map(['1', '2', '3'].map((key) => [key, { begun: deferred(), go: deferred() }]))
    let running = 0
    let most = 0
    const source = functionSource({
      concurrency: 1,
      load: async (key) => {
        most = Math.max(most, ++running)
        gates.get(key)?.begun.resolve()
        await gates.get(key)?.go.promise
        running--
        return key
      },
    })
    const loads = [loadAll(source, ['1']), loadAll(source, ['2'])]
    gates.get('1')?.go.resolve()
    await gates.get('2')?.begun.promise
    loads.push(loadAll(source, ['3']))
    await settled()
    gates.get('2')?.go.resolve()
    gates.get('3')?.go.resolve()
    expect(await Promise.all(loads)).toStrictEqual([['1'], ['2'], ['3']])
    expect(most).toBe(1)
  })

  test('may be a plain function that throws', async () => {
    const source = functionSource({
      load: (key) => {
        if (key === 'bad') throw new Error('bad')
        return key
      },
    })
    expect(await loadAll(source, ['good', 'bad'])).toStrictEqual(['good', new Error('bad')])
  })

  test('is not called for keys that wait when the load is aborted', async () => {
    const gate = deferred()
    const begun: string[] = []
    const abort = new AbortController()
    const source = functionSource({
      concurrency: 1,
      load: async (key) => {
        begun.push(key)
        await gate.promise
        return key
      },
    })
    const load = loadAll(source, ['1', '2'], loadContext(abort.signal))
    abort.abort(new Error('nobody waits'))
    gate.resolve()
    const [, second] = await load
    expect(second).toStrictEqual(new Error('nobody waits'))
    expect(begun).not.toContain('2')
  })
})

test('is writable when it can store and delete', async () => {
  const writing = { storeMany: async () => [undefined], deleteMany: async () => [new Error('no')] }
  const source = functionSource({ loadMany: () => [], ...writing })
  expect(source.storeMany).toBe(writing.storeMany)
  expect(source.deleteMany).toBe(writing.deleteMany)
  expect(functionSource({ loadMany: () => [] })).not.toHaveProperty('storeMany')
})

test.each<[string, unknown, string[]]>([
  ['nothing', {}, ['loadMany']],
  ['both ways to load', { load: () => 1, loadMany: () => [] }, ['loadMany']],
  ['half of writing', { loadMany: () => [], storeMany: async () => [] }, ['storeMany']],
  ['keyOf with load', { load: () => 1, keyOf: () => '' }, ['keyOf']],
  ['wrong kinds', { loadMany: 5, keyOf: 'id', name: '', concurrency: 0 }, ['loadMany', 'keyOf', 'name', 'concurrency']],
])('refuses %s', (_name, options, expected) => {
  expect(problemsOf(() => functionSource(options as FunctionSourceOptions))).toStrictEqual(expected)
})
