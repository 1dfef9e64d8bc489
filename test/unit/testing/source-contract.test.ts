import { AssertionError } from 'node:assert/strict'
import { describe, expect, test } from 'vitest'
import { type Source, sourceEntry } from '../../../src/ports/index.ts'
import { sourceContract } from '../../../src/testing.ts'

/** Names of the cases that a source breaks, whose values are wrapped as told. */
async function brokenBy(
  wrap: (value: unknown, index: number) => unknown,
  receipt?: unknown,
): Promise<readonly string[]> {
  const cases = sourceContract(
    () => {
      const values = new Map<string, unknown>()
      const source: Source = {
        name: 'wrapping',
        loadMany: async (keys) => keys.map((key, index) => (values.has(key) ? wrap(values.get(key), index) : null)),
        storeMany: async (requests) => {
          for (const { key, value } of requests) values.set(key, value)
          return requests.map(() => receipt as undefined)
        },
        deleteMany: async (keys) => {
          for (const key of keys) values.delete(key)
          return keys.map(() => receipt as undefined)
        },
      }
      return { source, seed: async (seeds) => seeds.forEach((value, key) => values.set(key, value)) }
    },
    { isWritable: true },
  )
  const broken: string[] = []
  for (const { name, run } of cases) {
    try {
      await run()
    } catch (error) {
      expect(error).toBeInstanceOf(AssertionError)
      broken.push(name)
    }
  }
  return broken
}

describe('a source', () => {
  test.each<[string, (value: unknown) => unknown, unknown]>([
    ['plain values', (value) => value, undefined],
    ['lifetimes and tags', (value) => sourceEntry(value, { ttlMs: 5, tags: ['red'] }), undefined],
    ['revisions', (value) => sourceEntry(value, { revision: 7 }), { revision: 8 }],
    ['wrapped wrappers', (value) => sourceEntry(sourceEntry(value, { ttlMs: 5 }), { revision: 7 }), {}],
  ])('may give %s', async (_, wrap, receipt) => {
    expect(await brokenBy(wrap, receipt)).toEqual([])
  })

  test.each<[string, (value: unknown, index: number) => unknown]>([
    ['a lifetime that is over', (value) => sourceEntry(value, { ttlMs: -5 })],
    ['a lifetime that never ends', (value) => sourceEntry(value, { ttlMs: Infinity })],
    ['a text for tags', (value) => sourceEntry(value, { tags: 'abc' as never })],
    ['an empty tag', (value) => sourceEntry(value, { tags: [''] })],
    ['a revision that is none', (value) => sourceEntry(value, { revision: 1.5 })],
    ['a revision for some values', (value, index) => (index % 2 === 0 ? sourceEntry(value, { revision: 7 }) : value)],
  ])('must not give %s, which fedcache refuses', async (_, wrap) => {
    expect(await brokenBy(wrap)).toContain('answers at the place of each key, whatever the order')
  })

  test('must not give a receipt with a revision that is none', async () => {
    expect(await brokenBy((value) => value, { revision: -1 })).toContain('reads what was stored')
  })
})
