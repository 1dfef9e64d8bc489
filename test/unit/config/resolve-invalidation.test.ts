import { describe, expect, it } from 'vitest'
import { problemsOf, resolveAnything } from './fixtures.ts'

const router = { kind: 'apollo-router', url: 'http://router:4000/invalidation', sharedKey: 'k', subgraph: 'cache' }
const webhook = { kind: 'webhook', url: 'https://cdn.example/purge' }
const own = { name: 'own', invalidate: () => Promise.resolve() }

const withEndpoints = (...endpoints: readonly unknown[]) => ({
  keyspaces: { products: {} },
  subgraph: { cacheTags: true },
  invalidation: { endpoints },
})

describe('what is right', () => {
  it.each([
    [{}],
    [withEndpoints(router)],
    [withEndpoints({ ...router, sharedKey: { env: 'KEY' }, subgraph: ['a', 'b'], name: 'r.1', maxTags: 10_000 })],
    [withEndpoints(router, webhook, own)],
    [withEndpoints(...[router, webhook, own].map((each) => ({ ...each, keyspaces: ['products'] })))],
    [{ invalidation: { endpoints: [webhook] } }],
    [withEndpoints({ ...webhook, method: 'PURGE', headers: { 'X-Key': { file: 'f' }, 'surrogate-key': '{tags}' } })],
    [withEndpoints({ ...webhook, method: 'GET', url: 'https://cdn.example/purge/{tags}?soft=1', separator: ',' })],
    [withEndpoints({ ...webhook, body: '{tags}' })],
    [withEndpoints({ ...webhook, body: { a: [{ b: '{tags}' }, 1, null, true] } })],
    [withEndpoints({ ...webhook, body: false })],
    [{ http: { cacheTags: { headers: ['cache-tag'] } } }],
    [{ http: { cacheTags: { headers: ['surrogate-key', 'cache-tag'], limit: 64 } } }],
  ])('%j', (config) => {
    expect(problemsOf(config)).toEqual([])
  })

  it('is read as it is meant', () => {
    const { endpoints } = resolveAnything(
      withEndpoints(
        { ...router, keyspaces: ['products'] },
        { ...webhook, method: 'get' },
        { ...own, maxTags: 5, keyspaces: ['products'] },
      ),
    ).invalidation
    const keyspaces = new Set(['products'])
    expect(endpoints).toEqual([
      {
        kind: 'apollo-router',
        name: 'apollo-router',
        url: 'http://router:4000/invalidation',
        sharedKey: 'k',
        subgraphs: ['cache'],
        maxTags: 100,
        keyspaces,
      },
      {
        ...webhook,
        name: 'webhook',
        method: 'GET',
        headers: {},
        body: false,
        separator: ' ',
        maxTags: 100,
        keyspaces: undefined,
      },
      { kind: 'custom', name: 'own', endpoint: { ...own, maxTags: 5, keyspaces: ['products'] }, keyspaces },
    ])
    expect(resolveAnything({ http: { cacheTags: { headers: ['cache-tag', 'cache-tag'] } } }).http.cacheTags).toEqual({
      headers: ['cache-tag'],
      maxBytes: 3072,
    })
  })
})

describe('what is wrong', () => {
  const path = 'invalidation.endpoints[0]'
  it.each([
    [{ invalidation: {} }, 'invalidation.endpoints', 'a list of endpoints that is not empty; received nothing'],
    [withEndpoints(), 'invalidation.endpoints', 'received a list of 0'],
    [{ invalidation: { endpoint: [], endpoints: [webhook] } }, 'invalidation.endpoint', 'Did you mean "endpoints"?'],
    [withEndpoints(7), path, "{ kind: 'apollo-router', … }"],
    [withEndpoints({ kind: 'router' }), path, 'received an object with kind'],
    [withEndpoints({ ...own, name: 'a b' }), `${path}.name`, 'received "a b"'],
    [withEndpoints({ ...own, name: undefined }), `${path}.name`, 'received nothing'],
    [withEndpoints({ ...own, maxTags: 0 }), `${path}.maxTags`, 'from 1 to 10000; received 0'],
    [withEndpoints(webhook, webhook), 'invalidation.endpoints[1].name', 'must be another'],
    [{ invalidation: { endpoints: [router] } }, path, 'needs subgraph.cacheTags: true'],
    [withEndpoints({ ...router, url: 'ftp://a' }), `${path}.url`, 'received "ftp://a"'],
    [withEndpoints({ ...router, url: undefined }), `${path}.url`, 'received nothing'],
    [withEndpoints({ ...webhook, url: 'https://u:hunter2@a/' }), `${path}.url`, 'received "https://***@a/"'],
    [withEndpoints({ ...router, sharedKey: undefined }), `${path}.sharedKey`, 'must be a secret'],
    [withEndpoints({ ...router, subgraph: [] }), `${path}.subgraph`, 'received a list of 0'],
    [withEndpoints({ ...router, subgraph: ['a', ''] }), `${path}.subgraph`, 'or a list of names'],
    [withEndpoints({ ...router, subgraph: undefined }), `${path}.subgraph`, 'received nothing'],
    [withEndpoints({ ...router, shared_key: 'a' }), `${path}.shared_key`, 'is no option'],
    [withEndpoints({ ...webhook, method: 'a b' }), `${path}.method`, 'received "a b"'],
    [withEndpoints({ ...webhook, method: 7 }), `${path}.method`, 'received 7'],
    [withEndpoints({ ...webhook, method: 'GET', body: 'x' }), `${path}.body`, 'left out with GET'],
    [withEndpoints({ ...own, keyspaces: [] }), `${path}.keyspaces`, 'received a list of 0'],
    [withEndpoints({ ...webhook, keyspaces: ['product'] }), `${path}.keyspaces[0]`, 'Did you mean "products"?'],
    [withEndpoints({ ...router, keyspaces: [7] }), `${path}.keyspaces[0]`, 'received 7'],
    [withEndpoints({ ...webhook, separator: 7 }), `${path}.separator`, 'must be a text; received 7'],
    [withEndpoints({ ...webhook, body: () => 1 }), `${path}.body`, 'a text or JSON; received a function'],
    [withEndpoints({ ...webhook, body: { a: [NaN] } }), `${path}.body`, 'received an object with a'],
    [withEndpoints({ ...webhook, headers: [] }), `${path}.headers`, 'must be an object'],
    [withEndpoints({ ...webhook, headers: { 'a b': 'hunter2' } }), `${path}.headers["a b"]`, 'received "***"'],
    [withEndpoints({ ...webhook, headers: { a: 7 } }), `${path}.headers["a"]`, 'must be a secret'],
    [{ invalidation: { endpoints: [webhook], window: '11s' } }, 'invalidation.window', 'received "11s"'],
    [{ invalidation: { endpoints: [webhook], timeout: 0 } }, 'invalidation.timeout', 'received 0'],
    [{ invalidation: { endpoints: [webhook], deadline: '1ms' } }, 'invalidation.deadline', 'received "1ms"'],
    [{ invalidation: { endpoints: [webhook], maxWaiting: 0.5 } }, 'invalidation.maxWaiting', 'received 0.5'],
    [{ http: { cacheTags: true } }, 'http.cacheTags', 'must be an object; received true'],
    [{ http: { cacheTags: { headers: [] } } }, 'http.cacheTags.headers', 'received a list of 0'],
    [{ http: { cacheTags: { headers: ['tag'] } } }, 'http.cacheTags.headers[0]', "'cache-tag' or 'surrogate-key'"],
    [{ http: { cacheTags: { headers: ['cache-tag'], limit: 1 } } }, 'http.cacheTags.limit', 'from 64b to 64kb'],
  ])('%j', (config, where, what) => {
    const problems = problemsOf(config).filter((problem) => problem.path === where)
    expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining(what)])
    expect(JSON.stringify(problemsOf(config))).not.toContain('hunter2')
  })

  it('a part of a keyspace for every caller, in shared caches', () => {
    const auth = { tokens: [{ token: 'a', scopes: ['*'] }] }
    const partition = (): string => 'a'
    const problems = problemsOf({ auth, keyspaces: { notes: { partition, cacheScope: 'public' } } })
    expect(problems.map((problem) => problem.path)).toEqual(['keyspaces.notes.partition'])
    expect(problems[0]!.message).toContain("must not go with cacheScope 'public'")
    expect(problemsOf({ auth, keyspaces: { notes: { partition, cacheScope: 'private' } } })).toEqual([])
  })
})
