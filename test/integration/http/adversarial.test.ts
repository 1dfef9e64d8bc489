import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Source } from '../../../src/ports/index.ts'
import { type Answer, type ServedCache, codesOf, recordingSource, servedCache } from '../../support/served-cache.ts'

const secret = 'postgres://admin:hunter2@10.0.0.1/prod'
const circular: Record<string, unknown> = {}
circular['itself'] = circular

function source(answer: (keys: readonly string[]) => unknown): { readonly source: Source } {
  return { source: recordingSource(answer as Parameters<typeof recordingSource>[0]) }
}

let cache: ServedCache
let url = ''

beforeAll(async () => {
  cache = servedCache(
    {
      things: { maxValueBytes: 1000 },
      texts: { format: 'text' },
      blobs: { format: 'bytes' },
      throwing: source(() => {
        throw new Error(secret)
      }),
      throwingText: source(() => {
        // oxlint-disable-next-line typescript/only-throw-error -- sources do what they like
        throw secret
      }),
      hanging: { ...source(() => new Promise(() => undefined)), readTimeoutMs: 200 },
      tooFew: source((keys) => keys.slice(1)),
      tooMany: source((keys) => [...keys, 'more']),
      nothing: source(() => undefined),
      misordered: source((keys) => new Map(keys.toReversed().map((key) => [key, `value of ${key}`]))),
      notAsked: source(() => new Map([['another', 1]])),
      bigInt: source((keys) => keys.map(() => ({ id: 2n ** 70n }))),
      circular: source((keys) => keys.map(() => circular)),
      undefinedInside: source((keys) => keys.map(() => ({ list: [undefined], gone: undefined }))),
      notANumber: source((keys) => keys.map(() => ({ number: Number.NaN }))),
      function: source((keys) => keys.map(() => () => secret)),
      throwingJson: source((keys) =>
        keys.map(() => ({
          toJSON: () => {
            throw new Error(secret)
          },
        })),
      ),
      tooLarge: { ...source((keys) => keys.map(() => 'x'.repeat(2000))), maxValueBytes: 1000 },
      failsOne: source((keys) => keys.map((key) => (key === 'b' ? new Error(secret) : key))),
    },
    { maxBodyBytes: 1_000_000 },
  )
  ;({ url } = await cache.server.listen())
})

afterAll(async () => {
  await cache.stop()
})

interface Sent {
  readonly query?: string
  readonly variables?: object
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

async function send({ query, variables, body, headers }: Sent): Promise<{ status: number; text: string }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: body ?? JSON.stringify({ query, variables }),
  })
  return { status: response.status, text: await response.text() }
}

/** What a client must never see: messages of sources, stacks, paths, and what is made of them. */
const internal =
  /hunter2|node_modules|node:internal|file:\/\/|\.ts\b|\.js\b|\bat \w+ \(|stack|originalError|INTERNAL_SERVER_ERROR/

const read = (keyspace: string, key = 'a'): Sent => ({
  query: 'query ($keyspace: String!, $key: String!) { entry(keyspace: $keyspace, key: $key) { value } }',
  variables: { keyspace, key },
})
const put = (input: object): Sent => ({
  query: 'mutation ($input: PutEntryInput!) { putEntry(input: $input) { entry { key } } }',
  variables: { input: { keyspace: 'things', key: 'k', ...input } },
})
const run = (query: string, variables: object = {}): Sent => ({ query, variables })

const rows: readonly (readonly [what: string, code: string, sent: Sent])[] = [
  ['an unknown keyspace', 'KEYSPACE_NOT_FOUND', read('unknown')],
  ['a keyspace named like an object property', 'KEYSPACE_NOT_FOUND', read('__proto__')],
  ['an empty key', 'BAD_USER_INPUT', read('things', '')],
  ['an over-long key', 'BAD_USER_INPUT', read('things', 'x'.repeat(1025))],
  ['a key over-long in UTF-8 only', 'BAD_USER_INPUT', read('things', '北'.repeat(342))],
  ['half a surrogate pair', 'BAD_USER_INPUT', read('things', '\ud800')],
  [
    'too many keys',
    'TOO_MANY_KEYS',
    run('query ($keys: [String!]!) { entries(keyspace: "things", keys: $keys) { key } }', {
      keys: Array.from({ length: 1001 }, (_, n) => `${n}`),
    }),
  ],
  [
    'too many entries',
    'TOO_MANY_KEYS',
    run(
      'mutation ($entries: [EntryInput!]!) { putEntries(input: { keyspace: "things", entries: $entries }) { errors { code } } }',
      { entries: Array.from({ length: 1001 }, (_, n) => ({ key: `${n}`, value: n })) },
    ),
  ],
  ['a value over the limit', 'VALUE_TOO_LARGE', put({ value: 'x'.repeat(2000) })],
  ['no value', 'BAD_USER_INPUT', put({})],
  ['a value of null', 'INVALID_VALUE', put({ value: null })],
  ['a value and a text', 'BAD_USER_INPUT', put({ value: 1, text: '1' })],
  ['all kinds of values', 'BAD_USER_INPUT', put({ value: 1, text: '1', bytes: 'MQ==' })],
  ['a value of another format than the keyspace', 'BAD_USER_INPUT', put({ keyspace: 'texts', value: 1 })],
  ['text for bytes', 'BAD_USER_INPUT', put({ keyspace: 'blobs', text: 'x' })],
  ['a negative ttl', 'BAD_USER_INPUT', put({ value: 1, ttl: '-5m' })],
  ['a ttl of nothing', 'BAD_USER_INPUT', put({ value: 1, ttl: '0s' })],
  ['an absurd ttl', 'BAD_USER_INPUT', put({ value: 1, ttl: '99999999h' })],
  ['a ttl without unit', 'BAD_USER_INPUT', put({ value: 1, ttl: 300 })],
  ['an expiry that has passed', 'BAD_USER_INPUT', put({ value: 1, expiresAt: '2001-01-01T00:00:00Z' })],
  ['an expiry in another age', 'BAD_USER_INPUT', put({ value: 1, expiresAt: '9999-01-01T00:00:00Z' })],
  ['an expiry that is no date', 'BAD_USER_INPUT', put({ value: 1, expiresAt: '2030-02-30T00:00:00Z' })],
  ['a ttl and an expiry', 'BAD_USER_INPUT', put({ value: 1, ttl: '5m', expiresAt: '2030-01-01T00:00:00Z' })],
  ['base64 that is none', 'BAD_USER_INPUT', put({ keyspace: 'blobs', bytes: 'not base64!' })],
  ['an empty tag', 'BAD_USER_INPUT', put({ value: 1, tags: [''] })],
  ['a field that does not exist', 'BAD_USER_INPUT', put({ value: 1, colour: 'red' })],
  ['no tags', 'BAD_USER_INPUT', run('mutation { invalidateTags(input: { keyspace: "things", tags: [] }) { tags } }')],
  [
    'a keyspace without a name',
    'BAD_USER_INPUT',
    run('mutation { createKeyspace(input: { name: "" }) { keyspace { name } } }'),
  ],
  [
    'a keyspace of an unknown source',
    'BAD_USER_INPUT',
    run('mutation { createKeyspace(input: { name: "x", source: "y" }) { keyspace { name } } }'),
  ],
  [
    'a keyspace of negative size',
    'BAD_USER_INPUT',
    run('mutation { createKeyspace(input: { name: "x", maxBytes: -1 }) { keyspace { name } } }'),
  ],
  [
    'a value that is no JSON',
    'GRAPHQL_PARSE_FAILED',
    run('mutation { putEntry(input: { keyspace: "things", key: "k", value: {a:} }) { entry { key } } }'),
  ],
  [
    'a value with unquoted words',
    'BAD_USER_INPUT',
    run('mutation { putEntry(input: { keyspace: "things", key: "k", value: {a: red} }) { entry { key } } }'),
  ],
  ['malformed GraphQL', 'GRAPHQL_PARSE_FAILED', run('{ entry(')],
  ['an unknown field', 'GRAPHQL_VALIDATION_FAILED', run('{ secrets }')],
  ['a missing variable', 'BAD_USER_INPUT', run(String(read('things').query))],
  ['JSON that ends early', 'BAD_REQUEST', { body: '{ "query": "{ __typename }"' }],
  ['a body that is no JSON', 'BAD_REQUEST', { body: '\u0000\u0001' }],
  [
    'a body over the limit',
    'BAD_REQUEST',
    { body: JSON.stringify({ query: '{ __typename }', variables: { v: 'x'.repeat(1_000_001) } }) },
  ],
  ['a foreign origin', 'FORBIDDEN', { ...run('{ __typename }'), headers: { origin: 'https://evil.example' } }],
  ['text/plain', 'BAD_REQUEST', { ...run('{ __typename }'), headers: { 'content-type': 'text/plain' } }],
  [
    'a form',
    'BAD_REQUEST',
    { body: 'query={__typename}', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
  ],
  ['a document of a million fields', 'GRAPHQL_PARSE_FAILED', run(`{ ${'a '.repeat(400_000)} }`)],
  ['a source that throws', 'SOURCE_FAILED', read('throwing')],
  ['a source that throws what is no error', 'SOURCE_FAILED', read('throwingText')],
  ['a source that hangs', 'SOURCE_TIMEOUT|READ_TIMEOUT', read('hanging')],
  ['a source that returns too few', 'SOURCE_FAILED', read('tooFew')],
  ['a source that returns too many', 'SOURCE_FAILED', read('tooMany')],
  ['a source that returns nothing', 'SOURCE_FAILED', read('nothing')],
  ['a source that returns what was not asked for', 'SOURCE_FAILED', read('notAsked')],
  ['a BigInt', 'INVALID_VALUE', read('bigInt')],
  ['a circular value', 'INVALID_VALUE', read('circular')],
  ['undefined inside a list', 'INVALID_VALUE', read('undefinedInside')],
  ['a number that is none', 'INVALID_VALUE', read('notANumber')],
  ['a function', 'INVALID_VALUE', read('function')],
  ['a value whose toJSON throws', 'INVALID_VALUE', read('throwingJson')],
  ['a loaded value over the limit', 'VALUE_TOO_LARGE', read('tooLarge')],
]

describe('bad input over HTTP', () => {
  it.each(rows)('%s gets %s', async (_what, code, sent) => {
    const { status, text } = await send(sent)
    const answer = JSON.parse(text) as Answer
    expect(code.split('|')).toContain(codesOf(answer)[0])
    expect(answer.errors?.[0]?.message.length).toBeGreaterThan(10)
    expect(text.length).toBeLessThan(3000)
    expect(text).not.toMatch(internal)
    expect(status).toBeLessThan(500)
  })

  it('is no reason to answer wrongly: a Map in any order belongs to its keys', async () => {
    const { text } = await send(run('{ entries(keyspace: "misordered", keys: ["a", "b", "c"]) { value } }'))
    expect(JSON.parse(text)).toEqual({
      data: { entries: ['a', 'b', 'c'].map((key) => ({ value: `value of ${key}` })) },
    })
  })

  it('of one key fails no other', async () => {
    const { text } = await send(run('{ entries(keyspace: "failsOne", keys: ["a", "b", "c"]) { value } }'))
    const answer = JSON.parse(text) as Answer
    expect(answer.data.entries).toEqual([{ value: 'a' }, null, { value: 'c' }])
    expect(answer.errors).toMatchObject([{ path: ['entries', 1], extensions: { code: 'SOURCE_FAILED' } }])
    expect(text).not.toMatch(internal)
  })

  it('leaves the server as it was', async () => {
    await send(put({ value: 'before' }))
    for (const [, , sent] of rows) await send(sent)
    const { text } = await send(run('{ entry(keyspace: "things", key: "k") { value } keyspaces { name } }'))
    const { data } = JSON.parse(text) as Answer
    expect(data.entry).toEqual({ value: 'before' })
    expect(data.keyspaces).not.toContainEqual({ name: 'x' })
    // Nothing of all this is a bug of ours.
    expect(cache.logged.filter(({ message }) => message === 'unexpected error')).toEqual([])
  })
})
