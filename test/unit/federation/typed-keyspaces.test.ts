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

  it('take every scalar and enum as part of a key, and give it back as its type says', async () => {
    const source = recordingSource((keys) => keys.map(() => ({})))
    const fields = 'flag: Boolean! count: Int! share: Float! colour: Colour! own: Own!'
    cache = typedCache(
      { flags: { source }, things: { source } },
      `type Flag @key(fields: "flag") @keyspace(name: "flags", one: "flag", many: "flags") { flag: Boolean! }
      type Thing
        @key(fields: "flag count share colour own")
        @keyspace(name: "things", key: "{count}/{flag}/{share}/{colour}/{own}", one: "thing")
      { ${fields} }
      enum Colour { RED }
      scalar Own`,
    )
    const key = { flag: false, count: -7, share: 0.5, colour: 'RED', own: 'a b' }
    const answer = await cache.graphql(
      `query ($representations: [_Any!]!) {
        flag(flag: true) { flag }
        flags(flags: [false]) { flag }
        thing(flag: false, count: -7, share: 0.5, colour: RED, own: "a b") { ...Key }
        _entities(representations: $representations) { ...Key }
      }
      fragment Key on Thing { flag count share colour own }`,
      { representations: [{ __typename: 'Thing', ...key }] },
    )
    expect(answer).toEqual({ data: { flag: { flag: true }, flags: [{ flag: false }], thing: key, _entities: [key] } })
    expect(source.calls.flat().toSorted()).toEqual(['-7/false/0.5/RED/a%20b', 'false', 'true'])
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
