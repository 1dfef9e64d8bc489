import { describe, test } from 'vitest'
import { indexedLruStore, lruStore } from '../../src/adapters/store/lru-store.ts'
import { sieveStore } from '../../src/adapters/store/sieve-store.ts'
import { storeContract } from '../../src/testing.ts'
import { ConfusedIndex } from '../support/confused-index.ts'

describe.each([
  ['lruStore', lruStore()],
  ['lruStore whose index seldom knows', indexedLruStore(() => new ConfusedIndex())],
  ['sieveStore', sieveStore()],
])('%s', (_name, factory) => {
  for (const { name, run } of storeContract(factory)) test(name, run)
})
