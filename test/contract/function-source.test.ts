import { describe, expect, test } from 'vitest'
import { functionSource } from '../../src/adapters/source/function-source.ts'
import { awkwardKeys, type SourceFixture, sourceContract } from '../../src/testing.ts'

describe.each<[string, FunctionKind]>([
  ['loadMany', 'LIST'],
  ['loadMany that gives a Map', 'MAP'],
  ['loadMany and keyOf', 'ANY_ORDER'],
  ['load', 'ONE'],
  ['storeMany and deleteMany', 'WRITABLE'],
])('functionSource with %s', (_name, kind) => {
  const cases = sourceContract(() => functionFixture(kind), { isWritable: kind === 'WRITABLE' })
  for (const { name, run } of cases) test(name, run)
})

test('the awkward keys of the suite are all different', () => {
  expect(new Set(awkwardKeys).size).toBe(awkwardKeys.length)
})

type FunctionKind = 'LIST' | 'MAP' | 'ANY_ORDER' | 'ONE' | 'WRITABLE'

function functionFixture(kind: FunctionKind): SourceFixture {
  const values = new Map<string, unknown>()
  const failing = new Set<string>()
  let calls = 0
  const answer = (key: string) => (failing.has(key) ? new Error('refused') : values.get(key))
  const load = async (key: string) => {
    if (failing.has(key)) throw new Error('refused')
    return values.get(key)
  }
  const loadMany = async (keys: readonly string[]) => {
    calls++
    if (kind === 'MAP')
      return new Map(keys.filter((key) => values.has(key) || failing.has(key)).map((key) => [key, answer(key)]))
    if (kind === 'ANY_ORDER')
      return [...values.entries()]
        .toReversed()
        .filter(([key]) => keys.includes(key))
        .map(([, value]) => value)
    return keys.map(answer)
  }
  const writing = {
    storeMany: async (requests: readonly { key: string; value: unknown }[]) =>
      requests.map(({ key, value }) => void values.set(key, value)),
    deleteMany: async (keys: readonly string[]) => keys.map((key) => void values.delete(key)),
  }
  const source =
    kind === 'ONE'
      ? functionSource({ load, concurrency: 3 })
      : kind === 'ANY_ORDER'
        ? functionSource({ loadMany, keyOf: (value) => keysByValue(values).get(value) ?? '' })
        : functionSource({ loadMany, ...(kind === 'WRITABLE' ? writing : {}) })
  return {
    source,
    seed: async (seeds) => seeds.forEach((value, key) => values.set(key, value)),
    ...(kind === 'ONE' ? {} : { calls: () => calls }),
    ...(kind === 'ANY_ORDER' ? {} : { fail: async (key: string) => void failing.add(key) }),
  }
}

function keysByValue(values: ReadonlyMap<string, unknown>): ReadonlyMap<unknown, string> {
  return new Map([...values].map(([key, value]) => [value, key]))
}
