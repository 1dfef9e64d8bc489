import { afterEach, describe, expect, it } from 'vitest'
import type { Source } from '../../../src/ports/index.ts'
import { type ServedCache, codesOf, recordingSource, servedCache } from '../../support/served-cache.ts'

let cache: ServedCache

afterEach(async () => {
  await cache.stop()
})

const byKey = (): ReturnType<typeof recordingSource> => recordingSource((keys) => keys.map((key) => ({ key })))

describe('input that is refused before a resolver sees it', () => {
  const nothingChanged = { code: 'BAD_USER_INPUT', outcome: 'NONE' }
  const extensionsOf = async (query: string, variables?: Record<string, unknown>) => {
    const { errors } = await cache.graphql(query, variables)
    return errors?.map(({ extensions }) => extensions)
  }
  const putOf = (field: string) =>
    `putEntry(input: { keyspace: "things", key: "k", value: 1, ${field} }) { entry { key } }`

  it.each(['ttl: "soon"', 'expiresAt: "tomorrow"', 'bytes: "?"'])(
    'as the literal %s changed nothing',
    async (field) => {
      cache = servedCache({ things: {} })
      expect(await extensionsOf(`mutation { ${putOf(field)} }`)).toEqual([nothingChanged])
      // Errors of documents are kept.
      expect(await extensionsOf(`mutation { ${putOf(field)} }`)).toEqual([nothingChanged])
    },
  )

  it.each([
    { ttl: 'soon' },
    { expiresAt: 'tomorrow' },
    { bytes: '?' },
    { tags: [null] },
    { key: null },
    { colour: 'red' },
  ])('as the variable %j changed nothing', async (wrong) => {
    cache = servedCache({ things: {} })
    const mutation = `mutation ($input: PutEntryInput!) { putEntry(input: $input) { entry { key } } }`
    const input = { keyspace: 'things', key: 'k', value: 1, ...wrong }
    expect(await extensionsOf(mutation, { input })).toEqual([nothingChanged])
    expect(await extensionsOf(mutation, {})).toEqual([nothingChanged])
  })

  it('as a variable within a literal changed nothing, whatever was changed before', async () => {
    cache = servedCache({ things: {} })
    const mutation = `mutation ($tag: String = "red") { first: ${putOf('tags: []')} ${putOf('tags: [$tag]')} }`
    const { errors } = await cache.graphql(mutation, { tag: null })
    expect(errors).toMatchObject([{ path: ['putEntry'], extensions: nothingChanged }])
  })

  it('of a payload does not say that nothing changed', async () => {
    cache = servedCache({ things: {} })
    const mutation = `mutation ($wanted: Boolean = true) {
      putEntry(input: { keyspace: "things", key: "k", value: 1 }) { entry @include(if: $wanted) { key } }
    }`
    expect(await extensionsOf(mutation, { wanted: null })).toEqual([{ code: 'BAD_USER_INPUT' }])
    expect((await cache.graphql('{ entry(keyspace: "things", key: "k") { value } }')).data.entry.value).toBe(1)
  })

  it('is no write in a query, and has the codes of GraphQL where GraphQL refuses it', async () => {
    cache = servedCache({ things: {} })
    const query = 'query ($key: String! = "k") { entry(keyspace: "things", key: $key) { key } }'
    expect(await extensionsOf(query, { key: null })).toEqual([{ code: 'BAD_USER_INPUT' }])
    expect(await extensionsOf(`mutation { ${putOf('tags: [null]')} }`)).toEqual([{ code: 'GRAPHQL_VALIDATION_FAILED' }])
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

describe('entryChanges', () => {
  it('tells of changes, and refuses keyspaces that do not exist', async () => {
    cache = servedCache({ things: {} })
    const { resolvers } = await import('../../../resolvers/index.ts')
    const { resolverContext } = await import('../../../resolvers/context.ts')
    const field = resolvers.Subscription?.entryChanges as {
      subscribe(...args: readonly unknown[]): AsyncIterableIterator<unknown>
      resolve(change: unknown): unknown
    }
    const changes = field.subscribe({}, { keyspace: 'things', keys: null }, resolverContext(cache.engine))
    const next = changes.next()
    await cache.engine.put('things', { key: 'a', value: 1 })
    expect(field.resolve((await next).value)).toMatchObject({ keyspace: 'things', key: 'a', kind: 'PUT' })
    await changes.return?.()
    expect(() => field.subscribe({}, { keyspace: 'none' }, resolverContext(cache.engine))).toThrow('none')
  })
})
