import { afterEach, describe, expect, it } from 'vitest'
import { type ServedCache, codesOf, recordingSource, servedCache } from '../../support/served-cache.ts'

let cache: ServedCache

afterEach(async () => {
  await cache.stop()
})

const settings = `name origin source writable format ttl negativeTtl staleWhileRevalidate staleIfError nearTtl readTimeout
  writeTimeout maxBytes maxEntries maxValueBytes maxBatchSize batchWindow cacheScope`

describe('keyspace and keyspaces', () => {
  it('tell every setting', async () => {
    cache = servedCache({
      things: { source: recordingSource(() => []), format: 'text', cacheScope: 'public', maxEntries: 7 },
      forever: { ttlMs: Infinity },
    })
    const { data } = await cache.graphql(`{
      keyspaces { name }
      forever: keyspace(name: "forever") { format ttl source maxEntries cacheScope }
      things: keyspace(name: "things") { ${settings} }
      none: keyspace(name: "none") { name }
    }`)
    expect(data).toEqual({
      keyspaces: [{ name: 'forever' }, { name: 'things' }],
      forever: { format: 'JSON', ttl: null, source: null, maxEntries: null, cacheScope: 'PRIVATE' },
      things: {
        name: 'things',
        origin: 'CONFIG',
        source: 'recording',
        writable: false,
        format: 'TEXT',
        ttl: '5m',
        negativeTtl: '5s',
        staleWhileRevalidate: '0s',
        staleIfError: '0s',
        nearTtl: '10s',
        readTimeout: '10s',
        writeTimeout: '5s',
        maxBytes: 16 * 2 ** 20,
        maxEntries: 7,
        maxValueBytes: 2 ** 20,
        maxBatchSize: 500,
        batchWindow: '0s',
        cacheScope: 'PUBLIC',
      },
      none: null,
    })
  })

  it('tell what was counted', async () => {
    cache = servedCache({ things: { source: recordingSource((keys) => keys.map(() => 1)) } })
    const read = `{ entries(keyspace: "things", keys: ["a", "b"]) { key } }`
    await cache.graphql(read)
    await cache.graphql(read)
    const { data } = await cache.graphql(`{ keyspace(name: "things") { stats {
      entries bytes hits misses loads loadedKeys loadErrors evictions puts deletes staleHits nearHits peerReads fencedFills
    } } }`)
    expect(data.keyspace.stats).toMatchObject({
      entries: 2,
      hits: 2,
      misses: 2,
      loads: 1,
      loadedKeys: 2,
      loadErrors: 0,
      evictions: 0,
      puts: 0,
      deletes: 0,
      staleHits: 0,
      nearHits: 0,
      peerReads: 0,
      fencedFills: 0,
    })
    expect(data.keyspace.stats.bytes).toBeGreaterThan(0)
  })
})

describe('keyspace mutations', () => {
  it('make, change, fill, clear and delete a keyspace', async () => {
    cache = servedCache({ base: {} })
    const made = await cache.graphql(
      `mutation ($input: CreateKeyspaceInput!) { createKeyspace(input: $input) { keyspace { ${settings} } } }`,
      { input: { name: 'made', format: 'TEXT', ttl: '1h', maxEntries: 10, cacheScope: 'PUBLIC', readTimeout: '2s' } },
    )
    expect(made.data.createKeyspace.keyspace).toMatchObject({
      name: 'made',
      origin: 'RUNTIME',
      source: null,
      format: 'TEXT',
      ttl: '1h',
      maxEntries: 10,
      cacheScope: 'PUBLIC',
      readTimeout: '2s',
      writeTimeout: '5s',
    })
    const changed = await cache.graphql(`mutation {
      updateKeyspace(input: { name: "made", ttl: "90s", batchWindow: "2ms" }) {
        keyspace { ttl batchWindow maxEntries format }
      }
    }`)
    expect(changed.data.updateKeyspace.keyspace).toEqual({
      ttl: '90s',
      batchWindow: '2ms',
      maxEntries: 10,
      format: 'TEXT',
    })
    await cache.graphql(`mutation { putEntry(input: { keyspace: "made", key: "a", text: "x" }) { entry { key } } }`)
    const cleared = await cache.graphql(`mutation {
      clearKeyspace(input: { name: "made" }) { keyspace { name } confirmedBy { id } unconfirmed { id } }
    }`)
    expect(cleared.data.clearKeyspace).toEqual({
      keyspace: { name: 'made' },
      confirmedBy: [{ id: 'tester' }],
      unconfirmed: [],
    })
    expect((await cache.graphql(`{ entry(keyspace: "made", key: "a") { key } }`)).data).toEqual({ entry: null })
    const deleted = await cache.graphql(`mutation {
      deleteKeyspace(input: { name: "made" }) { name confirmedBy { id } unconfirmed { id } }
    }`)
    expect(deleted.data.deleteKeyspace).toEqual({ name: 'made', confirmedBy: [{ id: 'tester' }], unconfirmed: [] })
    expect((await cache.graphql(`{ keyspaces { name } }`)).data).toEqual({ keyspaces: [{ name: 'base' }] })
  })

  it('delete several, or none when one is unknown', async () => {
    cache = servedCache({ a: {}, b: {} })
    const mutation = `mutation ($names: [String!]!) {
      deleteKeyspaces(input: { names: $names }) { names confirmedBy { id } unconfirmed { id } }
    }`
    const refused = await cache.graphql(mutation, { names: ['a', 'none'] })
    expect(codesOf(refused)).toEqual(['KEYSPACE_NOT_FOUND'])
    const { data } = await cache.graphql(mutation, { names: ['a', 'b'] })
    expect(data.deleteKeyspaces).toEqual({ names: ['a', 'b'], confirmedBy: [{ id: 'tester' }], unconfirmed: [] })
  })

  it('refuse a name that is taken', async () => {
    cache = servedCache({ a: {} })
    const answer = await cache.graphql(`mutation { createKeyspace(input: { name: "a" }) { keyspace { name } } }`)
    expect(codesOf(answer)).toEqual(['KEYSPACE_EXISTS'])
  })

  it('warm: count what was loaded, what is not there, and report what failed', async () => {
    const answers = new Map<string, unknown>([
      ['a', 1],
      ['b', null],
      ['c', new Error('no')],
    ])
    cache = servedCache({
      things: { source: recordingSource((keys) => keys.map((key) => answers.get(key))), warmKeys: ['a'] },
    })
    const { data } = await cache.graphql(`mutation {
      some: warmKeyspace(input: { name: "things", keys: ["a", "b", "c"] }) {
        keyspace { stats { entries } } loaded notFound errors { index key code outcome }
      }
      configured: warmKeyspace(input: { name: "things" }) { loaded notFound errors { index } }
    }`)
    expect(data.some).toMatchObject({
      keyspace: { stats: { entries: expect.any(Number) } },
      loaded: 1,
      notFound: 1,
      errors: [{ index: 2, key: 'c', code: 'SOURCE_FAILED', outcome: null }],
    })
    expect(data.configured).toEqual({ loaded: 1, notFound: 0, errors: [] })
  })

  it('say so when the keyspace goes away meanwhile', async () => {
    cache = servedCache({ things: {} })
    const { engine } = cache
    const { clear } = engine
    engine.clear = async (name) => {
      const confirmation = await clear.call(engine, name)
      await engine.deleteKeyspace(name)
      return confirmation
    }
    const answer = await cache.graphql(`mutation { clearKeyspace(input: { name: "things" }) { keyspace { name } } }`)
    expect(codesOf(answer)).toEqual(['KEYSPACE_NOT_FOUND'])
  })
})
