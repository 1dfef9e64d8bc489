import { describe, test } from 'vitest'
import { subgraphSource, type SubgraphSourceOptions } from '../../src/adapters/source/subgraph-source.ts'
import { type SourceFixture, sourceContract } from '../../src/testing.ts'
import { subgraphOrigin } from '../support/subgraph-origin.ts'

describe.each<[string, (url: string) => SubgraphSourceOptions]>([
  ['entities', (url) => ({ url, typename: 'Product', fields: 'value' })],
  [
    'a field that gives a list',
    (url) => ({ url, query: 'query ($keys: [ID!]!) { products(ids: $keys) { value } }', field: 'products' }),
  ],
])('subgraphSource of %s', (_name, options) => {
  for (const { name, run } of sourceContract(() => fixture(options))) test(name, run)
})

async function fixture(options: (url: string) => SubgraphSourceOptions): Promise<SourceFixture> {
  const origin = await subgraphOrigin()
  return {
    source: subgraphSource(options(origin.url)),
    value: (text) => ({ value: { text } }),
    seed: async (seeds) => {
      for (const [key, seeded] of seeds) origin.values.set(key, (seeded as { value: unknown }).value)
    },
    fail: async (key) => void origin.failing.add(key),
    calls: () => origin.requests.length,
    dispose: () => origin.close(),
  }
}
