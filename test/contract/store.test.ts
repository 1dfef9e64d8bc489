import { describe, test } from 'vitest'
import { lruStore } from '../../src/adapters/store/lru-store.ts'
import { sieveStore } from '../../src/adapters/store/sieve-store.ts'
import { storeContract } from '../../src/testing.ts'

describe.each([
  ['lruStore', lruStore()],
  ['sieveStore', sieveStore()],
])('%s', (_name, factory) => {
  for (const { name, run } of storeContract(factory)) test(name, run)
})
