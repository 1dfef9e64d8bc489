import { describe, expect, test } from 'vitest'
import { indexedLruStore, lruStore } from '../../../../src/adapters/store/lru-store.ts'
import type { StoredItem } from '../../../../src/ports/index.ts'
import { ConfusedIndex } from '../../../support/confused-index.ts'

describe.each([
  ['an index', lruStore()],
  ['an index that seldom knows', indexedLruStore(() => new ConfusedIndex())],
])('with %s', (_name, factory) => {
  test('what was asked for together was used, in that order', () => {
    const evicted: string[] = []
    const store = factory<StoredItem>({ maxBytes: 4, maxEntries: 4, onEvict: ({ key }) => evicted.push(key) })
    for (const key of ['a', 'b', 'c', 'd']) store.set({ key, bytes: 1 })
    store.getAll?.(['c', 'b', 'a', 'nothing'])
    while (store.evict());
    expect(evicted).toEqual(['d', 'c', 'b', 'a'])
  })
})
