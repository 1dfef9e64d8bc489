import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  entityTypeOf,
  subgraphSource,
  type SubgraphSourceOptions,
} from '../../../../src/adapters/source/subgraph-source.ts'
import { sourceEntry } from '../../../../src/ports/index.ts'
import { loadAll, loadContext, problemsOf } from '../../../support/load-context.ts'
import { type SubgraphOrigin, subgraphOrigin } from '../../../support/subgraph-origin.ts'

let origin: SubgraphOrigin

beforeEach(async () => {
  origin = await subgraphOrigin()
  for (const id of ['a', 'b', 'priceless']) origin.values.set(id, `value of ${id}`)
})

afterEach(async () => {
  await origin.close()
})

const entities = (options: Partial<SubgraphSourceOptions> = {}) =>
  subgraphSource({
    url: origin.url,
    typename: 'Product',
    fields: 'id value price',
    ...options,
  } as SubgraphSourceOptions)

const product = (id: string) => ({ id, value: `value of ${id}`, price: 1 })

describe('entities', () => {
  it('come in one request, each failing alone, with what failed in part not kept', async () => {
    origin.failing.add('broken')
    const answers = await loadAll(entities(), ['a', 'none', 'broken', 'priceless', 'b'])
    expect(answers).toEqual([product('a'), null, expect.any(Error), expect.any(Error), product('b')])
    expect(String(answers[2])).toBe('Error: the subgraph answered with an error: no product broken today')
    expect(String(answers[3])).toBe('Error: the subgraph answered with an error: no price')
    const reference = (id: string) => ({ __typename: 'Product', id })
    expect(origin.variables).toEqual([{ representations: ['a', 'none', 'broken', 'priceless', 'b'].map(reference) }])
  })

  it('are known by what `representation` makes of their keys; keys that it refuses fail alone', async () => {
    const source = entities({
      representation: (key) => {
        if (!key.startsWith('key of ')) throw new Error(`no such key: ${key}`)
        return { id: key.slice(7) }
      },
    })
    const answers = await loadAll(source, ['key of a', 'nonsense', 'key of b'])
    expect(answers).toEqual([product('a'), new Error('no such key: nonsense'), product('b')])
    expect(await loadAll(source, ['nonsense'])).toEqual([new Error('no such key: nonsense')])
    expect(origin.requests).toHaveLength(1)
  })

  it('are asked for with the headers and credentials that were given', async () => {
    const url = new URL(origin.url)
    url.username = 'me'
    url.password = 'secret'
    await loadAll(entities({ url: url.href, headers: () => ({ 'x-tenant': 'blue' }) }), ['a'])
    expect(origin.requests[0]?.headers).toMatchObject({
      'x-tenant': 'blue',
      authorization: `Basic ${Buffer.from('me:secret').toString('base64')}`,
    })
  })

  it('that are no entities, or whose server fails, fail the load', async () => {
    await expect(loadAll(entities({ typename: 'Nobody' }), ['a'])).rejects.toThrow(
      'the subgraph answered with an error: The _entities resolver tried to load an entity for type "Nobody"',
    )
    await origin.close()
    await expect(loadAll(entities(), ['a'])).rejects.toThrow('got no response')
    origin = await subgraphOrigin()
  })

  it('stop loading when nobody waits', async () => {
    const abort = new AbortController()
    abort.abort(new Error('nobody waits'))
    await expect(loadAll(entities(), ['a'], loadContext(abort.signal))).rejects.toThrow('nobody waits')
  })
})

describe('lists', () => {
  const sorted = 'query ($keys: [ID!]!) { sorted(ids: $keys) { id value price } }'

  it('come in any order where `keyOf` tells which is which', async () => {
    const keyOf = (element: unknown) => (element as { id: string }).id
    const source = subgraphSource({ url: origin.url, query: sorted, field: 'sorted', keyOf })
    expect(await loadAll(source, ['b', 'none', 'a'])).toEqual([product('b'), null, product('a')])
    // Which of them failed cannot be told.
    await expect(loadAll(source, ['b', 'priceless'])).rejects.toThrow('no price')
  })

  it('must hold as many as were asked for otherwise', async () => {
    const source = subgraphSource({ url: origin.url, query: sorted, field: 'sorted' })
    await expect(loadAll(source, ['b', 'none', 'a'])).rejects.toThrow('2 elements for 3 keys')
  })

  it('that are none, or fail as a whole, fail the load', async () => {
    const failing = subgraphSource({ url: origin.url, query: '{ failing { id } }', field: 'failing' })
    await expect(loadAll(failing, ['a'])).rejects.toThrow('everything failed')
    const none = subgraphSource({ url: origin.url, query: '{ __typename }', field: '__typename' })
    await expect(loadAll(none, ['a'])).rejects.toThrow('without a list in __typename')
  })

  it('take variables of any name', async () => {
    const query = 'query ($these: [ID!]!) { products(ids: $these) { id value price } }'
    const source = subgraphSource({ url: origin.url, query, field: 'products', variables: (these) => ({ these }) })
    expect(await loadAll(source, ['a'])).toEqual([product('a')])
  })
})

describe('originTtl', () => {
  it.each([
    ['max-age=60', undefined, 60_000],
    ['private, max-age=60, s-maxage=30', undefined, 30_000],
    ['max-age=60', '45', 15_000],
    ['max-age=60', '90', 1],
    ['max-age=60', 'nonsense', 60_000],
    ['no-store', undefined, 1],
    ['no-cache, max-age=60', undefined, 1],
  ])('follows %s with the age %s', async (control, age, ttlMs) => {
    origin.headers['cache-control'] = control
    if (age !== undefined) origin.headers['age'] = age
    const answers = await loadAll(entities({ originTtl: true }), ['a', 'none'])
    expect(answers).toEqual([sourceEntry(product('a'), { ttlMs }), null])
  })

  it('says nothing where the origin does not, or it was not asked for', async () => {
    expect(await loadAll(entities({ originTtl: true }), ['a'])).toEqual([product('a')])
    origin.headers['cache-control'] = 'public'
    expect(await loadAll(entities({ originTtl: true }), ['a'])).toEqual([product('a')])
    origin.headers['cache-control'] = 'max-age=60'
    expect(await loadAll(entities(), ['a'])).toEqual([product('a')])
  })
})

describe('options', () => {
  const url = 'http://localhost/graphql'

  it.each<[string, object, readonly string[]]>([
    ['both', { url, typename: 'A', fields: 'a', query: '{ a }', field: 'a' }, ['typename']],
    ['neither', { url }, ['typename']],
    ['no type', { url, typename: 'A b', fields: '' }, ['typename', 'fields']],
    ['no field', { url, query: '{ a }' }, ['field']],
    [
      'wrong types',
      { url, query: '{ a }', field: 'a', keyOf: 1, variables: 1, originTtl: 1 },
      ['variables', 'keyOf', 'originTtl'],
    ],
    ['no url', { typename: 'A', fields: 'a' }, ['url']],
    ['no http', { url: 'ftp://localhost', typename: 'A', fields: 'a' }, ['url']],
    ['a type that is null', { url, typename: null, fields: 'a' }, ['typename']],
    ['half a selection', { url, typename: 'A', fields: 'title {' }, ['fields']],
    ['more than a selection', { url, typename: 'A', fields: 'a } fragment B on A { b' }, ['fields']],
    ['half a query', { url, query: 'query ($keys: [ID!]!) { a(', field: 'a' }, ['query']],
    ['two queries', { url, query: 'query A { a } query B { b }', field: 'a' }, ['query']],
    ['no query', { url, query: 'fragment A on B { c }', field: 'a' }, ['query']],
    [
      'all that is wrong, at once',
      { typename: 'A b', fields: '{', name: '', headers: { 'a b': '' }, timeoutMs: 0, concurrency: 0 },
      ['typename', 'fields', 'url', 'name', 'timeoutMs', 'concurrency', 'headers'],
    ],
  ])('are refused: %s', (_name, options, paths) => {
    expect(problemsOf(() => subgraphSource(options as SubgraphSourceOptions))).toEqual(paths)
  })

  it('may have fragments', () => {
    const query = 'query ($keys: [ID!]!) { a(ids: $keys) { ...A } } fragment A on B { c }'
    expect(problemsOf(() => subgraphSource({ url, query, field: 'a' }))).toEqual([])
    expect(problemsOf(() => subgraphSource({ url, typename: 'A', fields: 'a { ... on B { c } }' }))).toEqual([])
  })

  it('tell which type a source is of, even in a source made of it', () => {
    const source = subgraphSource({ url, typename: 'Product', fields: 'id' })
    expect(entityTypeOf({ ...source, start: () => Promise.resolve() })).toBe('Product')
    expect(entityTypeOf(subgraphSource({ url, query: '{ a }', field: 'a' }))).toBeUndefined()
    expect(entityTypeOf(undefined)).toBeUndefined()
  })
})
