import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFedcache, type Fedcache } from '../../src/index.ts'
import { type Outcome, type Sent, transports } from '../support/auth-transports.ts'

// Every kind of operation × every sender × every way to send it.

interface Operation {
  readonly query: string
  /** The scopes of which one is needed; none where every known sender may. */
  readonly needs: readonly string[]
  readonly kind: 'query' | 'mutation' | 'subscription'
}

const readCities = ['*', 'read:*', 'read:cities']
const writeCities = ['*', 'write:*', 'write:cities']
const admin = ['*', 'admin']
const peers = 'confirmedBy { id }'

const query = (text: string, needs: readonly string[]): Operation => ({
  query: `query { ${text} }`,
  needs,
  kind: 'query',
})
const mutation = (text: string, needs: readonly string[]): Operation => ({
  query: `mutation { ${text} }`,
  needs,
  kind: 'mutation',
})
const subscription = (text: string, needs: readonly string[]): Operation => ({
  query: `subscription { ${text} }`,
  needs,
  kind: 'subscription',
})

const id = Buffer.from(JSON.stringify(['cities', 'x'])).toString('base64url')
const operations: Readonly<Record<string, Operation>> = {
  entry: query('entry(keyspace: "cities", key: "x") { id value owner { id } }', readCities),
  entries: query('entries(keyspace: "cities", keys: ["x", "y"]) { key value }', readCities),
  '_entities by id': query(
    `_entities(representations: [{ __typename: "Entry", id: "${id}" }]) { ... on Entry { value } }`,
    readCities,
  ),
  '_entities by key': query(
    '_entities(representations: [{ __typename: "Entry", keyspace: "cities", key: "x" }]) { ... on Entry { value } }',
    readCities,
  ),
  'a typed field of one': query('city(id: "typed") { id label }', readCities),
  'a typed field of many': query('cities(ids: ["typed", "none"]) { id label }', readCities),
  '_entities, typed': query(
    '_entities(representations: [{ __typename: "City", id: "typed" }]) { ... on City { label } }',
    readCities,
  ),
  'entry behind an alias, a fragment and a directive': query(
    '... on Query @include(if: true) { a: entry(keyspace: "cities", key: "x") { value } }',
    readCities,
  ),
  keyspace: query('keyspace(name: "cities") { name stats { entries } }', [...readCities, ...writeCities, 'admin']),
  keyspaces: query('keyspaces { name }', []),
  cluster: query('cluster { name peers { id url } }', admin),
  _service: query('_service { sdl }', []),
  __schema: query('__schema { queryType { name } }', []),
  putEntry: mutation(
    `putEntry(input: { keyspace: "cities", key: "p", value: 1 }) { entry { value } ${peers} }`,
    writeCities,
  ),
  putEntries: mutation(
    `putEntries(input: { keyspace: "cities", entries: [{ key: "p", value: 1 }] }) { entries { value } }`,
    writeCities,
  ),
  deleteEntry: mutation('deleteEntry(input: { keyspace: "cities", key: "p" }) { key }', writeCities),
  deleteEntries: mutation('deleteEntries(input: { keyspace: "cities", keys: ["p"] }) { keys }', writeCities),
  invalidateTags: mutation('invalidateTags(input: { keyspace: "cities", tags: ["t"] }) { tags }', writeCities),
  createKeyspace: mutation('createKeyspace(input: { name: "made" }) { keyspace { name } }', admin),
  updateKeyspace: mutation('updateKeyspace(input: { name: "cities", ttl: "1m" }) { keyspace { name } }', admin),
  deleteKeyspace: mutation('deleteKeyspace(input: { name: "made" }) { name }', admin),
  deleteKeyspaces: mutation('deleteKeyspaces(input: { names: ["made"] }) { names }', admin),
  clearKeyspace: mutation('clearKeyspace(input: { name: "cities" }) { keyspace { name } }', admin),
  warmKeyspace: mutation('warmKeyspace(input: { name: "cities", keys: ["x"] }) { loaded }', admin),
  entryChanges: subscription('entryChanges(keyspace: "cities") { key }', readCities),
  'entryChanges of keys': subscription('entryChanges(keyspace: "cities", keys: ["x"]) { key }', readCities),
  clusterEvents: subscription('clusterEvents { reason }', admin),
}

const typeDefs = `
  type City @key(fields: "id") @keyspace(name: "cities", one: "city", many: "cities") {
    id: ID!
    label: String
    other: Other @entry(key: "otherId")
  }
  type Other @key(fields: "id") @keyspace(name: "others", one: "other") {
    id: ID!
    label: String
  }
`

/** Scopes by sender; `undefined` for strangers. */
const senders: Readonly<Record<string, { readonly authorization?: string; readonly scopes?: readonly string[] }>> = {
  nobody: {},
  'somebody with a wrong token': { authorization: 'Bearer guessed' },
  'somebody with other credentials': { authorization: `Basic ${btoa('cities:reader')}` },
  'a reader of cities': { authorization: 'Bearer reads-cities', scopes: ['read:cities'] },
  'a reader of others': {
    authorization: 'Bearer reads-others',
    scopes: ['read:citie', 'read:cities2', 'write:others'],
  },
  'a reader of all': { authorization: 'bearer reads-all', scopes: ['read:*'] },
  'a writer of cities': { authorization: 'Bearer writes-cities', scopes: ['write:cities'] },
  'a writer of all': { authorization: 'Bearer writes-all', scopes: ['write:*'] },
  'an administrator': { authorization: 'Bearer administers', scopes: ['admin'] },
  'a reader of metrics': { authorization: 'Bearer scrapes', scopes: ['metrics'] },
  'somebody who may everything': { authorization: 'Bearer everything', scopes: ['*'] },
}

let fedcache: Fedcache
let url = ''

beforeAll(async () => {
  fedcache = createFedcache({
    port: 0,
    memoryLimit: '16mb',
    log: { level: 'silent' },
    keyspaces: { cities: {}, others: {} },
    subgraph: { typeDefs },
    http: { trustedDocuments: { documents: Object.values(operations).map((operation) => operation.query) } },
    auth: {
      tokens: Object.values(senders).flatMap(({ authorization, scopes }) =>
        scopes === undefined ? [] : [{ token: authorization!.slice(7), scopes }],
      ),
    },
  })
  ;({ url } = await fedcache.listen())
  await fedcache.engine.put('cities', { key: 'x', value: 'secret' })
  await fedcache.engine.put('cities', { key: 'typed', value: { id: 'typed', label: 'secret', otherId: 'o' } })
})

afterAll(() => fedcache.stop())

const codes = ({ errors = [] }: Outcome) => errors.map(({ extensions }) => extensions?.['code'])

function send(transport: string, { query: text }: Operation, authorization: string | undefined): Promise<Outcome> {
  const sent: Sent = { query: text, ...(authorization === undefined ? {} : { authorization }) }
  return transports[transport]!(fedcache, url, sent)
}

/** What an outcome means for the sender; the outcome itself where it means nothing that was thought of. */
function verdictOf(outcome: Outcome): string {
  const { data, status, closed } = outcome
  const found = codes(outcome)
  if (closed === 4403 || (status === 401 && data === undefined && found.join() === 'UNAUTHENTICATED')) return 'stranger'
  const told = JSON.stringify(data ?? null)
  // Once for each of a list.
  if (found.length > 0 && found.every((code) => code === 'FORBIDDEN') && !/secret|"x"|name|STARTED/.test(told))
    return 'forbidden'
  if ([405, 406, 415].includes(status ?? 0) && data === undefined) return 'impossible'
  if (data !== undefined && !found.includes('FORBIDDEN') && !found.includes('UNAUTHENTICATED')) return 'allowed'
  return JSON.stringify(outcome)
}

function expectedVerdict(transport: string, { kind, needs }: Operation, scopes: readonly string[] | undefined): string {
  if (scopes === undefined) return 'stranger'
  // GET never mutates, whoever sends it.
  if (kind === 'mutation' && transport.includes('GET')) return 'impossible'
  // Who does not take a stream gets none.
  if (kind === 'subscription' && !/SSE|WebSocket/.test(transport)) return 'impossible'
  return needs.length > 0 && !needs.some((need) => scopes.includes(need)) ? 'forbidden' : 'allowed'
}

for (const transport of Object.keys(transports)) {
  describe.concurrent(transport, () => {
    for (const [name, operation] of Object.entries(operations)) {
      test(name, async () => {
        const verdicts: Record<string, string> = {}
        for (const [sender, { authorization }] of Object.entries(senders)) {
          verdicts[sender] = verdictOf(await send(transport, operation, authorization))
        }
        const expected = Object.entries(senders).map(([sender, { scopes }]) => [
          sender,
          expectedVerdict(transport, operation, scopes),
        ])
        expect(verdicts).toStrictEqual(Object.fromEntries(expected))
      })
    }
  })
}

describe('a refusal', () => {
  const refusalOf = async (text: string, token = 'reads-others') =>
    (await send('POST', query(text, []), `Bearer ${token}`)).errors?.[0]?.message

  test('is the same for entries and keyspaces that exist and that do not', async () => {
    await fedcache.engine.createKeyspace({ name: 'ct' })
    for (const [existing, missing] of [
      ['entry(keyspace: "cities", key: "x") { key }', 'entry(keyspace: "cities", key: "none") { key }'],
      ['entry(keyspace: "ct", key: "x") { key }', 'entry(keyspace: "no", key: "x") { key }'],
      ['keyspace(name: "ct") { name }', 'keyspace(name: "no") { name }'],
    ] as const) {
      const [first, second] = [await refusalOf(existing), await refusalOf(missing)]
      expect(first).toMatch(/^You may not/)
      expect(first?.replace('"ct"', '"no"')).toBe(second)
    }
  })

  test('of a write says that nothing changed', async () => {
    const outcome = await send('POST', operations['putEntry']!, 'Bearer reads-cities')
    expect(outcome.errors?.[0]?.extensions).toStrictEqual({ code: 'FORBIDDEN', outcome: 'NONE' })
    expect(await fedcache.engine.get('cities', 'never-put')).toBeNull()
  })

  test('of a stranger comes before anything of the operation is read, with the scheme that is wanted', async () => {
    const response = await fetch(url, { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } })
    expect([response.status, response.headers.get('www-authenticate')]).toStrictEqual([401, 'Bearer'])
    expect(await response.text()).not.toMatch(/JSON|parse/i)
  })

  test('does not stop one allowed field beside a forbidden one', async () => {
    await fedcache.engine.put('cities', { key: 'x', value: 'secret' })
    const both = query(
      'a: entry(keyspace: "cities", key: "x") { value } b: entry(keyspace: "others", key: "x") { value }',
      [],
    )
    const outcome = await send('POST', both, 'Bearer reads-cities')
    expect([outcome.data, codes(outcome)]).toStrictEqual([{ a: { value: 'secret' }, b: null }, ['FORBIDDEN']])
  })
})

test('what a typed field points to takes the scopes of where that is', async () => {
  await fedcache.engine.put('cities', { key: 'typed', value: { id: 'typed', label: 'open', otherId: 'o' } })
  await fedcache.engine.put('others', { key: 'o', value: { id: 'o', label: 'secret' } })
  const followed = query('city(id: "typed") { label other { label } }', [])
  for (const transport of ['POST', 'POST, the general way', 'WebSocket, credentials in the header']) {
    const outcome = await send(transport, followed, 'Bearer reads-cities')
    expect([outcome.data, codes(outcome)]).toStrictEqual([{ city: { label: 'open', other: null } }, ['FORBIDDEN']])
    const all = await send(transport, followed, 'Bearer reads-all')
    expect(all.data).toStrictEqual({ city: { label: 'open', other: { label: 'secret' } } })
  }
})

test('listings name the keyspaces that the sender may use, and no others', async () => {
  const namesFor = async (token: string) => {
    const outcome = await send('POST', query('keyspaces { name }', []), `Bearer ${token}`)
    return (outcome.data.keyspaces as { name: string }[]).map(({ name }) => name)
  }
  expect(await namesFor('reads-cities')).toStrictEqual(['cities'])
  expect(await namesFor('reads-others')).toStrictEqual(['others'])
  expect(await namesFor('scrapes')).toStrictEqual([])
  expect(await namesFor('administers')).toContain('others')
})

test.each([
  ['nobody', undefined, 401],
  ['a wrong token', 'Bearer wrong', 401],
  ['a reader', 'Bearer reads-all', 403],
  ['a reader of metrics', 'Bearer scrapes', 200],
  ['an administrator', 'Bearer administers', 200],
])('/metrics for %s', async (_sender, authorization, status) => {
  const response = await fetch(url.replace('/graphql', '/metrics'), authorization ? { headers: { authorization } } : {})
  expect(response.status).toBe(status)
  expect((await response.text()).includes('cities')).toBe(status === 200)
})

test('health, readiness and the page of GraphiQL are for everyone, and hold nothing', async () => {
  for (const path of ['/health', '/ready', '/graphql']) {
    const response = await fetch(url.replace('/graphql', path), { headers: { accept: 'text/html' } })
    expect(response.status).toBe(200)
    expect(await response.text()).not.toContain('cities')
  }
})
