import { afterEach, expect, it } from 'vitest'
import { createFedcache, type Fedcache, functionSource, sourceEntry } from 'fedcache'

let fedcache: Fedcache

afterEach(async () => {
  await fedcache.stop()
})

async function ask(query: string, variables: object = {}): Promise<unknown> {
  const response = await fedcache.fetch(
    new Request('http://localhost/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    }),
  )
  const { extensions } = (await response.json()) as { readonly extensions?: unknown }
  return extensions
}

function open(cacheTags: boolean): void {
  const cities = functionSource({
    loadMany: (ids) =>
      Promise.resolve(
        ids.map((id) => {
          if (id === 'broken') return new Error('broken')
          return id === 'none' ? null : sourceEntry({ country: id === '1' ? 'CN' : 'FR' }, { tags: [`tag:${id}`] })
        }),
      ),
  })
  fedcache = createFedcache({
    log: { level: 'silent' },
    keyspaces: {
      cities: { source: cities },
      countries: { source: functionSource({ loadMany: (codes) => Promise.resolve(codes.map((code) => ({ code }))) }) },
    },
    subgraph: {
      cacheTags,
      expose: ['types', 'entries'],
      typeDefs: `
        type City @key(fields: "id") @keyspace(name: "cities", many: "cities") {
          id: ID!
          country: Country @entry(key: "country")
          near: [City!] @entry(key: "near")
        }
        type Country @key(fields: "code") @keyspace(name: "countries") { code: ID! }
      `,
    },
  })
}

const entities = `query ($of: [_Any!]!) {
  _entities(representations: $of) { ... on City { id country { code } } ... on Entry { key } }
}`

it('answers tell the tags of everything that was read', async () => {
  open(true)
  expect(await ask('{ cities(ids: [1, 2]) { id country { code } } }')).toEqual({
    apolloCacheTags: ['cities', 'cities/1', 'tag:1', 'cities/2', 'tag:2', 'countries', 'countries/CN', 'countries/FR'],
  })
  expect(await ask('{ entries(keyspace: "cities", keys: ["1"]) { key } }')).toEqual({
    apolloCacheTags: ['cities', 'cities/1', 'tag:1'],
  })
})

it('answers to gateways tell them for each entity, in order, with what is part of it', async () => {
  open(true)
  const of = [
    { __typename: 'City', id: '2' },
    { __typename: 'City', id: 'none' },
    { __typename: 'Entry', keyspace: 'cities', key: '1' },
    { __typename: 'City', id: '1' },
  ]
  const expected = {
    apolloEntityCacheTags: [
      ['cities', 'cities/2', 'tag:2', 'countries', 'countries/FR'],
      [],
      ['cities', 'cities/1', 'tag:1'],
      ['cities', 'cities/1', 'tag:1', 'countries', 'countries/CN'],
    ],
  }
  expect(await ask(entities, { of })).toEqual(expected)
  // From memory, without waiting for anything.
  expect(await ask(entities, { of })).toEqual(expected)
})

it('answers with errors, and those that nobody asked it of, tell none', async () => {
  open(true)
  expect(await ask(entities, { of: [{ __typename: 'City', id: 'broken' }] })).toBeUndefined()
  expect(await ask('{ cluster { name } }')).toBeUndefined()
  await fedcache.stop()
  open(false)
  expect(await ask('{ cities(ids: [1]) { id } }')).toBeUndefined()
})
