import { afterEach, describe, expect, it } from 'vitest'
import { type Answer, type ServedCache, codesOf, recordingSource } from '../../support/served-cache.ts'
import { typedCache } from '../../support/typed-cache.ts'

let cache: ServedCache

afterEach(async () => {
  await cache.stop()
})

const query = (selection: string) =>
  `query ($representations: [_Any!]!) { _entities(representations: $representations) { __typename ${selection} } }`

function entities(selection: string, representations: readonly unknown[]): Promise<Answer> {
  return cache.graphql(query(selection), { representations })
}

function byKey(broken = 'broken', missing = 'missing'): ReturnType<typeof recordingSource> {
  return recordingSource((keys) =>
    keys.map((key) => {
      if (key === broken) return new Error('secret reason')
      return key === missing ? null : { name: `name of ${key}` }
    }),
  )
}

const product = `
  type Product
    @key(fields: "id") @keyspace(name: "products")
    @key(fields: "sku package") @keyspace(name: "bySku", key: "{package}/{sku}")
    @key(fields: "sku variation { id }") @keyspace(name: "byVariation", key: "{sku}:{variation.id}")
  {
    id: ID
    sku: String
    package: String
    variation: Variation
    name: String
    weight: Int @external
    shipping: Rate @requires(fields: "weight") @entry(key: "{name}/{weight}")
  }
  type Variation { id: ID! }
  type Rate @key(fields: "name weight") @keyspace(name: "rates", key: "{name}/{weight}") {
    name: String!
    weight: Int!
    price: Int
  }
`

describe('_entities of typed keyspaces', () => {
  it('reads by every key, in one call a keyspace, in order; null for missing, an error for what fails alone', async () => {
    const [products, bySku, byVariation] = [byKey(), byKey('p/broken'), byKey()]
    cache = typedCache(
      { products: { source: products }, bySku: { source: bySku }, byVariation: { source: byVariation }, rates: {} },
      product,
    )
    const answer = await entities('... on Product { id sku package variation { id } name }', [
      { __typename: 'Product', id: '1' },
      { __typename: 'Product', sku: 's', package: 'p' },
      { __typename: 'Product', id: 'missing' },
      { __typename: 'Product', sku: 's', variation: { id: 7 } },
      { __typename: 'Product', id: 'broken' },
      { __typename: 'Product', sku: 'broken', package: 'p' },
      { __typename: 'Product', id: 2 },
    ])
    const empty = { __typename: 'Product', id: null, sku: null, package: null, variation: null }
    expect(answer.data._entities).toEqual([
      { ...empty, id: '1', name: 'name of 1' },
      { ...empty, sku: 's', package: 'p', name: 'name of p/s' },
      null,
      { ...empty, sku: 's', variation: { id: '7' }, name: 'name of s:7' },
      null,
      null,
      { ...empty, id: '2', name: 'name of 2' },
    ])
    expect(answer.errors?.map(({ path }) => path?.[1])).toEqual([4, 5])
    expect(codesOf(answer)).toEqual(['SOURCE_FAILED', 'SOURCE_FAILED'])
    expect([products.calls, bySku.calls, byVariation.calls]).toEqual([
      [['1', 'missing', 'broken', '2']],
      [['p/s', 'p/broken']],
      [['s:7']],
    ])
  })

  it('answers a field that @requires what another subgraph has', async () => {
    const rates = recordingSource((keys) => keys.map(() => ({ price: 5 })))
    cache = typedCache({ products: { source: byKey() }, bySku: {}, byVariation: {}, rates: { source: rates } }, product)
    const answer = await entities('... on Product { weight shipping { name weight price } }', [
      { __typename: 'Product', id: '1', weight: 12, name: 'not the stored one' },
      { __typename: 'Product', id: '2' },
    ])
    expect(answer).toEqual({
      data: {
        _entities: [
          { __typename: 'Product', weight: 12, shipping: { name: 'name of 1', weight: 12, price: 5 } },
          { __typename: 'Product', weight: null, shipping: null },
        ],
      },
    })
    expect(rates.calls).toEqual([['name%20of%201/12']])
  })

  it('tells what is wrong with a reference, and reads the others', async () => {
    const source = byKey()
    cache = typedCache({ products: { source }, bySku: {}, byVariation: {}, rates: {} }, product)
    const wrong = [
      {},
      { __typename: 'Nobody' },
      { __typename: 'Variation', id: 1 },
      { __typename: 'Product' },
      { __typename: 'Product', id: null },
      { __typename: 'Product', id: { deep: 1 } },
      { __typename: 'Product', id: 1.5 },
      { __typename: 'Product', id: true },
      { __typename: 'Product', sku: 5, package: 'p' },
      { __typename: 'Product', id: 'k'.repeat(5000) },
      { __typename: 'Product', id: '\uD800' },
      { __typename: 'Product', id: '' },
      { __typename: 'Rate', name: 'a', weight: '12' },
    ]
    const answer = await entities('... on Product { name }', [...wrong, { __typename: 'Product', id: 'fine' }])
    expect(answer.data._entities).toEqual([...wrong.map(() => null), { __typename: 'Product', name: 'name of fine' }])
    expect(codesOf(answer)).toEqual(wrong.map(() => 'BAD_USER_INPUT'))
    for (const { message } of answer.errors ?? []) expect(message.length).toBeLessThan(400)
    expect(source.calls).toEqual([['fine']])
  })

  it('takes of a reference what its types take as arguments', async () => {
    const source = byKey()
    cache = typedCache(
      { counts: { source }, flags: { source }, colours: { source }, shares: { source } },
      `type Count @key(fields: "count") @keyspace(name: "counts") { count: Int! }
      type Flag @key(fields: "flag") @keyspace(name: "flags") { flag: Boolean! }
      type Coloured @key(fields: "colour") @keyspace(name: "colours") { colour: Colour! }
      type Share @key(fields: "share") @keyspace(name: "shares") { share: Float! }
      enum Colour { RED }`,
    )
    const wrong = [
      { __typename: 'Count', count: 1.5 },
      { __typename: 'Count', count: 5_000_000_000 },
      { __typename: 'Count', count: '1' },
      { __typename: 'Count', count: true },
      { __typename: 'Flag', flag: 1 },
      { __typename: 'Flag', flag: 'true' },
      { __typename: 'Coloured', colour: 'BLUE' },
      { __typename: 'Coloured', colour: 0 },
      { __typename: 'Share', share: '0.5' },
    ]
    const answer = await entities('... on Share { share }', [...wrong, { __typename: 'Share', share: 3 }])
    expect(answer.data._entities).toEqual([...wrong.map(() => null), { __typename: 'Share', share: 3 }])
    expect(codesOf(answer)).toEqual(wrong.map(() => 'BAD_USER_INPUT'))
    expect(answer.errors?.map(({ message }) => message)).toContain(
      'A reference to Coloured has its colour, of type Colour!; received "BLUE".',
    )
    expect(source.calls).toEqual([['3']])
  })

  it('says what a reference without a type has', async () => {
    cache = typedCache({ products: { source: byKey() }, bySku: {}, byVariation: {}, rates: {} }, product)
    const answer = await entities('', [{ id: '1' }, { __typename: null }, { __typename: 5 }])
    expect(answer.errors?.map(({ message }) => message)).toEqual([
      'A representation has the __typename of its entity; received {"id":"1"}.',
      'A representation has the __typename of its entity; received {"__typename":null}.',
      'A representation has the __typename of its entity; received {"__typename":5}.',
    ])
  })

  it('answers 10,000 representations, and refuses more', async () => {
    const source = byKey()
    cache = typedCache({ products: { source }, bySku: {}, byVariation: {}, rates: {} }, product)
    const references = (count: number): readonly unknown[] =>
      Array.from({ length: count }, (_, index) => ({ __typename: 'Product', id: `${index}` }))
    const answer = await entities('... on Product { name }', references(10_000))
    expect(answer.errors).toBeUndefined()
    expect(answer.data._entities).toHaveLength(10_000)
    expect(answer.data._entities[9_999]).toEqual({ __typename: 'Product', name: 'name of 9999' })
    // In bulk: 500 keys a call is the default.
    expect(source.calls.map((keys) => keys.length)).toEqual(Array.from({ length: 20 }, () => 500))
    const refused = await entities('... on Product { name }', references(10_001))
    expect(codesOf(refused)).toEqual(['TOO_MANY_KEYS'])
    expect(refused.errors?.[0]?.message).toBe('One request takes at most 10000 representations; received 10001.')
  })
})
