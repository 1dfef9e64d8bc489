import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../../src/errors.ts'
import { defineConfig } from '../../../src/config/config.ts'
import { context, defaultStore, problemsOf, resolveAnything, source, writableSource } from './fixtures.ts'

const megabyte = 2 ** 20

describe('a config that says nothing', () => {
  it('gets the defaults that are documented', () => {
    const { defaultPolicy, ...resolved } = resolveAnything({})
    expect(resolved).toEqual({
      port: 4000,
      host: '127.0.0.1',
      workers: 1,
      auth: undefined,
      partitions: new Map(),
      cluster: {
        name: 'fedcache',
        peerId: 'web-1-example-4000',
        nats: [],
        discovery: undefined,
        minimumPeers: 1,
        confirmTimeoutMs: 1000,
        unreadyWhenIsolatedForMs: undefined,
      },
      sources: new Map(),
      keyspaces: [],
      memoryLimit: 512 * megabyte,
      maxKeyBytes: 1024,
      maxKeysPerCall: 1000,
      http: {
        graphiql: { tabs: [] },
        bodyLimitBytes: 16 * megabyte,
        responseLimitBytes: 64 * megabyte,
        maxDocumentTokens: 30_000,
        documents: { maxDepth: 30, maxFields: 10_000, maxAliases: 5000, introspection: true },
        tls: undefined,
        trusted: undefined,
        allowedHosts: undefined,
        proxies: undefined,
        limits: {
          maxOperations: 20_000,
          maxSubscriptions: 10_000,
          maxWebSockets: 10_000,
          maxOperationsPerWebSocket: 1000,
        },
        timeouts: {
          headersMs: 10_000,
          requestMs: 60_000,
          keepAliveMs: 75_000,
          slowClientMs: 30_000,
          minBytesPerSecond: 128 * 1024,
        },
        cacheTags: undefined,
      },
      log: { level: 'info', logger: undefined },
      subgraph: { expose: undefined, maxRepresentations: 10_000, cacheTags: false, typeDefs: [] },
      invalidation: { endpoints: [], windowMs: 50, timeoutMs: 5000, deadlineMs: 300_000, maxWaiting: 10_000 },
    })
    expect(defaultPolicy).toEqual({
      format: 'json',
      maxBytes: 512 * megabyte,
      maxEntries: Infinity,
      maxValueBytes: 8 * megabyte,
      ttlMs: 300_000,
      ttlJitter: 0,
      negativeTtlMs: 5000,
      staleWhileRevalidateMs: 0,
      staleIfErrorMs: 0,
      nearTtlMs: 10_000,
      readTimeoutMs: 10_000,
      writeTimeoutMs: 5000,
      maxBatchSize: 500,
      batchWindowMs: 0,
      rateLimit: undefined,
      circuitBreaker: undefined,
      warmKeys: [],
      cacheScope: 'private',
      expiry: undefined,
      tags: undefined,
      store: defaultStore,
    })
  })

  it('keeps no more than the heap has room for', () => {
    expect(resolveAnything({}, { heapLimitBytes: 428 * megabyte }).memoryLimit).toBe(200 * megabyte)
    expect(resolveAnything({}, { heapLimitBytes: Infinity }).memoryLimit).toBe(512 * megabyte)
  })

  it('keeps no more than there is memory', () => {
    const memoryBytes = 2500.5 * megabyte
    const changes = { memoryBytes, heapLimitBytes: Infinity }
    const message = 'must not be more than the 2500mb of memory that this process can have; received "3gb"'
    expect(problemsOf({ memoryLimit: '3gb' }, changes)).toEqual([{ path: 'memoryLimit', message, received: '3gb' }])
    // A larger heap would not help.
    expect(problemsOf({ memoryLimit: '3gb' }, { memoryBytes })).toMatchObject([{ message }])
    expect(resolveAnything({ memoryLimit: memoryBytes }, changes).memoryLimit).toBe(memoryBytes)
    expect(resolveAnything({}, { ...changes, memoryBytes: 300 * megabyte }).memoryLimit).toBe(300 * megabyte)
    const worker = { number: 1, count: 4 }
    expect(problemsOf({ memoryLimit: '3gb' }, { ...changes, worker })).toMatchObject([{ message }])
  })

  it('is told when the heap has room for nothing', () => {
    expect(problemsOf({}, { heapLimitBytes: 64 * megabyte })).toEqual([
      expect.objectContaining({ path: 'memoryLimit', message: expect.stringContaining('--max-old-space-size=130') }),
    ])
  })

  it('names itself after the host, and the process where the port is free', () => {
    const peerIdOf = (hostname: string, port: number): string => resolveAnything({ port }, { hostname }).cluster.peerId
    expect(peerIdOf('web-1', 4000)).toBe('web-1-4000')
    expect(peerIdOf('web-1', 0)).toBe('web-1-4711')
    expect(peerIdOf('', 1)).toBe('fedcache-1')
    expect(peerIdOf('ä.b', 1)).toBe('-b-1')
    expect(peerIdOf('x'.repeat(300), 65_535)).toBe(`${'x'.repeat(50)}-65535`)
  })
})

describe('a config that says everything', () => {
  it('is taken at its word', () => {
    const discovery = { name: 'own', resolve: () => Promise.resolve([]), close: () => Promise.resolve() }
    const ignore = (): void => {}
    const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore, child: () => logger }
    const config = defineConfig({
      port: 0,
      host: '0.0.0.0',
      auth: 'none',
      cluster: {
        name: 'shop',
        peerId: 'a_1',
        discovery,
        minimumPeers: 3,
        confirmTimeout: '250ms',
        unreadyWhenIsolatedFor: '1h',
      },
      sources: { answers: source, writable: writableSource },
      keyspaces: {},
      memoryLimit: '1gb',
      maxKeyBytes: 100,
      maxKeysPerCall: 10,
      http: {
        graphiql: { tabs: [{ query: '{ keyspaces { name } }', variables: { a: 1 } }, { query: '' }] },
        bodyLimit: '1mb',
        responseLimit: '2mb',
        maxDocumentTokens: 500,
        allowedHosts: ['cache.example', '10.0.0.1'],
        trustedProxies: ['10.0.0.0/8', '::1'],
        forwardedHeaders: 'forwarded',
        maxOperations: 1,
        maxSubscriptions: 2,
        maxWebSockets: 3,
        maxOperationsPerWebSocket: 4,
        timeouts: { headers: '1s', request: 2000, keepAlive: '1m', slowClient: '250ms' },
        minReadRate: '1kb',
        cacheTags: { headers: ['cache-tag', 'surrogate-key'], limit: '16kb' },
      },
      log: { level: 'debug', logger },
      subgraph: { expose: ['admin', 'types'] },
      invalidation: {
        endpoints: [{ kind: 'webhook', url: 'https://cdn.example/purge' }],
        window: 0,
        timeout: '1s',
        deadline: '1h',
        maxWaiting: 5,
      },
    })
    const { defaultPolicy, ...resolved } = resolveAnything(config)
    expect(resolved).toEqual({
      port: 0,
      host: '0.0.0.0',
      workers: 1,
      auth: 'none',
      partitions: new Map(),
      cluster: {
        name: 'shop',
        peerId: 'a_1',
        nats: [],
        discovery,
        minimumPeers: 3,
        confirmTimeoutMs: 250,
        unreadyWhenIsolatedForMs: 3_600_000,
      },
      sources: new Map([
        ['answers', source],
        ['writable', writableSource],
      ]),
      keyspaces: [],
      memoryLimit: 2 ** 30,
      maxKeyBytes: 100,
      maxKeysPerCall: 10,
      http: {
        graphiql: { tabs: [{ query: '{ keyspaces { name } }', variables: { a: 1 } }, { query: '' }] },
        bodyLimitBytes: megabyte,
        responseLimitBytes: 2 * megabyte,
        maxDocumentTokens: 500,
        documents: { maxDepth: 30, maxFields: 10_000, maxAliases: 5000, introspection: true },
        tls: undefined,
        trusted: undefined,
        allowedHosts: ['cache.example', '10.0.0.1'],
        proxies: { trusted: ['10.0.0.0/8', '::1'], headers: 'forwarded' },
        limits: { maxOperations: 1, maxSubscriptions: 2, maxWebSockets: 3, maxOperationsPerWebSocket: 4 },
        timeouts: { headersMs: 1000, requestMs: 2000, keepAliveMs: 60_000, slowClientMs: 250, minBytesPerSecond: 1024 },
        cacheTags: { headers: ['cache-tag', 'surrogate-key'], maxBytes: 16 * 1024 },
      },
      log: { level: 'debug', logger },
      subgraph: { expose: ['admin', 'types'], maxRepresentations: 10_000, cacheTags: false, typeDefs: [] },
      invalidation: {
        endpoints: [
          {
            kind: 'webhook',
            name: 'webhook',
            url: 'https://cdn.example/purge',
            method: 'POST',
            headers: {},
            body: { tags: '{tags}' },
            separator: ' ',
            maxTags: 100,
            keyspaces: undefined,
          },
        ],
        windowMs: 0,
        timeoutMs: 1000,
        deadlineMs: 3_600_000,
        maxWaiting: 5,
      },
    })
    expect(defaultPolicy.maxBytes).toBe(2 ** 30)
  })

  it.each([
    ['nats://a:4222', ['nats://a:4222']],
    ['a:4222, tls://b', ['nats://a:4222', 'tls://b']],
    [
      ['nats://user:p@a', '[::1]:4222'],
      ['nats://user:p@a', 'nats://[::1]:4222'],
    ],
  ])('reads the NATS servers %j', (nats, expected) => {
    expect(resolveAnything({ cluster: { nats } }).cluster.nats).toEqual(expected)
  })

  it.each(['localhost', '127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1', 'LOCALHOST'])(
    'needs no auth to listen on %s',
    (host) => {
      expect(resolveAnything({ host }).host).toBe(host)
    },
  )

  it('may turn GraphiQL off and on', () => {
    expect(resolveAnything({ http: { graphiql: false } }).http.graphiql).toBe(false)
    expect(resolveAnything({ http: { graphiql: true } }).http.graphiql).toEqual({ tabs: [] })
  })
})

describe('a worker', () => {
  const config = {
    workers: 4,
    memoryLimit: '100mb',
    cluster: { nats: 'a', peerId: 'box' },
    keyspaces: { own: { maxBytes: '10mb', maxEntries: 1001 }, large: {}, tiny: { maxBytes: 3, maxValueBytes: 1 } },
  }

  it('is a peer of its own, with an equal part of what all may hold together', () => {
    const { cluster, memoryLimit, keyspaces, defaultPolicy } = resolveAnything(config, {
      worker: { number: 3, count: 4 },
    })
    expect(cluster.peerId).toBe('box-3')
    expect(memoryLimit).toBe(25 * 2 ** 20)
    expect(defaultPolicy.maxBytes).toBe(25 * 2 ** 20)
    expect(keyspaces.map(({ policy }) => [policy.maxBytes, policy.maxEntries])).toEqual([
      [2.5 * 2 ** 20, 250],
      [25 * 2 ** 20, Infinity],
      [1, Infinity],
    ])
  })

  it('may have too small a part', () => {
    const changes = { worker: { number: 1, count: 4 } }
    const values = { ...config, keyspaces: { large: { maxBytes: '10mb', maxValueBytes: '5mb' } } }
    expect(problemsOf(values).map(({ path }) => path)).toEqual([])
    expect(problemsOf(values, changes).map(({ path }) => path)).toEqual(['keyspaces.large.maxValueBytes'])
    expect(problemsOf({ ...config, memoryLimit: '3mb' }, changes).map(({ path }) => path)).toContain('memoryLimit')
  })

  it('has its part of the default that the heap has room for', () => {
    const worker = { number: 1, count: 4 }
    const { memoryLimit: _limit, ...others } = config
    expect(resolveAnything(others, { worker }).memoryLimit).toBe(128 * 2 ** 20)
    expect(resolveAnything(others, { worker, heapLimitBytes: 278 * 2 ** 20 }).memoryLimit).toBe(100 * 2 ** 20)
  })
})

describe('what is wrong', () => {
  const must = (path: string, message: string, received: unknown): object => ({ path, message, received })

  it.each<[string, unknown, object]>([
    ['no object', 'nonsense', must('config', 'must be an object; received "nonsense"', 'nonsense')],
    ['a list', [], must('config', 'must be an object; received a list of 0', [])],
    ['an unknown field', { prot: 1 }, must('prot', 'is no option. Did you mean "port"?; received 1', 1)],
    [
      'a port too high',
      { port: 65_536 },
      must('port', 'must be a whole number from 0 to 65535; received 65536', 65_536),
    ],
    [
      'a port that is text',
      { port: '80' },
      must('port', 'must be a whole number from 0 to 65535; received "80"', '80'),
    ],
    ['half a port', { port: 1.5 }, must('port', 'must be a whole number from 0 to 65535; received 1.5', 1.5)],
    ['null for a port', { port: null }, must('port', 'must be a whole number from 0 to 65535; received null', null)],
    [
      'a host with a port',
      { host: 'localhost:80' },
      must('host', 'must be an address or a host name, without port; received "localhost:80"', 'localhost:80'),
    ],
    ['an empty host', { host: '' }, must('host', 'must be an address or a host name, without port; received ""', '')],
    ['keyspaces as a list', { keyspaces: [] }, must('keyspaces', 'must be an object; received a list of 0', [])],
    [
      'a cluster name with a dot',
      { cluster: { name: 'a.b' } },
      must('cluster.name', 'must be 1 to 64 letters, digits, "-" and "_"; received "a.b"', 'a.b'),
    ],
    [
      'a peer id that is a number',
      { cluster: { peerId: 7 } },
      must('cluster.peerId', 'must be 1 to 64 letters, digits, "-" and "_"; received 7', 7),
    ],
    [
      'no NATS servers in the list',
      { cluster: { nats: [] } },
      must('cluster.nats', 'must name at least one server; received a list of 0', []),
    ],
    [
      'an HTTP server for NATS',
      { cluster: { nats: 'http://a' } },
      must(
        'cluster.nats',
        'must be the URL of a NATS server, such as nats://127.0.0.1:4222; received "http://a"',
        'http://a',
      ),
    ],
    [
      'a number among NATS servers',
      { cluster: { nats: ['nats://a', 5] } },
      must('cluster.nats[1]', 'must be the URL of a NATS server, such as nats://127.0.0.1:4222; received 5', 5),
    ],
    [
      'a discovery without methods',
      { cluster: { discovery: 'dns' } },
      must(
        'cluster.discovery',
        `must be 'nats', 'standalone' or a discovery provider: an object with the methods resolve and close; received "dns"`,
        'dns',
      ),
    ],
    [
      'peers to wait for and no way to meet them',
      { cluster: { minimumPeers: 3 } },
      must('cluster.minimumPeers', 'must be 1 without nats or discovery; received 3', 3),
    ],
    [
      'workers that cannot talk',
      { workers: 2 },
      must(
        'workers',
        'needs cluster.nats or cluster.discovery: each worker is a peer, and peers talk over NATS. Start a ' +
          'nats-server and name it with --nats, or leave it at 1; received 2',
        2,
      ),
    ],
    [
      'workers with no room for their numbers',
      { workers: 12, cluster: { nats: 'a', peerId: 'a'.repeat(62) } },
      must(
        'cluster.peerId',
        `must leave room for the number of a worker in 64 characters; received "${'a'.repeat(62)}"`,
        'a'.repeat(62),
      ),
    ],
    [
      'too many workers',
      { workers: 65, cluster: { nats: 'a' } },
      must('workers', 'must be a whole number from 1 to 64; received 65', 65),
    ],
    [
      'too long a wait for confirmations',
      { cluster: { confirmTimeout: '2m' } },
      must(
        'cluster.confirmTimeout',
        "must be a duration such as '250ms', '30s', '5m' or '1h', from 1ms to 1m; received \"2m\"",
        '2m',
      ),
    ],
    [
      'a memory limit without unit',
      { memoryLimit: '512' },
      must('memoryLimit', "must be a size such as '64kb', '256mb' or '2gb', at least 1mb; received \"512\"", '512'),
    ],
    [
      'a memory limit that the heap cannot hold',
      { memoryLimit: '8gb' },
      must(
        'memoryLimit',
        'needs a larger heap than the 4gb of this process: start Node with --max-old-space-size=12416, or lower it; ' +
          'received "8gb"',
        '8gb',
      ),
    ],
    [
      'keys too long',
      { maxKeyBytes: '1mb' },
      must('maxKeyBytes', "must be a size such as '64kb', '256mb' or '2gb', from 1b to 64kb; received \"1mb\"", '1mb'),
    ],
    [
      'no keys in a call',
      { maxKeysPerCall: 0 },
      must('maxKeysPerCall', 'must be a whole number from 1 to 100000; received 0', 0),
    ],
    [
      'a yes in words',
      { http: { graphiql: 'yes' } },
      must('http.graphiql', 'must be true or false; received "yes"', 'yes'),
    ],
    [
      'tabs that are no list',
      { http: { graphiql: { tabs: '{ a }' } } },
      must('http.graphiql.tabs', 'must be a list of queries, each as { query, variables? }; received "{ a }"', '{ a }'),
    ],
    [
      'a tab without a query',
      { http: { graphiql: { tabs: [{}] } } },
      must('http.graphiql.tabs[0].query', 'must be a GraphQL document; received nothing', undefined),
    ],
    [
      'variables that are no object',
      { http: { graphiql: { tabs: [{ query: '{ a }', variables: 'a' }] } } },
      must('http.graphiql.tabs[0].variables', 'must be an object; received "a"', 'a'),
    ],
    [
      'allowed hosts that are no list',
      { http: { allowedHosts: 'a' } },
      must('http.allowedHosts', 'must be a list of host names; received "a"', 'a'),
    ],
    [
      'an allowed host with a scheme',
      { http: { allowedHosts: ['a', 'http://b'] } },
      must('http.allowedHosts[1]', 'must be an address or a host name, without port; received "http://b"', 'http://b'),
    ],
    [
      'a level that is none',
      { log: { level: 'warning' } },
      must('log.level', "must be 'debug' or 'info' or 'warn' or 'error' or 'silent'; received \"warning\"", 'warning'),
    ],
    [
      'a logger that cannot warn',
      { log: { logger: { info: () => {} } } },
      must(
        'log.logger',
        'must be a logger: an object with the methods debug, info, warn, error, child; received an object with info',
        expect.anything(),
      ),
    ],
    [
      'exposed parts that are no list',
      { subgraph: { expose: 'admin' } },
      must('subgraph.expose', "must be a list of 'types', 'entries' and 'admin'; received \"admin\"", 'admin'),
    ],
    [
      'type definitions that are no text',
      { subgraph: { typeDefs: ['type A { a: ID! }', 5] } },
      must('subgraph.typeDefs', 'must be GraphQL SDL, or a list of it; received a list of 2', ['type A { a: ID! }', 5]),
    ],
    [
      'an exposed part that is none',
      { subgraph: { expose: ['types', 'entires'] } },
      must(
        'subgraph.expose[1]',
        "must be 'types' or 'entries' or 'admin'. Did you mean \"entries\"?; received \"entires\"",
        'entires',
      ),
    ],
    [
      'a source that is a function',
      { sources: { a: () => [] } },
      must(
        'sources.a',
        'must be a source; wrap a function with functionSource; received a function',
        expect.anything(),
      ),
    ],
    [
      'a source that is not awaited',
      { sources: { a: Promise.resolve(source) } },
      must(
        'sources.a',
        'must be a source: an object with a name and a method loadMany; received a promise',
        expect.anything(),
      ),
    ],
    [
      'a source without a name',
      { sources: { a: { loadMany: () => [] } } },
      must('sources.a', 'must be a source with a name; received an object with loadMany', expect.anything()),
    ],
    [
      'a source that can store but not delete',
      { sources: { a: { ...source, storeMany: () => [] } } },
      must(
        'sources.a',
        'must be a source with both or none of storeMany and deleteMany; received an object with name, loadMany, storeMany',
        expect.anything(),
      ),
    ],
    [
      'a source that starts with a number',
      { sources: { a: { ...source, start: 5 } } },
      must(
        'sources.a',
        'must be a source whose start is a method; received an object with name, loadMany, start',
        expect.anything(),
      ),
    ],
    [
      'a name with a space',
      { sources: { 'a b': source } },
      must(
        'sources["a b"]',
        'must have a name made of a letter, then up to 63 letters, digits, "_", "." and "-"; received "a b"',
        'a b',
      ),
    ],
  ])('is told of %s', (_what, config, expected) => {
    expect(problemsOf(config)).toEqual([expected])
  })

  it('is told of nats beside discovery', () => {
    const discovery = { name: 'own', resolve: () => Promise.resolve([]), close: () => Promise.resolve() }
    expect(problemsOf({ cluster: { nats: 'nats://a', discovery } })).toEqual([
      expect.objectContaining({
        path: 'cluster.discovery',
        message: expect.stringContaining('must not be given together with nats'),
      }),
    ])
  })

  it.each(['0.0.0.0', '::', 'cache.example', '10.0.0.1', 'localhost.example', '127.example'])(
    'is told of %s without auth',
    (host) => {
      expect(problemsOf({ host })).toEqual([
        {
          path: 'auth',
          message:
            `must be given when host is ${host}, which other machines can reach. Write auth: 'none' to let everyone ` +
            'who can reach it read, write and administer the cache; received nothing',
          received: undefined,
        },
      ])
    },
  )

  it('is told all at once, in the order in which it is read', () => {
    const problems = problemsOf({
      port: -1,
      host: '0.0.0.0',
      memoryLimit: '10 gb',
      cluster: { name: '', peers: 3 },
      sources: { a: 1 },
      keyspaces: { cities: { source: 'b', ttl: '10 minutes' }, lakes: null },
      colour: 'red',
    })
    expect(problems.map(({ path }) => path)).toEqual([
      'colour',
      'port',
      'sources.a',
      'memoryLimit',
      'keyspaces.cities.source',
      'keyspaces.cities.ttl',
      'keyspaces.lakes',
      'auth',
      'cluster.peers',
      'cluster.name',
    ])
  })

  it('is one error, whose message has a line for each', () => {
    expect(() => resolveAnything({ port: -1, host: '' })).toThrow(
      new ConfigError([
        { path: 'port', message: 'must be a whole number from 0 to 65535; received -1', received: -1 },
        { path: 'host', message: 'must be an address or a host name, without port; received ""', received: '' },
      ]),
    )
  })

  it('says which flag or variable it came from, and what was found wrong before', () => {
    const before = { path: '--http', message: 'must be NAME=URL_TEMPLATE', received: 'a' }
    const origins = new Map([['port', 'FEDCACHE_PORT']])
    expect(problemsOf({ port: 'abc' }, { origins, problems: [before] })).toEqual([
      before,
      {
        path: 'port',
        message: 'must be a whole number from 0 to 65535; received "abc" (from FEDCACHE_PORT)',
        received: 'abc',
      },
    ])
  })

  it('is not looked for in what a config has inherited', () => {
    expect(resolveAnything(Object.create({ colour: 'red' })).port).toBe(context.processId === 0 ? 0 : 4000)
  })
})

describe('secrets', () => {
  it.each<[string, unknown]>([
    ['in a URL', { cluster: { nats: 'http://user:hunter2@a:4222' } }],
    ['in a URL with an unescaped password', { cluster: { nats: 'http://user:hun/ter@hunter2@a' } }],
    ['in one URL of several', { cluster: { nats: ['nats://a', 'x://user:hunter2@b'] } }],
    ['without a scheme', { host: 'user:hunter2@a' }],
    ['in a query', { host: 'http://a/?key=hunter2&b=hunter2' }],
    ['in a field that sounds secret', { cluster: { password: 'hunter2', authToken: 'hunter2', apiKey: 'hunter2' } }],
    ['in an object', { port: { secret: 'hunter2' } }],
    ['in a list', { host: ['http://user:hunter2@a'] }],
    ['for auth', { auth: 'hunter2' }],
  ])('are not printed: %s', (_where, config) => {
    const problems = problemsOf(config)
    expect(problems).not.toEqual([])
    const texts = problems.map(({ message, received }) => (typeof received === 'string' ? message + received : message))
    expect(texts.join()).not.toContain('hunter2')
  })
})
