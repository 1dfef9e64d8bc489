import { afterEach, expect, test } from 'vitest'
import { createFedcache, type Fedcache, functionSource } from '../../src/index.ts'
import { type Answer, codesOf, post } from '../support/served-cache.ts'

let fedcache: Fedcache
const asked: string[] = []

function tenants(): Fedcache {
  asked.length = 0
  const tenantOf = ({ claims }: { claims?: Readonly<Record<string, unknown>> }) => claims?.['tenant'] as string
  return createFedcache({
    memoryLimit: '16mb',
    log: { level: 'silent' },
    auth: {
      tokens: [
        { token: 'of-acme', scopes: ['read:*', 'write:*'], claims: { tenant: 'acme' } },
        { token: 'of-umbrella', scopes: ['read:*', 'write:*'], claims: { tenant: 'umbrella' } },
        { token: 'of-slash', scopes: ['read:*', 'write:*', 'admin'], claims: { tenant: 'acme/x' } },
        { token: 'of-nobody', scopes: ['*'] },
        { token: 'of-empty', scopes: ['*'], claims: { tenant: '' } },
        { token: 'of-broken', scopes: ['*'], claims: { tenant: '\ud800' } },
      ],
    },
    keyspaces: {
      notes: { partition: tenantOf },
      orders: {
        partition: tenantOf,
        source: functionSource({
          name: 'orders',
          loadMany: (keys) => {
            asked.push(...keys)
            return keys.map((key) => ({ id: key }))
          },
        }),
      },
      shared: {},
    },
    subgraph: { typeDefs: 'type Order @key(fields: "id") @keyspace(name: "orders", many: "orders") { id: ID! }' },
  })
}

afterEach(() => fedcache.stop())

async function as(tenant: string, query: string): Promise<Answer> {
  const response = await fedcache.fetch(post({ query }, { authorization: `Bearer of-${tenant}` }))
  return (await response.json()) as Answer
}

const put = (key: string, value: string, tags = '[]') =>
  `mutation { putEntry(input: { keyspace: "notes", key: "${key}", value: "${value}", tags: ${tags} }) { entry { id key value tags } } }`
const read = (key: string) => `{ entry(keyspace: "notes", key: "${key}") { id key value tags } }`
const idOf = (keyspace: string, key: string) => Buffer.from(JSON.stringify([keyspace, key])).toString('base64url')

test('tenants with the same key have an entry each, under their own name for it', async () => {
  fedcache = tenants()
  const entry = (value: string) => ({ id: idOf('notes', 'a'), key: 'a', value, tags: ['t'] })
  expect((await as('acme', put('a', 'one', '["t"]'))).data.putEntry.entry).toStrictEqual(entry('one'))
  expect((await as('umbrella', put('a', 'two', '["t"]'))).data.putEntry.entry).toStrictEqual(entry('two'))
  expect((await as('acme', read('a'))).data.entry).toStrictEqual(entry('one'))
  expect((await as('umbrella', read('a'))).data.entry).toStrictEqual(entry('two'))
  expect((await fedcache.engine.get('notes', 'acme/a'))?.value).toBe('one')
})

test.each(['umbrella/a', '../umbrella/a', '/umbrella/a', 'umbrella%2Fa', '%2e%2e/umbrella/a', 'x/umbrella/a'])(
  'no key names an entry of another tenant: %s',
  async (key) => {
    fedcache = tenants()
    await as('umbrella', put('a', 'theirs'))
    await as('umbrella', put('x/umbrella/a', 'theirs'))
    expect((await as('acme', read(key))).data.entry).toBeNull()
    await as('acme', `mutation { deleteEntry(input: { keyspace: "notes", key: "${key}" }) { key } }`)
    await as('acme', put(key, 'mine'))
    expect((await as('umbrella', read('a'))).data.entry.value).toBe('theirs')
    const reference = `{ __typename: "Entry", id: "${idOf('notes', key)}" }`
    const found = await as('acme', `{ _entities(representations: [${reference}]) { ... on Entry { value } } }`)
    expect(found.data._entities).toStrictEqual([{ value: 'mine' }])
  },
)

test('a tenant whose name has a slash is not a part of another', async () => {
  fedcache = tenants()
  await as('slash', put('a', 'theirs'))
  expect((await as('acme', read('x/a'))).data.entry).toBeNull()
  expect((await as('slash', read('a'))).data.entry.value).toBe('theirs')
})

test('many keys keep their order, and the source is asked under the names of the engine', async () => {
  fedcache = tenants()
  const answer = await as('acme', '{ entries(keyspace: "orders", keys: ["2", "1", "2"]) { key value } }')
  expect(answer.data.entries).toStrictEqual([
    { key: '2', value: { id: 'acme/2' } },
    { key: '1', value: { id: 'acme/1' } },
    { key: '2', value: { id: 'acme/2' } },
  ])
  expect(asked.toSorted()).toStrictEqual(['acme/1', 'acme/2'])
})

test('a list of typed entities is of the own entries, from the source and from memory', async () => {
  fedcache = tenants()
  const query = '{ orders(ids: ["1", "2", "1"]) { id } }'
  for (const tenant of ['acme', 'umbrella', 'acme', 'umbrella']) {
    const ids = ['1', '2', '1'].map((id) => ({ id: `${tenant}/${id}` }))
    expect((await as(tenant, query)).data.orders).toStrictEqual(ids)
  }
  expect(asked).toStrictEqual(['acme/1', 'acme/2', 'umbrella/1', 'umbrella/2'])
  const found = await as('acme', '{ orders(ids: ["umbrella/1"]) { id } }')
  expect(found.data.orders).toStrictEqual([{ id: 'acme/umbrella/1' }])
})

test('invalidating a tag leaves the entries of others alone', async () => {
  fedcache = tenants()
  await as('acme', put('a', 'one', '["t"]'))
  await as('umbrella', put('a', 'two', '["t"]'))
  await as('acme', 'mutation { invalidateTags(input: { keyspace: "notes", tags: ["t"] }) { tags } }')
  expect((await as('acme', read('a'))).data.entry).toBeNull()
  expect((await as('umbrella', read('a'))).data.entry.value).toBe('two')
})

test('a subscription tells of the own entries only, under the own names', async () => {
  fedcache = tenants()
  for (const keys of ['', ', keys: ["a"]']) {
    const query = `subscription { entryChanges(keyspace: "notes"${keys}) { key kind } }`
    const response = await fedcache.fetch(
      post({ query }, { authorization: 'Bearer of-acme', accept: 'text/event-stream' }),
    )
    await as('umbrella', put('a', 'theirs'))
    await as('acme', put('a', 'mine'))
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    while (!text.includes('data: {')) text += (await reader.read()).value ?? ''
    expect(JSON.parse(/data: (\{.*\})/.exec(text)![1]!)).toStrictEqual({
      data: { entryChanges: { key: 'a', kind: 'PUT' } },
    })
    expect(text).not.toContain('umbrella')
    await reader.cancel()
  }
})

test.each(['nobody', 'empty', 'broken'])('who has no partition is refused: %s', async (tenant) => {
  fedcache = tenants()
  expect(codesOf(await as(tenant, read('a')))).toStrictEqual(['FORBIDDEN'])
  expect(codesOf(await as(tenant, put('a', 'x')))).toStrictEqual(['FORBIDDEN'])
  expect(codesOf(await as(tenant, '{ entry(keyspace: "shared", key: "a") { key } }'))).toStrictEqual([])
})

test('a keyspace that was deleted and made anew is still partitioned', async () => {
  fedcache = tenants()
  await as('slash', 'mutation { deleteKeyspace(input: { name: "notes" }) { name } }')
  await as('slash', 'mutation { createKeyspace(input: { name: "notes" }) { keyspace { name } } }')
  await as('umbrella', put('a', 'theirs'))
  expect((await as('acme', read('umbrella/a'))).data.entry).toBeNull()
})

test('no shared cache may keep a part, even where the keyspace is made public while it runs', async () => {
  fedcache = tenants()
  const change =
    'mutation { updateKeyspace(input: { name: "orders", cacheScope: PUBLIC }) { keyspace { cacheScope } } }'
  expect((await as('nobody', change)).data.updateKeyspace.keyspace.cacheScope).toBe('PUBLIC')
  const query = '{ entry(keyspace: "orders", key: "1") { value } }'
  const response = await fedcache.fetch(post({ query }, { authorization: 'Bearer of-acme' }))
  expect(response.headers.get('cache-control')).toMatch(/^private, max-age=\d+$/)
})
