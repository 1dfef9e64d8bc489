import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createFedcache, type Config, type Fedcache, functionSource, type InvalidationConfig } from 'fedcache'
import { InvalidationReceiver, type ReceivedRequest, RouterCache } from '../support/invalidation-receiver.ts'
import { type Answer, post } from '../support/served-cache.ts'

interface TaggedAnswer extends Answer {
  readonly extensions?: {
    readonly apolloCacheTags?: readonly string[]
    readonly apolloEntityCacheTags?: readonly (readonly string[])[]
  }
}

const running: Fedcache[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((fedcache) => fedcache.stop()))
})

function open(config: Config): Fedcache {
  const fedcache = createFedcache({ memoryLimit: '16mb', log: { level: 'silent' }, ...config })
  running.push(fedcache)
  return fedcache
}

async function ask(fedcache: Fedcache, query: string, headers = {}, variables = {}): Promise<TaggedAnswer> {
  const answer = (await (await fedcache.fetch(post({ query, variables }, headers))).json()) as Answer
  expect(answer.errors).toBeUndefined()
  return answer
}

const put = (key: string, keyspace = 'notes') =>
  `mutation { putEntry(input: { keyspace: "${keyspace}", key: "${key}", value: 1 }) { entry { key } } }`

/** What `/metrics` says of the bridge, by name without prefix. */
async function numbers(fedcache: Fedcache): Promise<Readonly<Record<string, number>>> {
  const text = await (await fedcache.fetch(new Request('http://localhost/metrics'))).text()
  const lines = text.matchAll(/^fedcache_invalidation_(\w+)\{endpoint="[\w.-]+"\} (\d+)$/gm)
  return Object.fromEntries(Array.from(lines, ([, name, number]) => [name!, Number(number)]))
}

const tagsIn = ({ body }: ReceivedRequest) => (JSON.parse(body) as { tags: string[] }).tags
const webhook = (url: string) => ({ kind: 'webhook', url }) as const

describe('a webhook', () => {
  test('is told of every kind of change, with the tags of answers, as configured', async () => {
    await using receiver = await InvalidationReceiver.start()
    vi.stubEnv('PURGE_TOKEN', 'from the environment')
    const endpoint = {
      kind: 'webhook',
      url: `${receiver.url}/purge/{tags}?soft=1`,
      method: 'PURGE',
      headers: { 'X-Token': { env: 'PURGE_TOKEN' }, 'Surrogate-Key': '{tags}' },
      body: { tags: '{tags}', files: [{ prefixes: 'all: {tags}' }], purge: true, none: null },
      separator: '|',
    } as const
    const fedcache = open({ keyspaces: { notes: {}, others: {} }, invalidation: { endpoints: [endpoint], window: 0 } })
    const told = async (mutation: string) => {
      const before = receiver.taken.length
      await ask(fedcache, mutation)
      await receiver.until(() => receiver.taken.length > before)
      return tagsIn(receiver.taken.at(-1)!)
    }
    expect(await told(put('a, b'))).toEqual(['notes/a%2C%20b'])
    expect(receiver.taken[0]).toMatchObject({
      method: 'PURGE',
      path: '/purge/notes%2Fa%252C%2520b?soft=1',
      headers: {
        'x-token': 'from the environment',
        'surrogate-key': 'notes/a%2C%20b',
        'content-type': 'application/json',
      },
    })
    const entries = '[{ key: "1", value: 1 }, { key: "", value: 1 }, { key: "2", value: 2 }]'
    expect(
      await told(`mutation { putEntries(input: { keyspace: "notes", entries: ${entries} }) { entries { key } } }`),
    ).toEqual(['notes/1', 'notes/2'])
    expect(JSON.parse(receiver.taken[1]!.body)).toEqual({
      tags: ['notes/1', 'notes/2'],
      files: [{ prefixes: 'all: notes/1|notes/2' }],
      purge: true,
      none: null,
    })
    expect(await told('mutation { deleteEntry(input: { keyspace: "notes", key: "1" }) { key } }')).toEqual(['notes/1'])
    expect(await told('mutation { deleteEntries(input: { keyspace: "notes", keys: ["3", "4"] }) { keys } }')).toEqual([
      'notes/3',
      'notes/4',
    ])
    expect(
      await told('mutation { invalidateTags(input: { keyspace: "notes", tags: ["a b", "北"] }) { tags } }'),
    ).toEqual(['a%20b', '%E5%8C%97'])
    expect(await told('mutation { clearKeyspace(input: { name: "notes" }) { keyspace { name } } }')).toEqual(['notes'])
    expect(await told('mutation { deleteKeyspaces(input: { names: ["notes", "others"] }) { names } }')).toEqual([
      'notes',
      'others',
    ])
  })

  test('is told nothing of writes that failed, and of those whose end is unknown', async () => {
    await using receiver = await InvalidationReceiver.start()
    const source = functionSource({
      loadMany: (keys) => keys.map(() => null),
      storeMany: async (requests) =>
        requests.map(({ key }) => {
          const error = new Error('refused')
          return key === 'refused' ? Object.assign(error, { outcome: 'NONE' }) : error
        }),
      deleteMany: async (keys) => keys.map(() => undefined),
    })
    const fedcache = open({
      keyspaces: { rows: { source } },
      invalidation: { endpoints: [webhook(receiver.url)], window: 0 },
    })
    await fedcache.fetch(post({ query: put('refused', 'rows') }))
    await fedcache.fetch(post({ query: put('unknown', 'rows') }))
    await receiver.until(() => receiver.taken.length === 1)
    expect(tagsIn(receiver.taken[0]!)).toEqual(['rows/unknown'])
  })

  test('is told of the keyspaces that it was configured for', async () => {
    await using receiver = await InvalidationReceiver.start()
    const fedcache = open({
      keyspaces: { notes: {}, sessions: {} },
      invalidation: { endpoints: [{ ...webhook(receiver.url), keyspaces: ['notes'] }], window: 0 },
    })
    await ask(fedcache, put('a', 'sessions'))
    await ask(fedcache, put('b'))
    // What waits is sent then.
    await fedcache.stop()
    expect(receiver.taken.map(tagsIn)).toEqual([['notes/b']])
  })

  test('may be told in text, or in nothing but headers', async () => {
    await using receiver = await InvalidationReceiver.start()
    const endpoints = [
      { kind: 'webhook', name: 'text', url: `${receiver.url}/text`, body: 'drop {tags}' },
      {
        kind: 'webhook',
        name: 'none',
        url: `${receiver.url}/none`,
        body: false,
        headers: { 'content-type': 'x/y', 'xkey-purge': '{tags}' },
      },
      { kind: 'webhook', name: 'get', url: `${receiver.url}/get?keys={tags}`, method: 'GET' },
    ] as const
    const fedcache = open({ keyspaces: { notes: {} }, invalidation: { endpoints, window: 0 } })
    await ask(fedcache, put('a'))
    await receiver.until(() => receiver.taken.length === 3)
    const byPath = new Map(receiver.taken.map((request) => [request.path, request]))
    expect(byPath.get('/text')).toMatchObject({
      body: 'drop notes/a',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
    })
    expect(byPath.get('/none')).toMatchObject({ body: '', headers: { 'content-type': 'x/y', 'xkey-purge': 'notes/a' } })
    expect(byPath.get('/get?keys=notes%2Fa')).toMatchObject({ method: 'GET', body: '' })
  })

  test('gets a secret of a file anew for every request', async () => {
    await using receiver = await InvalidationReceiver.start()
    const directory = await mkdtemp(join(tmpdir(), 'fedcache-secret-'))
    const file = join(directory, 'token')
    const endpoint = { ...webhook(receiver.url), headers: { authorization: { file } } }
    const config = { keyspaces: { notes: {} }, invalidation: { endpoints: [endpoint], window: 0 } }
    await expect(open(config).fetch(post({ query: '{ __typename }' }))).rejects.toThrow(file)
    await writeFile(file, 'one\n')
    const fedcache = open(config)
    await ask(fedcache, put('a'))
    await receiver.until(() => receiver.taken.length === 1)
    await writeFile(file, 'two\n')
    await ask(fedcache, put('b'))
    await receiver.until(() => receiver.taken.length === 2)
    expect(receiver.taken.map(({ headers }) => headers.authorization)).toEqual(['one', 'two'])
    await rm(directory, { recursive: true })
  })
})

describe('an endpoint of one’s own', () => {
  test('is told of the tags as they are', async () => {
    let told = (_tags: readonly string[]): void => {}
    const tags = new Promise<readonly string[]>((resolve) => (told = resolve))
    const invalidate = (given: readonly string[]) => Promise.resolve(told(given))
    const fedcache = open({ keyspaces: { notes: {} }, invalidation: { endpoints: [{ name: 'own', invalidate }] } })
    await ask(fedcache, put('北 京'))
    expect(await tags).toEqual(['notes/北 京'])
  })
})

describe('an endpoint that is away', () => {
  const limits: Partial<InvalidationConfig> = { window: 0, timeout: '200ms' }

  test.each([
    ['fails', { status: 503 }],
    ['wants another key', { status: 401 }],
    ['never answers', 'hang'],
    ['cuts connections', 'cut'],
  ] as const)('and %s holds up no mutation, and hears of everything when it is back', async (_name, mode) => {
    await using receiver = await InvalidationReceiver.start()
    receiver.mode = mode
    const lines: { msg: string; fields: object }[] = []
    const write = (fields: object, msg: string) => void lines.push({ msg, fields })
    const logger = { debug: () => {}, info: write, warn: write, error: write, child: () => logger }
    const fedcache = open({
      log: { logger },
      keyspaces: { notes: {} },
      invalidation: { endpoints: [webhook(`${receiver.url}/?secret=hunter2`)], ...limits },
    })
    // Every one of these is answered while the endpoint has taken nothing.
    for (const key of ['a', 'b', 'c']) await ask(fedcache, put(key))
    await receiver.until(() => receiver.refused.length >= 2)
    expect(receiver.taken).toEqual([])
    expect(await numbers(fedcache)).toMatchObject({ sent_tags_total: 0, dropped_tags_total: 0, waiting_tags: 3 })
    await ask(fedcache, put('d'))
    receiver.mode = 'take'
    await receiver.until(() => receiver.taken.flatMap(tagsIn).length >= 4)
    expect(new Set(receiver.taken.flatMap(tagsIn))).toEqual(new Set(['notes/a', 'notes/b', 'notes/c', 'notes/d']))
    await vi.waitFor(async () => expect(await numbers(fedcache)).toMatchObject({ sent_tags_total: 4, waiting_tags: 0 }))
    const { failed_requests_total: failed, retried_requests_total: retried } = await numbers(fedcache)
    expect(failed).toBeGreaterThanOrEqual(2)
    expect(retried).toBeGreaterThanOrEqual(2)
    const told = lines.filter(({ msg }) => msg.includes('invalidations'))
    expect(told.map(({ msg }) => msg)).toEqual([
      'an endpoint did not take invalidations; trying on',
      'an endpoint takes invalidations again',
    ])
    expect(String(Object.entries(told[0]!.fields).flat())).not.toContain('hunter2')
  })

  test('and slow is told of what gathers meanwhile, in one request', async () => {
    let take = (): void => {}
    const requests: (readonly string[])[] = []
    const invalidate = (tags: readonly string[]) => {
      requests.push(tags)
      return requests.length === 1 ? new Promise<void>((resolve) => (take = resolve)) : Promise.resolve()
    }
    const fedcache = open({
      keyspaces: { notes: {} },
      invalidation: { endpoints: [{ name: 'slow', invalidate }], window: 0 },
    })
    await ask(fedcache, put('first'))
    await vi.waitFor(() => expect(requests).toHaveLength(1))
    for (let index = 0; index < 50; index++) await ask(fedcache, put(`${index}`))
    expect(requests).toHaveLength(1)
    take()
    await vi.waitFor(() => expect(requests).toHaveLength(2))
    expect(requests[1]).toHaveLength(50)
  })

  test('loses the oldest of more than may wait, and counts them', async () => {
    await using receiver = await InvalidationReceiver.start()
    receiver.mode = { status: 500 }
    const fedcache = open({
      keyspaces: { notes: {} },
      invalidation: { endpoints: [webhook(receiver.url)], ...limits, maxWaiting: 10 },
    })
    const entries = Array.from({ length: 25 }, (_, index) => `{ key: "${index}", value: 1 }`)
    await ask(
      fedcache,
      `mutation { putEntries(input: { keyspace: "notes", entries: [${entries.join()}] }) { errors { key } } }`,
    )
    expect(await numbers(fedcache)).toMatchObject({ dropped_tags_total: 15, waiting_tags: 10 })
    receiver.mode = 'take'
    await receiver.until(() => receiver.taken.length > 0)
    expect(tagsIn(receiver.taken[0]!)).toEqual(Array.from({ length: 10 }, (_, index) => `notes/${index + 15}`))
  })

  test('is told at the end of what waits, unless it does not take it then', async () => {
    await using receiver = await InvalidationReceiver.start()
    const config = {
      keyspaces: { notes: {} },
      invalidation: { endpoints: [webhook(receiver.url)], window: '10s', timeout: '60s' },
    } as const
    const fedcache = open(config)
    await ask(fedcache, put('a'))
    expect(receiver.taken).toEqual([])
    await fedcache.stop()
    expect(receiver.taken.map(tagsIn)).toEqual([['notes/a']])

    receiver.mode = 'hang'
    const other = open(config)
    await ask(other, put('b'))
    const before = performance.now()
    await other.stop()
    // Three seconds for it, and the rest for the machine; without a deadline it would be a minute.
    expect(performance.now() - before).toBeLessThan(20_000)
    expect(receiver.refused.map(tagsIn)).toEqual([['notes/b']])
  })
})

describe('Apollo Router', () => {
  const sharedKey = 'shared'
  const typeDefs = `
    type Product
      @key(fields: "id") @keyspace(name: "products", many: "products")
      @key(fields: "tenant sku") @keyspace(name: "bySku", key: "{tenant}/{sku}")
    {
      id: ID
      tenant: ID
      sku: ID
      brand: Brand @entry(key: "brand")
    }
    type Brand @key(fields: "name") @keyspace(name: "brands") { name: ID! }
  `
  const source = functionSource({ loadMany: (keys) => keys.map((key) => ({ brand: `b-${key}`, of: key })) })

  async function opened() {
    const cache = new RouterCache(sharedKey, 'fedcache')
    const receiver = await InvalidationReceiver.start((request) => cache.answer(request))
    const fedcache = open({
      keyspaces: {
        products: { source, tags: (key) => [`shelf ${key}`] },
        bySku: { source },
        brands: { source },
        notes: {},
      },
      subgraph: { typeDefs, cacheTags: true, expose: ['types', 'entries'] },
      invalidation: {
        endpoints: [
          { kind: 'apollo-router', url: `${receiver.url}/invalidation`, sharedKey, subgraph: ['fedcache', 'other'] },
        ],
        window: 0,
      },
    })
    return { cache, receiver, fedcache }
  }

  test('is told in its own words', async () => {
    const { receiver, fedcache } = await opened()
    await using _closing = receiver
    await ask(fedcache, put('a'))
    await receiver.until(() => receiver.taken.length === 1)
    expect(receiver.taken[0]).toMatchObject({
      method: 'POST',
      path: '/invalidation',
      headers: { authorization: 'shared', 'content-type': 'application/json' },
      body: '[{"kind":"cache_tag","subgraphs":["fedcache","other"],"cache_tag":"notes/a"}]',
    })
  })

  const entryId = (keyspace: string, key: string) => Buffer.from(JSON.stringify([keyspace, key])).toString('base64url')
  const references = {
    'by id': { __typename: 'Product', id: '1' },
    'by id, another': { __typename: 'Product', id: '2' },
    'by tenant and sku': { __typename: 'Product', tenant: 'a/b', sku: 'c 北' },
    brand: { __typename: 'Brand', name: 'x' },
    'entry by keyspace and key': { __typename: 'Entry', keyspace: 'products', key: '1' },
    'entry by id': { __typename: 'Entry', id: entryId('products', '1') },
  }
  type Name = keyof typeof references
  const all = Object.keys(references) as Name[]
  const ofProduct1: readonly Name[] = ['by id', 'entry by keyspace and key', 'entry by id']

  test.each<[what: string, mutation: string, gone: readonly Name[]]>([
    [
      'a deleted entry of a type, by either key of Entry',
      'deleteEntry(input: { keyspace: "products", key: "1" }) { key }',
      ofProduct1,
    ],
    [
      'an entry with a key of several fields',
      `deleteEntry(input: { keyspace: "bySku", key: "${encodeURIComponent('a/b')}/${encodeURIComponent('c 北')}" }) { key }`,
      ['by tenant and sku'],
    ],
    [
      'an entry that others refer to',
      'putEntry(input: { keyspace: "brands", key: "b-1", value: {} }) { entry { key } }',
      ['by id'],
    ],
    ['a tag', 'invalidateTags(input: { keyspace: "products", tags: ["shelf 1"] }) { tags }', ofProduct1],
    [
      'a keyspace',
      'clearKeyspace(input: { name: "products" }) { keyspace { name } }',
      [...ofProduct1, 'by id, another'],
    ],
    ['what it has nothing of', 'deleteEntry(input: { keyspace: "products", key: "3" }) { key }', []],
  ])('drops what it keeps of %s, and nothing else', async (_what, mutation, gone) => {
    const { cache, receiver, fedcache } = await opened()
    await using _closing = receiver
    const query = `query ($of: [_Any!]!) { _entities(representations: $of) {
      ... on Product { id brand { name } } ... on Brand { name } ... on Entry { value } } }`
    const { data, extensions } = await ask(fedcache, query, {}, { of: Object.values(references) })
    cache.keep(all, data._entities, extensions?.apolloEntityCacheTags ?? [])
    expect(cache.size).toBe(all.length)
    await ask(fedcache, `mutation { ${mutation} }`)
    await receiver.until(() => receiver.taken.length === 1)
    expect(all.filter((name) => !cache.has(name)).toSorted()).toEqual([...gone].toSorted())
  })
})

describe('a keyspace with a part for every caller', () => {
  test('is named as callers name it', async () => {
    await using receiver = await InvalidationReceiver.start()
    const fedcache = open({
      auth: { tokens: [{ token: 't', scopes: ['*'], claims: { tenant: 'acme/x' } }] },
      keyspaces: { notes: { partition: ({ claims }) => String(claims?.['tenant']) } },
      subgraph: { cacheTags: true },
      invalidation: { endpoints: [webhook(receiver.url)], window: 0 },
    })
    const headers = { authorization: 'Bearer t' }
    await ask(
      fedcache,
      'mutation { putEntry(input: { keyspace: "notes", key: "a/b", value: 1, tags: ["t/u"] }) { entry { key } } }',
      headers,
    )
    await receiver.until(() => receiver.taken.length === 1)
    const { extensions } = await ask(fedcache, '{ entry(keyspace: "notes", key: "a/b") { key } }', headers)
    expect(extensions?.apolloCacheTags).toEqual(['notes', 'notes/a/b', 't/u'])
    expect(tagsIn(receiver.taken[0]!)).toEqual(['notes/a/b'])
    await ask(fedcache, 'mutation { invalidateTags(input: { keyspace: "notes", tags: ["t/u"] }) { tags } }', headers)
    await receiver.until(() => receiver.taken.length === 2)
    expect(tagsIn(receiver.taken[1]!)).toContain('t/u')
  })
})
