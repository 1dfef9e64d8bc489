import { afterEach, describe, expect, it } from 'vitest'
import { type ServedCache, codesOf, recordingSource, servedCache } from '../../support/served-cache.ts'

let cache: ServedCache

afterEach(async () => {
  await cache.stop()
})

const byKey = (): ReturnType<typeof recordingSource> =>
  recordingSource((keys) =>
    keys.map((key) => {
      if (key === 'missing') return null
      return key === 'broken' ? new Error('secret reason') : { key }
    }),
  )

describe('entries', () => {
  it('answers by position: entries, null for what the source has not, null and an error for what fails', async () => {
    cache = servedCache({ things: { source: byKey() } })
    const answer = await cache.graphql(
      `{ entries(keyspace: "things", keys: ["a", "missing", "broken", "b", "a"]) { key value } }`,
    )
    expect(answer.data.entries).toEqual([
      { key: 'a', value: { key: 'a' } },
      null,
      null,
      { key: 'b', value: { key: 'b' } },
      { key: 'a', value: { key: 'a' } },
    ])
    expect(answer.errors).toHaveLength(1)
    expect(answer.errors?.[0]).toMatchObject({ path: ['entries', 2], extensions: { code: 'SOURCE_FAILED' } })
    expect(JSON.stringify(answer)).not.toContain('secret reason')
  })

  it('fails as a whole, and alone, for an unknown keyspace', async () => {
    cache = servedCache({ things: { source: byKey() } })
    const answer = await cache.graphql(`{
      keyspaces { name }
      entry(keyspace: "nothing", key: "a") { key }
    }`)
    expect(answer.data).toEqual({ keyspaces: [{ name: 'things' }], entry: null })
    expect(codesOf(answer)).toEqual(['KEYSPACE_NOT_FOUND'])
    expect(answer.errors?.[0]?.extensions).not.toHaveProperty('outcome')
  })

  it('needs no promise for what is in memory', async () => {
    cache = servedCache({ things: { source: byKey() } })
    await cache.engine.getMany('things', ['a', 'b'])
    const { entryResolvers } = await import('../../../resolvers/entry.ts')
    const { resolverContext } = await import('../../../resolvers/context.ts')
    const resolve = entryResolvers.Query.entries as (...args: readonly unknown[]) => unknown
    const result = resolve({}, { keyspace: 'things', keys: ['a', 'b'] }, resolverContext(cache.engine))
    expect(result).toMatchObject([{ key: 'a' }, { key: 'b' }])
  })
})

describe('entry', () => {
  it('reads all entries of a request in one call per keyspace, each key once', async () => {
    const one = byKey()
    const other = byKey()
    cache = servedCache({ one: { source: one }, other: { source: other } })
    const reads: unknown[] = []
    const { getMany } = cache.engine
    cache.engine.getMany = (keyspace, keys, options) => {
      reads.push([keyspace, keys])
      return getMany.call(cache.engine, keyspace, keys, options)
    }
    const answer = await cache.graphql(`{
      a: entry(keyspace: "one", key: "a") { value }
      again: entry(keyspace: "one", key: "a") { key }
      b: entry(keyspace: "one", key: "b") { key }
      c: entry(keyspace: "other", key: "c") { key }
    }`)
    expect(answer.data).toMatchObject({ a: { value: { key: 'a' } }, again: { key: 'a' }, b: { key: 'b' } })
    expect(reads).toEqual([
      ['one', ['a', 'b']],
      ['other', ['c']],
    ])
    expect(one.calls).toEqual([['a', 'b']])
    expect(other.calls).toEqual([['c']])
  })

  it('fails alone, with its path', async () => {
    cache = servedCache({ things: { source: byKey() } })
    const answer = await cache.graphql(`{
      good: entry(keyspace: "things", key: "a") { key }
      bad: entry(keyspace: "things", key: "broken") { key }
      empty: entry(keyspace: "things", key: "") { key }
      none: entry(keyspace: "things", key: "missing") { key }
    }`)
    expect(answer.data).toEqual({ good: { key: 'a' }, bad: null, empty: null, none: null })
    expect(answer.errors?.map(({ path, extensions }) => [path, extensions['code']]).toSorted()).toEqual([
      [['bad'], 'SOURCE_FAILED'],
      [['empty'], 'BAD_USER_INPUT'],
    ])
  })

  it('takes more aliases than one call to the engine takes keys', async () => {
    cache = servedCache({ things: { source: byKey() } }, { documents: { maxAliases: 1200 } })
    const fields = Array.from({ length: 1200 }, (_, n) => `e${n}: entry(keyspace: "things", key: "${n}") { key }`)
    const answer = await cache.graphql(`{ ${fields.join(' ')} }`)
    expect(answer.errors).toBeUndefined()
    expect(answer.data.e1199).toEqual({ key: '1199' })
  })
})

const everything = `id keyspace key value text bytes size version createdAt expiresAt ttl age stale servedFrom tags
  owner { id state slots incarnation url }`

describe('Entry', () => {
  it('tells everything of a JSON value', async () => {
    cache = servedCache({ things: { source: recordingSource(() => [{ city: '北京' }]), ttlMs: 90_000 } })
    const { data } = await cache.graphql(`{ entry(keyspace: "things", key: "ключ") { ${everything} } }`)
    const text = '{"city":"北京"}'
    expect(data.entry).toMatchObject({
      id: Buffer.from('["things","ключ"]').toString('base64url'),
      keyspace: 'things',
      key: 'ключ',
      value: { city: '北京' },
      text,
      bytes: Buffer.from(text).toString('base64'),
      size: Buffer.byteLength(text),
      stale: false,
      servedFrom: 'SOURCE',
      tags: [],
      owner: { id: 'tester', state: 'ALIVE', slots: 4096, incarnation: 'first', url: null },
    })
    expect(data.entry.version).toMatch(/^\d+$/)
    expect(data.entry.ttl).toMatch(/^\d+(ms|s|m)$/)
    expect(data.entry.age).toMatch(/^\d+(ms|s)$/)
    const lifetimeMs = Date.parse(data.entry.expiresAt) - Date.parse(data.entry.createdAt)
    expect(Math.abs(lifetimeMs - 90_000)).toBeLessThanOrEqual(1)
    const again = await cache.graphql(`{ entry(keyspace: "things", key: "ключ") { servedFrom } }`)
    expect(again.data.entry.servedFrom).toBe('OWNER')
  })

  it.each([
    ['text', { text: 'héllo' }, { value: null, text: 'héllo', bytes: 'aMOpbGxv', size: 6 }],
    ['bytes', { bytes: '/wA=' }, { value: null, text: null, bytes: '/wA=', size: 2 }],
    ['json', { value: [1, 2] }, { value: [1, 2], text: '[1,2]', bytes: 'WzEsMl0=', size: 5 }],
    ['json', { value: 0 }, { value: 0, text: '0', bytes: 'MA==', size: 1 }],
  ] as const)('reads a value of format %s as put with %j', async (format, value, expected) => {
    cache = servedCache({ things: { format } })
    const input = { keyspace: 'things', key: 'k', ...value }
    const put = await cache.graphql(
      `mutation ($input: PutEntryInput!) { putEntry(input: $input) { entry { value text bytes size } } }`,
      { input },
    )
    expect(put).toEqual({ data: { putEntry: { entry: expected } } })
    const { data } = await cache.graphql(`{ entry(keyspace: "things", key: "k") { value text bytes size } }`)
    expect(data.entry).toEqual(expected)
  })

  it('has no owner that is unknown', async () => {
    cache = servedCache({ things: {} })
    const { entryResolvers } = await import('../../../resolvers/entry.ts')
    const { resolverContext } = await import('../../../resolvers/context.ts')
    const owner = entryResolvers.Entry.owner as (...args: readonly unknown[]) => unknown
    expect(owner({ owner: null }, {}, resolverContext(cache.engine))).toBeNull()
    expect(owner({ owner: 'gone' }, {}, resolverContext(cache.engine))).toBeNull()
  })
})
