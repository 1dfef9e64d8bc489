import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  type Answer,
  type ServedCache,
  codesOf,
  post,
  recordingSource,
  servedCache,
} from '../../support/served-cache.ts'

let cache: ServedCache

afterEach(async () => {
  await cache.stop()
})

const url = 'http://localhost/graphql'

function get(query: string, headers: Readonly<Record<string, string>> = {}): Request {
  return new Request(`${url}?query=${encodeURIComponent(query)}`, { headers })
}

async function refused(request: Request): Promise<{ status: number; code: unknown; message: string | undefined }> {
  const response = await cache.fetch(request)
  const answer = (await response.json()) as Answer
  expect(answer.data).toBeUndefined()
  return { status: response.status, code: codesOf(answer)[0], message: answer.errors?.[0]?.message }
}

describe('paths', () => {
  it('answer health and readiness', async () => {
    let ready = true
    cache = servedCache({}, { readiness: () => ({ ready, degraded: !ready, reason: ready ? null : 'joining' }) })
    const health = await cache.fetch(new Request('http://localhost/health'))
    expect([health.status, await health.json()]).toEqual([200, { status: 'alive' }])
    const up = await cache.fetch(new Request('http://localhost/ready'))
    expect([up.status, await up.json()]).toEqual([200, { ready: true, degraded: false, reason: null }])
    ready = false
    const down = await cache.fetch(new Request('http://localhost/ready'))
    expect([down.status, await down.json()]).toEqual([503, { ready: false, degraded: true, reason: 'joining' }])
    expect((await cache.fetch(new Request('http://localhost/health', { method: 'HEAD' }))).status).toBe(200)
    expect((await cache.fetch(new Request('http://localhost/health', { method: 'POST' }))).status).toBe(404)
  })

  it('answer metrics: counters of every keyspace, and of the process', async () => {
    cache = servedCache({ things: { source: recordingSource((keys) => keys.map(() => 1)) }, others: {} })
    await cache.graphql(`{ entries(keyspace: "things", keys: ["a", "b"]) { key } }`)
    await cache.graphql(`{ entries(keyspace: "things", keys: ["a", "b"]) { key } }`)
    for (const _scrape of [1, 2]) {
      const response = await cache.fetch(new Request('http://localhost/metrics'))
      expect(response.headers.get('content-type')).toContain('text/plain')
      const text = await response.text()
      expect(text).toContain('fedcache_keyspace_hits_total{keyspace="things"} 2\n')
      expect(text).toContain('fedcache_keyspace_loads_total{keyspace="things"} 1\n')
      expect(text).toContain('fedcache_keyspace_entries{keyspace="others"} 0\n')
      expect(text).toContain('process_resident_memory_bytes')
    }
    await cache.engine.deleteKeyspace('others')
    const text = await (await cache.fetch(new Request('http://localhost/metrics'))).text()
    expect(text).not.toContain('others')
  })

  it('send visitors of / to the API, and tell others what exists', async () => {
    cache = servedCache({})
    const root = await cache.fetch(new Request('http://localhost/'))
    expect([root.status, root.headers.get('location')]).toEqual([302, '/graphql'])
    expect(await refused(new Request('http://localhost/admin'))).toMatchObject({ status: 404, code: 'NOT_FOUND' })
    expect(await refused(new Request('http://localhost/graphql/health'))).toMatchObject({ status: 404 })
  })
})

describe('GraphiQL', () => {
  const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8', 'sec-fetch-site': 'cross-site' }

  it('is for browsers, loads nothing from elsewhere, and cannot be framed', async () => {
    cache = servedCache({}, { graphiql: { tabs: [{ query: '{ tabQuery }', variables: { tabVariable: 1 } }] } })
    const response = await cache.fetch(new Request(url, { headers: browser }))
    expect(response.status).toBe(200)
    expect(response.headers.get('x-frame-options')).toBe('DENY')
    expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    const page = await response.text()
    expect(page).toContain('tabQuery')
    expect(page).toContain('tabVariable')
    expect(page).not.toMatch(/<(script|link)[^>]+(src|href)="https?:/)
  })

  it('can be turned off, and then a browser executes nothing', async () => {
    const source = recordingSource((keys) => keys.map(() => 1))
    cache = servedCache({ things: { source } }, { graphiql: false })
    const response = await cache.fetch(get(`{ entry(keyspace: "things", key: "a") { key } }`, browser))
    expect(response.status).toBe(403)
    expect(source.calls).toEqual([])
  })
})

describe('requests', () => {
  it.each([
    undefined,
    'text/plain',
    'text/plain; charset=application/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/graphql',
    'application/graphql+json',
    'application/json-patch+json',
    'text/plain,application/json',
  ])('of type %s are refused', async (type) => {
    cache = servedCache({ things: {} })
    const body = JSON.stringify({
      query: 'mutation { clearKeyspace(input: { name: "things" }) { keyspace { name } } }',
    })
    const clear = vi.spyOn(cache.engine, 'clear')
    const request = new Request(url, {
      method: 'POST',
      headers: type === undefined ? {} : { 'content-type': type },
      // A Blob of no type is sent without any.
      body: type === undefined ? new Blob([body]) : body,
    })
    expect(await refused(request)).toMatchObject({ status: 415, code: 'BAD_REQUEST' })
    expect(clear).not.toHaveBeenCalled()
  })

  it.each([
    'APPLICATION/JSON',
    'Application/Json; Charset=UTF-8',
    'application/json ; charset=utf-8',
    'application/json;charset=UTF-8',
  ])('of type %s are JSON', async (type) => {
    cache = servedCache({ things: {} })
    const asked = (body: string) =>
      cache.fetch(new Request(url, { method: 'POST', headers: { 'content-type': type }, body }))
    expect(await (await asked('{ "query": "{ keyspaces { name } }" }')).json()).toEqual({
      data: { keyspaces: [{ name: 'things' }] },
    })
    for (const [body, message] of [
      ['{', 'POST body sent invalid JSON.'],
      ['null', 'POST body is expected to be object but received null'],
      ['7', 'POST body is expected to be object but received number'],
    ] as const) {
      const response = await asked(body)
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ errors: [{ message, extensions: { code: 'BAD_REQUEST' } }] })
    }
  })

  it('by GET may query and may not change anything', async () => {
    cache = servedCache({ things: {} })
    const read = await cache.fetch(get('{ keyspaces { name } }'))
    expect(await read.json()).toEqual({ data: { keyspaces: [{ name: 'things' }] } })
    const clear = vi.spyOn(cache.engine, 'clear')
    const mutation = 'mutation { clearKeyspace(input: { name: "things" }) { keyspace { name } } }'
    expect(await refused(get(mutation))).toMatchObject({ status: 405 })
    expect(clear).not.toHaveBeenCalled()
  })

  it.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS'])('by %s are refused', async (method) => {
    cache = servedCache({})
    expect(await refused(new Request(url, { method }))).toMatchObject({ status: 405 })
  })

  it('tell browsers of no other origin that they may', async () => {
    cache = servedCache({})
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' }
    const response = await cache.fetch(new Request(url, { method: 'OPTIONS', headers }))
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
  })

  it.each([
    ['POST', { origin: 'https://evil.example' }],
    ['POST', { origin: 'http://localhost:3000' }],
    ['POST', { origin: 'null' }],
    ['GET', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }],
    ['GET', { 'sec-fetch-site': 'same-site' }],
    ['GET', { origin: 'https://evil.example', accept: 'text/event-stream' }],
  ] as const)('by %s with %j are refused', async (method, headers) => {
    const source = recordingSource((keys) => keys.map(() => 1))
    cache = servedCache({ things: { source } })
    const query = `{ entry(keyspace: "things", key: "a") { key } }`
    const request = method === 'GET' ? get(query, headers) : post({ query }, headers)
    expect(await refused(request)).toMatchObject({ status: 403, code: 'FORBIDDEN' })
    expect(source.calls).toEqual([])
  })

  it('of a page of the same origin are answered', async () => {
    cache = servedCache({})
    const headers = { origin: 'http://localhost', 'sec-fetch-site': 'same-origin' }
    expect((await cache.fetch(post({ query: '{ __typename }' }, headers))).status).toBe(200)
  })

  it.each([
    ['not JSON', '{ "query": '],
    ['a list', '[{ "query": "{ __typename }" }]'],
    ['a string', '"{ __typename }"'],
    ['null', 'null'],
    ['without a query', '{}'],
    ['with a query that is no string', '{ "query": 1 }'],
    ['with variables that are no object', '{ "query": "{ __typename }", "variables": [1] }'],
    ['with fields that do not belong there', '{ "query": "{ __typename }", "sneaky": 1 }'],
  ])('%s are refused without telling internals', async (_what, body) => {
    cache = servedCache({})
    const response = await cache.fetch(post(body, { accept: 'application/graphql-response+json' }))
    const text = await response.text()
    expect(response.status).toBe(400)
    expect(codesOf(JSON.parse(text))).toEqual(['BAD_REQUEST'])
    expect(text).not.toMatch(/SyntaxError|originalError|node_modules|at /)
    expect(cache.logged).toEqual([])
  })

  it.each(['text/plain', 'image/*', 'application/json; charset=latin1'])(
    'whose sender would take no answer change nothing: %s',
    async (accept) => {
      cache = servedCache({ things: {} })
      const query = 'mutation { putEntry(input: { keyspace: "things", key: "k", value: 1 }) { entry { key } } }'
      const response = await cache.fetch(post({ query }, { accept }))
      expect(response.status).toBe(406)
      const message = `Answers come as application/json, which the header accept must allow; received "${accept}".`
      expect(await response.json()).toEqual({ errors: [{ message, extensions: { code: 'BAD_REQUEST' } }] })
      expect(await cache.engine.get('things', 'k')).toBeNull()
    },
  )

  it.each(['text/*', 'application/*', 'Application/JSON; charset=UTF-8', 'text/plain, */*;q=0.1', ''])(
    'whose sender would take some answer get one: %s',
    async (accept) => {
      cache = servedCache({})
      expect((await cache.fetch(post({ query: '{ __typename }' }, { accept }))).status).toBe(200)
    },
  )

  it('by GET with variables that are no JSON are refused', async () => {
    cache = servedCache({})
    const request = new Request(`${url}?query={__typename}&variables={`)
    expect(await refused(request)).toMatchObject({ status: 400, code: 'BAD_REQUEST' })
    expect(cache.logged).toEqual([])
  })

  it('with a body over the limit are refused, whether or not they say how long it is', async () => {
    cache = servedCache({}, { maxBodyBytes: 2000 })
    const body = JSON.stringify({ query: '{ __typename }', variables: { v: 'x'.repeat(2000) } })
    const declared = await refused(post(body, { 'content-length': String(body.length) }))
    expect(declared).toMatchObject({ status: 413, message: expect.stringContaining(String(body.length)) })
    const stream = new Blob([body]).stream()
    const headers = { 'content-type': 'application/json' }
    const streamed = new Request(url, { method: 'POST', headers, body: stream, duplex: 'half' } as RequestInit)
    expect(await refused(streamed)).toMatchObject({ status: 413, message: expect.stringContaining('2000 bytes') })
    expect((await cache.graphql('{ __typename }')).data).toEqual({ __typename: 'Query' })
  })
})

describe('documents', () => {
  it.each([
    ['GRAPHQL_PARSE_FAILED', '{ entry(', {}],
    ['GRAPHQL_PARSE_FAILED', '', {}],
    ['GRAPHQL_VALIDATION_FAILED', '{ nothing }', {}],
    ['BAD_USER_INPUT', `query ($k: String!) { entry(keyspace: "things", key: $k) { key } }`, {}],
    ['BAD_USER_INPUT', `query ($k: String!) { entry(keyspace: "things", key: $k) { key } }`, { k: 7 }],
    [
      'BAD_USER_INPUT',
      `mutation ($t: Duration) { updateKeyspace(input: { name: "things", ttl: $t }) { keyspace { name } } }`,
      { t: '-5m' },
    ],
    ['BAD_USER_INPUT', `mutation { updateKeyspace(input: { name: "things", ttl: "soon" }) { keyspace { name } } }`, {}],
  ])('that cannot be executed say %s', async (code, query, variables) => {
    cache = servedCache({ things: {} })
    const response = await cache.fetch(post({ query, variables }, { accept: 'application/graphql-response+json' }))
    const answer = (await response.json()) as Answer
    expect([response.status, ...codesOf(answer)]).toEqual([400, code])
    expect(answer.errors?.[0]?.extensions).not.toHaveProperty('http')
  })

  it('keep their codes when they come again', async () => {
    cache = servedCache({})
    for (const _time of [1, 2, 3]) {
      expect(codesOf(await cache.graphql('{ entry('))).toEqual(['GRAPHQL_PARSE_FAILED'])
      expect(codesOf(await cache.graphql('{ nothing }'))).toEqual(['GRAPHQL_VALIDATION_FAILED'])
    }
  })

  it('of several operations must say which', async () => {
    cache = servedCache({})
    const answer = await cache.graphql('query a { __typename } query b { __typename }')
    expect(codesOf(answer)).toEqual(['OPERATION_RESOLUTION_FAILURE'])
  })

  it('with too many tokens, or nested too deeply, are refused', async () => {
    cache = servedCache({}, { maxDocumentTokens: 1000 })
    const many = await cache.graphql(`{ ${'__typename '.repeat(1000)} }`)
    expect(codesOf(many)).toEqual(['GRAPHQL_PARSE_FAILED'])
    expect(many.errors?.[0]?.message).toContain('1000 tokens')
    await cache.stop()
    cache = servedCache({}, { maxDocumentTokens: 1_000_000 })
    const deep = await cache.graphql(`{ a(b: ${'['.repeat(100_000)} `)
    expect(codesOf(deep)).toEqual(['GRAPHQL_PARSE_FAILED'])
    expect(deep.errors?.[0]?.message).toContain('nested too deeply')
    expect(cache.logged).toEqual([])
  })

  it('do not get long values quoted back at them', async () => {
    cache = servedCache({})
    const query = `query ($keys: [String!]!) { entries(keyspace: "things", keys: $keys) { key } }`
    const answer = await cache.graphql(query, { keys: { x: 'y'.repeat(100_000) } })
    expect(answer.errors?.[0]?.message.length).toBeLessThan(1100)
  })
})

describe('masking', () => {
  it('holds in development too', async () => {
    vi.stubEnv('NODE_ENV', 'development')
    cache = servedCache({})
    cache.engine.keyspaces = () => {
      throw new Error('secret detail')
    }
    const answer = await cache.graphql('{ keyspaces { name } }')
    expect(JSON.stringify(answer)).not.toContain('secret')
    expect(codesOf(answer)).toEqual(['INTERNAL_SERVER_ERROR'])
  })

  it('holds, and is logged once, when the context cannot be made', async () => {
    cache = servedCache(
      {},
      {
        context: () => {
          throw new Error('secret detail')
        },
      },
    )
    const answer = await cache.graphql('{ keyspaces { name } }')
    expect(JSON.stringify(answer)).not.toContain('secret')
    expect(codesOf(answer)).toEqual(['INTERNAL_SERVER_ERROR'])
    expect(cache.logged.filter(({ level }) => level === 'error')).toHaveLength(1)
  })
})
