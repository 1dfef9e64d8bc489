import { afterEach, describe, expect, it } from 'vitest'
import type { Source } from '../../../src/ports/index.ts'
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
    cache = servedCache({ things: { source: byKey() } })
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
    expect(Date.parse(data.entry.expiresAt) - Date.parse(data.entry.createdAt)).toBe(90_000)
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

describe('putEntry', () => {
  const mutation = `mutation ($input: PutEntryInput!) {
    putEntry(input: $input) { entry { value ttl tags servedFrom } confirmedBy { id } unconfirmed { id } }
  }`

  it('answers with the entry and who confirmed', async () => {
    cache = servedCache({ things: {} })
    const input = { keyspace: 'things', key: 'k', value: { a: [1] }, ttl: '1h', tags: ['red'] }
    const { data } = await cache.graphql(mutation, { input })
    expect(data.putEntry).toEqual({
      entry: { value: { a: [1] }, ttl: expect.stringMatching(/^(1h|3[56]\d+ms)$/), tags: ['red'], servedFrom: 'OWNER' },
      confirmedBy: [{ id: 'tester' }],
      unconfirmed: [],
    })
  })

  it('takes a value written inline, with variables inside it', async () => {
    cache = servedCache({ things: {} })
    const { data } = await cache.graphql(
      `mutation ($name: JSON) {
        putEntry(input: { keyspace: "things", key: "k", value: { name: $name, list: [1, -2.5, "x", true, null], __proto__: 7 } }) {
          entry { text }
        }
      }`,
      { name: 'inner' },
    )
    expect(JSON.parse(data.putEntry.entry.text)).toEqual(
      JSON.parse('{"name":"inner","list":[1,-2.5,"x",true,null],"__proto__":7}'),
    )
  })

  it('treats null like nothing, so that one document serves every format', async () => {
    cache = servedCache({ things: { format: 'text' } })
    const input = {
      keyspace: 'things',
      key: 'k',
      text: 'x',
      value: null,
      bytes: null,
      ttl: null,
      expiresAt: null,
      tags: null,
    }
    const { errors } = await cache.graphql(mutation, { input })
    expect(errors).toBeUndefined()
    const nothing = await cache.graphql(mutation, { input: { ...input, text: null } })
    expect(codesOf(nothing)).toEqual(['BAD_USER_INPUT'])
  })

  it('takes an absolute expiry', async () => {
    cache = servedCache({ things: {} })
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
    const { data } = await cache.graphql(
      `mutation ($input: PutEntryInput!) { putEntry(input: $input) { entry { expiresAt } } }`,
      { input: { keyspace: 'things', key: 'k', value: 1, expiresAt } },
    )
    expect(Math.abs(Date.parse(data.putEntry.entry.expiresAt) - Date.parse(expiresAt))).toBeLessThan(100)
  })

  it('says what a failure left behind', async () => {
    const source: Source = {
      name: 'failing',
      loadMany: async (keys) => keys.map(() => null),
      storeMany: async () => {
        throw new Error('secret reason')
      },
      deleteMany: async (keys) => keys.map(() => Object.assign(new Error('no'), { outcome: 'NONE' })),
    }
    cache = servedCache({ things: { source } })
    const put = await cache.graphql(mutation, { input: { keyspace: 'things', key: 'k', value: 1 } })
    expect(put.data).toBeNull()
    expect(put.errors?.[0]?.extensions).toEqual({ code: 'SOURCE_FAILED', outcome: 'UNKNOWN' })
    const refused = await cache.graphql(mutation, { input: { keyspace: 'things', key: '', value: 1 } })
    expect(refused.errors?.[0]?.extensions).toEqual({ code: 'BAD_USER_INPUT', outcome: 'NONE' })
    const deleted = await cache.graphql(`mutation { deleteEntry(input: { keyspace: "things", key: "k" }) { key } }`)
    expect(deleted.errors?.[0]?.extensions).toEqual({ code: 'SOURCE_FAILED', outcome: 'NONE' })
  })
})

describe('putEntries', () => {
  it('stores or fails each entry on its own; the last of one key wins', async () => {
    cache = servedCache({ things: { maxValueBytes: 100 } })
    const entries = [
      { key: 'a', value: 1 },
      { key: 'a', value: 2 },
      { key: 'big', value: 'x'.repeat(200) },
      { key: 'b', value: 3 },
    ]
    const { data, errors } = await cache.graphql(
      `mutation ($input: PutEntriesInput!) {
        putEntries(input: $input) {
          entries { key value } errors { index key code message outcome } confirmedBy { id } unconfirmed { id }
        }
      }`,
      { input: { keyspace: 'things', entries } },
    )
    expect(errors).toBeUndefined()
    expect(data.putEntries.entries).toEqual([null, { key: 'a', value: 2 }, null, { key: 'b', value: 3 }])
    expect(data.putEntries.errors).toMatchObject([
      { index: 0, key: 'a', code: 'BAD_USER_INPUT', outcome: 'NONE' },
      { index: 2, key: 'big', code: 'VALUE_TOO_LARGE', outcome: 'NONE' },
    ])
    expect(data.putEntries).toMatchObject({ confirmedBy: [{ id: 'tester' }], unconfirmed: [] })
  })
})

describe('deleteEntry and deleteEntries', () => {
  it('delete from memory, so that the next read loads again', async () => {
    const source = byKey()
    cache = servedCache({ things: { source } })
    await cache.graphql(`{ entry(keyspace: "things", key: "a") { key } }`)
    const { data } = await cache.graphql(`mutation {
      deleteEntry(input: { keyspace: "things", key: "a" }) { keyspace key confirmedBy { id } unconfirmed { id } }
    }`)
    expect(data.deleteEntry).toEqual({ keyspace: 'things', key: 'a', confirmedBy: [{ id: 'tester' }], unconfirmed: [] })
    await cache.graphql(`{ entry(keyspace: "things", key: "a") { key } }`)
    expect(source.calls).toEqual([['a'], ['a']])
  })

  it('report each key on its own', async () => {
    cache = servedCache({ things: {} })
    const { data } = await cache.graphql(`mutation {
      deleteEntries(input: { keyspace: "things", keys: ["a", "", "b"] }) {
        keyspace keys errors { index key code } confirmedBy { id } unconfirmed { id }
      }
    }`)
    expect(data.deleteEntries).toEqual({
      keyspace: 'things',
      keys: ['a', 'b'],
      errors: [{ index: 1, key: '', code: 'BAD_USER_INPUT' }],
      confirmedBy: [{ id: 'tester' }],
      unconfirmed: [],
    })
  })
})

describe('invalidateTags', () => {
  it('drops what carries the tag', async () => {
    const source = byKey()
    cache = servedCache({ things: { source, tags: (key) => [key === 'a' ? 'red' : 'blue'] } })
    const read = `{ entries(keyspace: "things", keys: ["a", "b"]) { servedFrom } }`
    await cache.graphql(read)
    const { data } = await cache.graphql(`mutation {
      invalidateTags(input: { keyspace: "things", tags: ["red"] }) { keyspace tags confirmedBy { id } unconfirmed { id } }
    }`)
    expect(data.invalidateTags).toEqual({
      keyspace: 'things',
      tags: ['red'],
      confirmedBy: [{ id: 'tester' }],
      unconfirmed: [],
    })
    const again = await cache.graphql(read)
    expect(again.data.entries).toEqual([{ servedFrom: 'SOURCE' }, { servedFrom: 'OWNER' }])
  })
})

describe('_entities', () => {
  it('resolves references by id or by keyspace and key, in one read, each failing alone', async () => {
    const source = byKey()
    cache = servedCache({ things: { source } })
    const representations = [
      { __typename: 'Entry', id: Buffer.from('["things","a"]').toString('base64url') },
      { __typename: 'Entry', keyspace: 'things', key: 'b' },
      { __typename: 'Entry', keyspace: 'things', key: 'missing' },
      { __typename: 'Entry', keyspace: 'things', key: 'broken' },
      { __typename: 'Entry', id: 'nonsense' },
      { __typename: 'Entry', keyspace: 'things' },
      { __typename: 'Keyspace', name: 'things' },
      { __typename: 'Nothing' },
      'text',
      { __typename: 'Entry', keyspace: 'things', key: 'a' },
    ]
    const answer = await cache.graphql(
      `query ($representations: [_Any!]!) {
        _entities(representations: $representations) { __typename ... on Entry { key value } }
      }`,
      { representations },
    )
    const entry = (key: string) => ({ __typename: 'Entry', key, value: { key } })
    expect(answer.data._entities).toEqual([
      entry('a'),
      entry('b'),
      ...Array.from({ length: 7 }, () => null),
      entry('a'),
    ])
    expect(answer.errors?.map(({ path, extensions }) => [path?.[1], extensions['code']]).toSorted()).toEqual([
      [3, 'SOURCE_FAILED'],
      [4, 'BAD_USER_INPUT'],
      [5, 'BAD_USER_INPUT'],
      [6, 'BAD_USER_INPUT'],
      [7, 'BAD_USER_INPUT'],
      [8, 'BAD_USER_INPUT'],
    ])
    expect(source.calls).toEqual([['a', 'b', 'missing', 'broken']])
  })
})
