import { afterEach, describe, expect, it } from 'vitest'
import { type Answer, type ServedCache, codesOf, recordingSource } from '../../support/served-cache.ts'
import { typedCache } from '../../support/typed-cache.ts'

let cache: ServedCache

afterEach(async () => {
  await cache.stop()
})

/** A source that has one value, whose key is 1. */
function stored(value: unknown): ReturnType<typeof recordingSource> {
  return recordingSource((keys) => keys.map((key) => (key === '1' ? value : null)))
}

function pathsOf(answer: Answer): readonly string[] {
  return (answer.errors ?? []).map(({ path }) => path?.join('.') ?? '')
}

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
      shape: Shape
      drawn: [Drawn]
    }
    type Inner { count: Int! }
    enum Colour { RED GREEN }
    interface Shape { radius: Int }
    type Circle implements Shape { radius: Int }
    type Square implements Shape { radius: Int }
    type Text { words: String }
    union Drawn = Circle | Text
  `
  const drawing = 'shape { __typename radius } drawn { ... on Circle { __typename radius } ... on Text { words } }'
  const one = async (value: unknown, selection: string): Promise<Answer> => {
    cache = typedCache({ things: { source: stored(value) } }, things)
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

  it('of interfaces and unions say by their `__typename` which type they are', async () => {
    const circle = { __typename: 'Circle', radius: 1 }
    const answer = await one({ shape: circle, drawn: [circle, { __typename: 'Text', words: 'a' }] }, drawing)
    expect(answer).toEqual({ data: { thing: { shape: circle, drawn: [circle, { words: 'a' }] } } })
  })

  it.each([
    [{ radius: 2 }, 'none'],
    [{ __typename: 'Nope' }, '"Nope"'],
    [{ __typename: 'Text' }, '"Text"'],
    [{ __typename: 'Shape' }, '"Shape"'],
    [{ __typename: 5 }, '5'],
  ])('of an interface are an error where they do not: %j', async (shape, received) => {
    const answer = await one({ shape }, 'shape { __typename radius }')
    expect(answer).toEqual({
      data: { thing: { shape: null } },
      errors: [
        expect.objectContaining({
          message: `The stored Thing.shape needs a "__typename" that says which Shape it is, one of Circle, Square; it has ${received}.`,
          path: ['thing', 'shape'],
          extensions: { code: 'INVALID_VALUE' },
        }),
      ],
    })
    expect(cache.logged.filter(({ level }) => level === 'error')).toEqual([])
  })

  it('of a union are an error, each on its own, where they do not, in both lanes', async () => {
    const answer = await one({ drawn: [{ words: 'a' }, { __typename: 'Square' }, { __typename: 'Text' }, 1] }, drawing)
    expect(answer.data.thing.drawn).toEqual([null, null, { words: null }, null])
    expect(pathsOf(answer)).toEqual(['thing.drawn.0', 'thing.drawn.1', 'thing.drawn.3'])
    expect(new Set(codesOf(answer))).toEqual(new Set(['INVALID_VALUE']))
    const { url } = await cache.server.listen()
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ query: `{ thing(id: 1) { ${drawing} } }` })
    const response = await fetch(url, { method: 'POST', headers, body })
    await expect(response.json()).resolves.toEqual(answer)
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
      { things: { source: stored({ a: 1 }) } },
      `type Thing @key(fields: "id") @keyspace(name: "things", one: "thing") { id: ID! toString: String constructor: String }`,
    )
    const answer = await cache.graphql('{ thing(id: 1) { toString constructor } }')
    expect(answer).toEqual({ data: { thing: { toString: null, constructor: null } } })
  })
})
