import { expect, test } from 'vitest'
import { lruStore } from '../../../../src/adapters/store/lru-store.ts'
import type { StoredItem } from '../../../../src/ports/index.ts'

test('what was asked for together was used, in that order', () => {
  const evicted: string[] = []
  const store = lruStore()<StoredItem>({ maxBytes: 3, maxEntries: 3, onEvict: ({ key }) => evicted.push(key) })
  for (const key of ['a', 'b', 'c']) store.set({ key, bytes: 1 })
  store.getAll?.(['b', 'a', 'nothing'])
  while (store.evict());
  expect(evicted).toEqual(['c', 'b', 'a'])
})
