import { afterEach, describe, expect, it } from 'vitest'
import { peersOf } from '../../../resolvers/cluster.ts'
import { resolverContext } from '../../../resolvers/context.ts'
import { type ServedCache, servedCache } from '../../support/served-cache.ts'

let cache: ServedCache

afterEach(async () => {
  await cache.stop()
})

describe('cluster', () => {
  it('of one process shows one peer', async () => {
    cache = servedCache({})
    const { data } = await cache.graphql(`{ cluster {
      name view settled degraded self { id } peers { id incarnation state url slots }
    } }`)
    expect(data.cluster).toEqual({
      name: 'fedcache',
      view: 'tester',
      settled: true,
      degraded: false,
      self: { id: 'tester' },
      peers: [{ id: 'tester', incarnation: 'first', state: 'ALIVE', url: null, slots: 4096 }],
    })
  })

  it('is asked once per operation for the peers of many entries', async () => {
    cache = servedCache({ things: {} })
    let calls = 0
    const { cluster } = cache.engine
    cache.engine.cluster = () => {
      calls++
      return cluster.call(cache.engine)
    }
    const entries = Array.from({ length: 20 }, (_, n) => ({ key: `${n}`, value: n }))
    await cache.graphql(
      `mutation ($input: PutEntriesInput!) { putEntries(input: $input) { entries { owner { id } } confirmedBy { id } } }`,
      { input: { keyspace: 'things', entries } },
    )
    expect(calls).toBe(1)
  })
})

describe('peersOf', () => {
  it('shows a peer that has left as dead', () => {
    cache = servedCache({})
    expect(peersOf(['tester', 'gone'], resolverContext(cache.engine))).toMatchObject([
      { id: 'tester', state: 'ALIVE' },
      { id: 'gone', state: 'DEAD', slots: 0, url: null },
    ])
  })
})
