import { afterEach, describe, expect, it } from 'vitest'
import { type Answer, type ServedCache, codesOf, recordingSource } from '../../support/served-cache.ts'
import { typedCache } from '../../support/typed-cache.ts'

let cache: ServedCache

afterEach(async () => {
  await cache.stop()
})

/** A source over a record of values. Errors fail their keys; what is missing is not found. */
function stored(values: Readonly<Record<string, unknown>>, name = 'stored'): ReturnType<typeof recordingSource> {
  return recordingSource((keys) => keys.map((key) => values[key] ?? null), name)
}

const atlas = `
  type City @key(fields: "id") @keyspace(name: "cities", one: "city", many: "cities") {
    id: ID!
    name: String!
    population: Int
    country: Country @entry(key: "country")
    twins: [City!] @entry(key: "twinIds")
  }
  type Country @key(fields: "code") @keyspace(name: "countries", one: "country", many: "countries") {
    code: ID!
    name: String!
  }
`

const countries = { CN: { name: 'China' }, FR: { name: 'France' } }

function pathsOf(answer: Answer): readonly string[] {
  return (answer.errors ?? []).map(({ path }) => path?.join('.') ?? '')
}

describe('root fields', () => {
  it('read one and many by key, with null for what is missing, and the key where the value does not have it', async () => {
    const source = stored({ 1: { cityId: 1, name: 'Shanghai', population: 22 }, 2: { id: 'two', name: 'Paris' } })
    cache = typedCache({ cities: { source }, countries: {} }, atlas)
    const answer = await cache.graphql(`{
      city(id: 1) { id name population }
      cities(ids: ["2", "9", "1", "2"]) { id name population }
    }`)
    const paris = { id: 'two', name: 'Paris', population: null }
    const shanghai = { id: '1', name: 'Shanghai', population: 22 }
    expect(answer).toEqual({ data: { city: shanghai, cities: [paris, null, shanghai, paris] } })
    expect(source.calls).toEqual([['1', '2', '9']])
  })

  it('take every part of a composite key, which make one key that nothing else makes', async () => {
    const source = stored({ 'a%2Fb/c': { price: 1 }, 'a/b%2Fc': { price: 2 }, '%E5%8C%97/%20': { price: 3 } })
    cache = typedCache(
      { prices: { source } },
      `type Price @key(fields: "tenant sku") @keyspace(name: "prices", key: "{tenant}/{sku}", one: "price", many: "prices") {
        tenant: ID!
        sku: String!
        price: Int
      }`,
    )
    const answer = await cache.graphql(`{
      price(tenant: "a/b", sku: "c") { tenant sku price }
      prices(keys: [{ tenant: "a", sku: "b/c" }, { tenant: "北", sku: " " }]) { tenant sku price }
    }`)
    expect(answer).toEqual({
      data: {
        price: { tenant: 'a/b', sku: 'c', price: 1 },
        prices: [
          { tenant: 'a', sku: 'b/c', price: 2 },
          { tenant: '北', sku: ' ', price: 3 },
        ],
      },
    })
  })

  it('fail one by one', async () => {
    const source = stored({ 1: { name: 'Shanghai' }, 2: new Error('secret reason') })
    cache = typedCache({ cities: { source }, countries: {} }, atlas)
    const answer = await cache.graphql('{ cities(ids: ["1", "2", "3", ""]) { name } }')
    expect(answer.data).toEqual({ cities: [{ name: 'Shanghai' }, null, null, null] })
    expect(pathsOf(answer).toSorted()).toEqual(['cities.1', 'cities.3'])
    expect(new Set(codesOf(answer))).toEqual(new Set(['BAD_USER_INPUT', 'SOURCE_FAILED']))
    expect(JSON.stringify(answer)).not.toContain('secret')
  })

  it('refuse more keys than they may', async () => {
    cache = typedCache({ cities: { source: stored({}) }, countries: {} }, atlas, { maxRepresentations: 2 })
    const answer = await cache.graphql('{ cities(ids: ["1", "2", "3"]) { name } }')
    expect(codesOf(answer)).toEqual(['TOO_MANY_KEYS'])
  })
})

describe('@entry', () => {
  it('is followed in bulk: one load a keyspace and level', async () => {
    const cities = stored({
      1: { name: 'Shanghai', country: 'CN', twinIds: [2, 3] },
      2: { name: 'Beijing', country: 'CN', twinIds: ['3'] },
      3: { name: 'Paris', country: 'FR', twinIds: [] },
    })
    const source = stored(countries)
    cache = typedCache({ cities: { source: cities }, countries: { source } }, atlas)
    const answer = await cache.graphql(
      '{ cities(ids: ["1", "2"]) { name country { code name } twins { name country { name } } } }',
    )
    const china = { code: 'CN', name: 'China' }
    const twin = (name: string, country: string) => ({ name, country: { name: country } })
    expect(answer).toEqual({
      data: {
        cities: [
          { name: 'Shanghai', country: china, twins: [twin('Beijing', 'China'), twin('Paris', 'France')] },
          { name: 'Beijing', country: china, twins: [twin('Paris', 'France')] },
        ],
      },
    })
    expect(cities.calls).toEqual([['1', '2'], ['3']])
    expect(source.calls).toEqual([['CN'], ['FR']])
  })

  it('reads templates and paths over the stored value, in the keyspace that it names', async () => {
    const offers = stored({ 1: { shop: 'a b', items: [{ sku: 'x' }, { sku: 'y/z' }], main: { sku: 'x' } } })
    const source = stored({ 'a%20b/x': { price: 1 }, 'a%20b/y%2Fz': { price: 2 } })
    cache = typedCache(
      { offers: { source: offers }, products: {}, listed: { source } },
      `type Offer @key(fields: "id") @keyspace(name: "offers", one: "offer") {
        id: ID!
        products: [Product] @entry(key: "{shop}/{items.sku}", keyspace: "listed")
        main: Product @entry(key: "{shop}/{main.sku}", keyspace: "listed")
      }
      type Product
        @key(fields: "id") @keyspace(name: "products")
        @key(fields: "shop sku") @keyspace(name: "listed", key: "{shop}/{sku}")
      { id: ID shop: String sku: String price: Int }`,
    )
    const answer = await cache.graphql('{ offer(id: 1) { products { shop sku price } main { price } } }')
    const products = [
      { shop: 'a b', sku: 'x', price: 1 },
      { shop: 'a b', sku: 'y/z', price: 2 },
    ]
    expect(answer).toEqual({ data: { offer: { products, main: { price: 1 } } } })
  })

  it('gives entities of other subgraphs by their key alone', async () => {
    const source = stored({ 1: { authorId: 7, reviewers: ['8', 9], tenant: 'a b', team: 'c/d' } })
    cache = typedCache(
      { posts: { source } },
      `type Post @key(fields: "id") @keyspace(name: "posts", one: "post") {
        id: ID!
        author: User @entry(key: "authorId")
        reviewers: [User!] @entry(key: "reviewers")
        team: Team @entry(key: "{tenant}/{team}")
        mail: Mail @entry(key: "user-{authorId}@{team}")
        nobody: User @entry(key: "nobodyId")
      }
      type User @key(fields: "id", resolvable: false) { id: ID! }
      type Team @key(fields: "tenant id", resolvable: false) { tenant: ID! id: ID! }
      type Mail @key(fields: "address", resolvable: false) { address: ID! }`,
    )
    const answer = await cache.graphql(
      '{ post(id: 1) { author { __typename id } reviewers { id } team { tenant id } mail { address } nobody { id } } }',
    )
    expect(answer).toEqual({
      data: {
        post: {
          author: { __typename: 'User', id: '7' },
          reviewers: [{ id: '8' }, { id: '9' }],
          team: { tenant: 'a b', id: 'c/d' },
          mail: { address: 'user-7@c/d' },
          nobody: null,
        },
      },
    })
  })

  it('tells of stored values that hold no key, each on its field', async () => {
    const cities = stored({
      1: { name: 'a', country: { code: 'CN' }, twinIds: 'b' },
      2: { name: 'b', country: ['CN'], twinIds: ['1', { id: 1 }] },
      3: { name: 'c', country: 'XX', twinIds: ['9'] },
    })
    cache = typedCache({ cities: { source: cities }, countries: { source: stored(countries) } }, atlas)
    const answer = await cache.graphql('{ cities(ids: ["1", "2", "3"]) { name country { name } twins { name } } }')
    expect(answer.data.cities).toEqual([
      { name: 'a', country: null, twins: null },
      { name: 'b', country: null, twins: null },
      { name: 'c', country: null, twins: null },
    ])
    expect(pathsOf(answer).toSorted()).toEqual([
      'cities.0.country',
      'cities.0.twins',
      'cities.1.country',
      'cities.1.twins.1',
      'cities.2.twins.0',
    ])
    expect(new Set(codesOf(answer))).toEqual(new Set(['INVALID_VALUE']))
  })
})

describe('stored values', () => {
  const things = `
    type Thing @key(fields: "id") @keyspace(name: "things", one: "thing", many: "things") {
      id: ID!
      count: Int
      name: String!
      colour: Colour
      sizes: [Int!]
      at: DateTime
      every: Duration
      data: Base64Bytes
      any: JSON
      inner: Inner
    }
    type Inner { count: Int! }
    enum Colour { RED GREEN }
  `
  const one = async (value: unknown, selection: string): Promise<Answer> => {
    cache = typedCache({ things: { source: stored({ 1: value }) } }, things)
    return cache.graphql(`{ thing(id: 1) { ${selection} } }`)
  }

  it('are given as their types say', async () => {
    const value = {
      count: 3,
      name: 'a',
      colour: 'GREEN',
      sizes: [1, 2],
      at: '2030-01-31T12:00:00Z',
      every: '90s',
      data: 'aGVsbG8=',
      any: { deep: [null] },
      inner: { count: 1 },
    }
    const answer = await one(value, 'count name colour sizes at every data any inner { count }')
    expect(answer).toEqual({ data: { thing: { ...value, at: '2030-01-31T12:00:00.000Z' } } })
  })

  it.each([
    ['count', { count: 1.5 }, 'thing.count', null],
    ['count', { count: 'many' }, 'thing.count', null],
    ['colour', { colour: 'BLUE' }, 'thing.colour', null],
    ['at', { at: 'yesterday' }, 'thing.at', null],
    ['every', { every: 5 }, 'thing.every', null],
    ['sizes', { sizes: 1 }, 'thing.sizes', null],
    ['sizes', { sizes: [1, 'x'] }, 'thing.sizes.1', null],
    ['sizes', { sizes: [1, null] }, 'thing.sizes.1', null],
    ['inner { count }', { inner: 1 }, 'thing.inner', null],
    ['inner { count }', { inner: {} }, 'thing.inner.count', null],
  ])('are an error on the field where they are not: %s of %j', async (selection, value, path, expected) => {
    const answer = await one(value, selection)
    expect(answer.data.thing).toEqual({ [selection.split(' ')[0]!]: expected })
    expect(pathsOf(answer)).toEqual([path])
    expect(codesOf(answer)).toEqual(['INVALID_VALUE'])
    expect(answer.errors?.[0]?.message).toMatch(/^The stored (Thing|Inner)\./)
  })

  it('without what is required fail what holds them', async () => {
    const answer = await one({}, 'name')
    expect(answer.data).toEqual({ thing: null })
    expect(answer.errors?.[0]).toMatchObject({
      message: 'The stored Thing.name has no value, and its type String! needs one.',
      path: ['thing', 'name'],
      extensions: { code: 'INVALID_VALUE' },
    })
  })

  it('that are no objects have no fields', async () => {
    const answer = await one([1], 'count')
    expect(answer.data).toEqual({ thing: null })
    expect(answer.errors?.[0]?.message).toBe(
      'The value of "1" in the keyspace "things" is no object, so it has no fields.',
    )
  })

  it('have no fields but their own', async () => {
    cache = typedCache(
      { things: { source: stored({ 1: { a: 1 } }) } },
      `type Thing @key(fields: "id") @keyspace(name: "things", one: "thing") { id: ID! toString: String constructor: String }`,
    )
    const answer = await cache.graphql('{ thing(id: 1) { toString constructor } }')
    expect(answer).toEqual({ data: { thing: { toString: null, constructor: null } } })
  })
})
