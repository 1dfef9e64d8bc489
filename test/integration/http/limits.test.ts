import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { getIntrospectionQuery } from 'graphql'
import { createClient } from 'graphql-ws'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type Config, createFedcache, type Fedcache, type HttpConfig } from '../../../src/index.ts'
import { type Answer, codesOf } from '../../support/served-cache.ts'

let fedcache: Fedcache
let url = ''

async function serve(http: HttpConfig = {}, config: Config = {}): Promise<void> {
  const plain = { port: 0, memoryLimit: '16mb', log: { level: 'silent' }, keyspaces: { things: {} } } as const
  fedcache = createFedcache({ ...plain, ...config, http })
  ;({ url } = await fedcache.listen())
}

afterEach(() => fedcache.stop())

async function send(body: object): Promise<Answer & { readonly status: number }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, ...((await response.json()) as Answer) }
}

const nested = (depth: number) =>
  `{ __schema { ${'types { fields { type { '.repeat(depth)} name ${'} } } '.repeat(depth)} } }`
const aliased = (count: number) =>
  `{ ${Array.from({ length: count }, (_, index) => `a${index}: __typename`).join(' ')} }`
const bomb = (levels: number) =>
  `query { ...f0 } ${Array.from({ length: levels }, (_, n) => `fragment f${n} on Query { ...f${n + 1} ...f${n + 1} }`).join(' ')} fragment f${levels} on Query { __typename }`

describe('an operation that is too large is refused, by every way in, and at once', () => {
  beforeEach(() => serve())
  test.each([
    ['deep', nested(12), 'nested deeper than 30'],
    ['many aliases', aliased(5001), 'more aliases than 5000'],
    ['fragments that spread each other', bomb(40), 'more fields than 10000'],
  ])('%s', async (_what, query, message) => {
    const startedMs = performance.now()
    const outcomes = [await send({ query }), await send({ query }), await overWebSocket(query)]
    for (const outcome of outcomes) {
      expect(new Set(codesOf(outcome))).toStrictEqual(new Set(['GRAPHQL_VALIDATION_FAILED']))
      expect(outcome.errors?.[0]?.message).toContain(message)
    }
    expect(performance.now() - startedMs).toBeLessThan(3000)
  })

  test('one that is just small enough is not', async () => {
    expect(codesOf(await send({ query: aliased(5000) }))).toStrictEqual([])
    expect(codesOf(await send({ query: getIntrospectionQuery() }))).toStrictEqual([])
  })
})

test('the schema is not told where introspection is off', async () => {
  await serve({ introspection: false, graphiql: false })
  for (const query of ['{ __schema { queryType { name } } }', '{ __type(name: "Query") { name } }']) {
    expect(codesOf(await send({ query }))).toContain('GRAPHQL_VALIDATION_FAILED')
  }
  expect(codesOf(await send({ query: '{ __typename }' }))).toStrictEqual([])
  expect((await fetch(url, { headers: { accept: 'text/html' } })).headers.get('content-type') ?? '').not.toContain(
    'html',
  )
})

describe('what is too much', () => {
  const typeDefs = 'type Thing @key(fields: "id") @keyspace(name: "things", many: "things") { id: ID! body: String }'
  const keys = (count: number) => Array.from({ length: count }, (_, index) => `"k${index}"`).join(' ')
  const things = (count: number) =>
    Array.from({ length: count }, (_, index) => `{ __typename: "Thing", id: "${index}" }`).join(' ')

  /** The codes of an operation's errors by every way in. */
  async function everyWay(query: string): Promise<readonly unknown[]> {
    const general = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json;charset=UTF-8' },
      body: JSON.stringify({ query }),
    })
    const got = await fetch(`${url}?query=${encodeURIComponent(query)}`, { headers: { accept: 'application/json' } })
    const answers = [await send({ query }), (await general.json()) as Answer, (await got.json()) as Answer]
    return [...answers, await overWebSocket(query)].map((answer) => codesOf(answer)[0])
  }

  beforeEach(() =>
    serve(
      { maxDocumentTokens: 1000, responseLimit: '200kb' },
      { maxKeysPerCall: 10, maxKeyBytes: '100b', subgraph: { typeDefs, maxRepresentations: 20 } },
    ),
  )

  test.each([
    ['keys in one call', `{ entries(keyspace: "things", keys: [${keys(11)}]) { key } }`, 'TOO_MANY_KEYS'],
    ['entities', `{ _entities(representations: [${things(21)}]) { __typename } }`, 'TOO_MANY_KEYS'],
    ['values of a typed field', `{ things(ids: [${keys(21)}]) { id } }`, 'TOO_MANY_KEYS'],
    ['bytes of a key', `{ entry(keyspace: "things", key: "${'k'.repeat(101)}") { key } }`, 'BAD_USER_INPUT'],
    ['tokens', `{ ${'__typename '.repeat(1000)} }`, 'GRAPHQL_PARSE_FAILED'],
  ])('%s', async (_what, query, code) => {
    expect(await everyWay(query)).toStrictEqual([code, code, code, code])
  })

  test('bytes of an answer: the keys beyond it fail alone', async () => {
    for (const key of ['k0', 'k1', 'k2']) await fedcache.engine.put('things', { key, value: 'x'.repeat(90_000) })
    const query = `{ entries(keyspace: "things", keys: [${keys(3)}]) { key value } }`
    expect(new Set(await everyWay(query))).toStrictEqual(new Set(['VALUE_TOO_LARGE']))
    const { data } = await send({ query })
    expect((data.entries as ({ key: string } | null)[]).filter((entry) => entry !== null)).toHaveLength(2)
  })

  test('bytes of an answer, however the values come into it: the fields beyond it fail alone', async () => {
    const put = (key: string) => fedcache.engine.put('things', { key, value: { id: key, body: 'x'.repeat(90_000) } })
    await Promise.all(['k0', 'k1', 'k2'].map(put))
    const queries = [
      '{ a: entry(keyspace: "things", key: "k0") { value } b: entry(keyspace: "things", key: "k1") { value } c: entry(keyspace: "things", key: "k2") { value } }',
      '{ entry(keyspace: "things", key: "k0") { a: value b: text c: value } }',
      '{ entry(keyspace: "things", key: "k0") { a: bytes b: bytes c: bytes } }',
      '{ a: entries(keyspace: "things", keys: ["k0", "k1"]) { value } b: entries(keyspace: "things", keys: ["k2"]) { value } }',
      '{ things(ids: ["k0"]) { a: body b: body c: body } }',
      '{ things(ids: ["k0", "k1", "k2"]) { body } }',
    ]
    for (const query of queries) {
      const { data, errors } = await send({ query })
      expect(errors).toHaveLength(1)
      expect(new Set(await everyWay(query))).toStrictEqual(new Set(['VALUE_TOO_LARGE']))
      const shown = JSON.stringify(data)
      expect(shown.length).toBeGreaterThan(180_000)
      expect(shown.length).toBeLessThan(260_000)
    }
  })

  test('bytes of a body, by HTTP and WebSocket', async () => {
    await fedcache.stop()
    await serve({ bodyLimit: '1kb' })
    const query = `{ __typename } # ${'x'.repeat(2000)}`
    expect((await send({ query })).status).toBe(413)
    const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws')
    await once(socket, 'open')
    socket.send(JSON.stringify({ type: 'ping', payload: { query } }))
    expect((await once(socket, 'close'))[0]).toBe(1009)
  })

  test('bytes of a head', async () => {
    const response = await fetch(url, { headers: { 'x-much': 'x'.repeat(17_000) } })
    expect(response.status).toBe(431)
  })
})

describe('trusted documents', () => {
  const known = 'query Read($key: String!) { entry(keyspace: "things", key: $key) { value } }'
  const hash = createHash('sha256').update(known).digest('hex')
  const variables = { key: 'a' }
  const found = { entry: { value: 7 } }

  test.each([false, true])('are executed by id, over POST and GET; others too unless only: %s', async (only) => {
    await serve({ trustedDocuments: { documents: [known], only } })
    await fedcache.engine.put('things', { key: 'a', value: 7 })
    const persistedQuery = { version: 1, sha256Hash: hash }
    for (const body of [{ documentId: `sha256:${hash}` }, { extensions: { persistedQuery } }, { query: known }]) {
      expect((await send({ ...body, variables })).data).toStrictEqual(found)
    }
    const ways: Record<string, string>[] = [
      { documentId: `sha256:${hash}` },
      { extensions: JSON.stringify({ persistedQuery }) },
    ]
    for (const parameters of ways) {
      const search = new URLSearchParams({ ...parameters, variables: JSON.stringify(variables) })
      const response = await fetch(`${url}?${search.toString()}`, { headers: { accept: 'application/json' } })
      expect(((await response.json()) as Answer).data).toStrictEqual(found)
    }
    expect(codesOf(await send({ documentId: 'sha256:00' }))).toStrictEqual(['PERSISTED_QUERY_NOT_FOUND'])
    for (const other of ['{ __typename }', `${known} `, '{ keyspaces { name } }', '{']) {
      const codes = [codesOf(await send({ query: other, variables })), codesOf(await overWebSocket(other))]
      for (const code of codes) expect(code.includes('FORBIDDEN')).toBe(only)
    }
  })
})

function overWebSocket(query: string): Promise<Answer> {
  const client = createClient({ url: url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 })
  return new Promise<Answer>((resolve, reject) => {
    client.subscribe<unknown>(
      { query },
      {
        next: (answer) => resolve(answer as Answer),
        complete: () => {},
        error: (error) => {
          if (Array.isArray(error)) resolve({ errors: error as NonNullable<Answer['errors']> })
          else reject(error instanceof Error ? error : new Error('closed'))
        },
      },
    )
  }).finally(() => void client.dispose())
}
