import { afterEach, describe, expect, it } from 'vitest'
import { sourceEntry } from '../../../src/ports/index.ts'
import { type ServedCache, post, recordingSource } from '../../support/served-cache.ts'
import { typedCache } from '../../support/typed-cache.ts'

let cache: ServedCache

afterEach(async () => {
  await cache.stop()
})

/** Values that live as many minutes as their key says. */
const byMinutes = (): ReturnType<typeof recordingSource> =>
  recordingSource((keys) =>
    keys.map((key) => {
      if (key === 'missing') return null
      if (key === 'broken') return new Error('secret reason')
      return sourceEntry({ name: key, other: 'pub' }, key === 'ever' ? {} : { ttlMs: Number(key) * 60_000 })
    }),
  )

const types = `
  type Thing @key(fields: "id") @keyspace(name: "things", one: "thing", many: "things") {
    id: ID!
    name: String!
    other: Public @entry(key: "other")
  }
  type Public @key(fields: "id") @keyspace(name: "public", one: "public") { id: ID! }
`

function open(): void {
  const shared = recordingSource((keys) => keys.map((id) => sourceEntry({ id }, { ttlMs: 3 * 60_000 })))
  cache = typedCache(
    { things: { source: byMinutes(), ttlMs: Infinity }, public: { source: shared, cacheScope: 'public' } },
    types,
  )
}

type Send = (request: Request) => Promise<Response>

/** The two ways to an answer: prepared operations, which only sockets take, and the general handler. */
const lanes: readonly [string, () => Promise<Send>][] = [
  ['general', () => Promise.resolve((request) => cache.fetch(request))],
  [
    'prepared',
    async () => {
      const { url } = await cache.server.listen()
      return async (request) => {
        const { search } = new URL(request.url)
        const { method, headers } = request
        return fetch(url + search, { method, headers, ...(method === 'POST' ? { body: await request.text() } : {}) })
      }
    },
  ],
]

const get = (query: string, headers: Readonly<Record<string, string>> = {}) =>
  new Request(`http://localhost/graphql?query=${encodeURIComponent(query)}`, { headers })

describe.each(lanes)('Cache-Control (%s)', (_name, sendOf) => {
  const controlOf = async (send: Send, query: string): Promise<string | null> => {
    const response = await send(post({ query }))
    await response.text()
    return response.headers.get('cache-control')
  }

  it('is the least remaining lifetime, of the narrowest scope', async () => {
    open()
    const send = await sendOf()
    // It was loaded a moment ago, which may be part of the first second or not.
    expect(await controlOf(send, '{ thing(id: 2) { name } }')).toMatch(/^private, max-age=1(1\d|20)$/)
    expect(await controlOf(send, '{ things(ids: [2, 1, "ever"]) { name } }')).toMatch(/^private, max-age=(5\d|60)$/)
    expect(await controlOf(send, '{ thing(id: "ever") { name } }')).toBe('private, max-age=31536000')
    expect(await controlOf(send, '{ public(id: "a") { id } }')).toMatch(/^public, max-age=1(7\d|80)$/)
    expect(await controlOf(send, '{ thing(id: 10) { other { id } } }')).toMatch(/^private, max-age=1(7\d|80)$/)
    expect(await controlOf(send, '{ entries(keyspace: "public", keys: ["a"]) { value } }')).toMatch(
      /^public, max-age=1(7\d|80)$/,
    )
    expect(await controlOf(send, '{ entries(keyspace: "things", keys: ["1", "missing"]) { value } }')).toBe(
      'private, max-age=0',
    )
  })

  it.each([
    '{ thing(id: "broken") { name } }',
    '{ entry(keyspace: "things", key: "1") { value servedFrom } }',
    '{ entry(keyspace: "things", key: "1") { value age } }',
    '{ entry(keyspace: "things", key: "1") { value ttl } }',
    '{ entry(keyspace: "things", key: "1") { value owner { id } } }',
    '{ thing(id: 1) { name } keyspace(name: "things") { stats { hits } } }',
    '{ thing(id: 1) { name } keyspaces { name } }',
    '{ thing(id: 1) { name } cluster { name } }',
    '{ __typename }',
    '{ _service { sdl } }',
    '{ nonsense }',
    'mutation { putEntry(input: { keyspace: "things", key: "1", value: {} }) { entry { value } } }',
  ])('is no-store for %s', async (query) => {
    open()
    const send = await sendOf()
    expect(await controlOf(send, query)).toBe('no-store')
  })

  it('is no-store for what is stale', async () => {
    let loads = 0
    const source = recordingSource(() => {
      loads += 1
      if (loads > 1) throw new Error('gone')
      return [sourceEntry({ id: 'a' }, { ttlMs: 1 })]
    })
    cache = typedCache({ things: { source, staleIfErrorMs: 60_000 }, public: {} }, types)
    const send = await sendOf()
    expect(await controlOf(send, '{ entry(keyspace: "things", key: "a") { value } }')).toBe('private, max-age=0')
    await expect.poll(() => controlOf(send, '{ entry(keyspace: "things", key: "a") { value } }')).toBe('no-store')
  })

  it('goes with a tag by which a GET is answered 304', async () => {
    open()
    const send = await sendOf()
    const query = '{ thing(id: 2) { name } }'
    const first = await send(get(query))
    const body = await first.text()
    const tag = String(first.headers.get('etag'))
    expect(first.headers.get('vary')).toBe('accept, x-fedcache, authorization, cookie')
    expect(tag).toMatch(/^"[\w-]+"$/)
    expect(body).toBe('{"data":{"thing":{"name":"2"}}}')
    const second = await send(get(query, { 'if-none-match': `"other", W/${tag}` }))
    expect([second.status, await second.text(), second.headers.get('etag')]).toEqual([304, '', tag])
    expect(second.headers.get('cache-control')).toMatch(/^private, max-age=1(1\d|20)$/)
    const changed = await send(get('{ thing(id: 3) { name } }', { 'if-none-match': tag }))
    expect(changed.status).toBe(200)
    const posted = await send(post({ query }, { 'if-none-match': tag }))
    expect([posted.status, posted.headers.get('etag')]).toEqual([200, null])
    const unkept = await send(get('{ cluster { name } }', { 'if-none-match': '*' }))
    expect([unkept.status, unkept.headers.get('etag')]).toEqual([200, null])
  })

  it('goes with the tags of what was read, as far as they fit; without them no shared cache may keep it', async () => {
    const shared = recordingSource((keys) =>
      keys.map((id) => sourceEntry({ id }, { ttlMs: 3 * 60_000, tags: ['a b'] })),
    )
    cache = typedCache({ things: {}, public: { source: shared, cacheScope: 'public' } }, types, {
      cacheTags: { headers: ['cache-tag', 'surrogate-key'], maxBytes: 64 },
    })
    const send = await sendOf()
    const headersOf = async (request: Request) => {
      const { headers } = await send(request)
      return [headers.get('cache-control')?.split(',')[0], headers.get('cache-tag'), headers.get('surrogate-key')]
    }
    const of = (key: string) => `{ entry(keyspace: "public", key: "${key}") { key } }`
    const fitting = ['public', 'public,public/1,a%20b', 'public public/1 a%20b']
    expect(await headersOf(post({ query: of('1') }))).toEqual(fitting)
    expect(await headersOf(get('{ public(id: "1") { id } }'))).toEqual(fitting)
    expect(await headersOf(post({ query: of('x,北') }))).toEqual([
      'public',
      'public,public/x%2C%E5%8C%97,a%20b',
      'public public/x%2C%E5%8C%97 a%20b',
    ])
    // With the key of 44 bytes they are as long as may be.
    expect((await headersOf(post({ query: of('k'.repeat(44)) })))[1]).toHaveLength(64)
    expect(await headersOf(post({ query: of('k'.repeat(45)) }))).toEqual(['private', null, null])
    expect(await headersOf(post({ query: '{ entry(keyspace: "public", key: "1") { age } }' }))).toEqual([
      'no-store',
      null,
      null,
    ])
    expect(await headersOf(post({ query: '{ entry(keyspace: "things", key: "1") { key } }' }))).toEqual([
      'private',
      null,
      null,
    ])
  })

  it('goes on request with what the answer was made of', async () => {
    open()
    const send = await sendOf()
    const report = async (query: string, headers: Readonly<Record<string, string>>): Promise<string | null> => {
      const response = await send(post({ query }, headers))
      await response.text()
      return response.headers.get('x-fedcache')
    }
    const query = '{ things(ids: [1, 2, "missing"]) { name other { id } } }'
    const asking = { 'x-fedcache': '1' }
    expect(await report(query, asking)).toBe('hits=0, near=0, peer=0, loads=3, stale=0, notfound=1')
    // One of them is read twice: as what was asked for, and as what another refers to.
    expect(await report(query, asking)).toBe('hits=4, near=0, peer=0, loads=0, stale=0, notfound=1')
    expect(await report('{ things(ids: [1, "broken"]) { name } }', asking)).toContain('hits=1,')
    expect(await report(query, {})).toBeNull()
  })
})
