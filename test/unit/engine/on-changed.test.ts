import { describe, expect, test } from 'vitest'
import { FedcacheError } from '../../../src/errors.ts'
import type { Confirmation, Invalidation, Source, SourceChange } from '../../../src/ports/index.ts'
import { engineFixture, failure, keyspaceDefinition } from '../../support/engine-fixture.ts'
import { settled } from '../../support/fake-clock.ts'
import { scriptedPeers } from '../../support/scripted-peers.ts'
import { scriptedSource } from '../../support/scripted-source.ts'

// Keys that begin with "t" are owned by the peer "there".
async function cluster(source?: Source) {
  const told: Invalidation[] = []
  const peers = scriptedPeers()
  peers.owners.set('t', 'there')
  const fixture = engineFixture([keyspaceDefinition({}, source)], { peers, onChanged: (change) => told.push(change) })
  await fixture.engine.start()
  return { told, peers, ...fixture }
}

describe('who is told of changes', () => {
  test('hears of writes, invalidations, clears and deleted keyspaces, as they were', async () => {
    const { engine, told } = await cluster()
    await engine.putMany('things', [
      { key: 'a', value: 1 },
      { key: 'b', value: 1 },
    ])
    await engine.delete('things', 'a')
    await engine.invalidateTags('things', ['red', 'blue'])
    await engine.clear('things')
    await engine.deleteKeyspace('things')
    const [a, b] = ['a', 'b'].map((key) => expect.objectContaining({ key, kind: 'PUT' }))
    expect(told).toMatchObject([
      { kind: 'KEYS', keyspace: 'things', changes: [a, b] },
      { kind: 'KEYS', keyspace: 'things', changes: [{ key: 'a', kind: 'DELETED' }] },
      { kind: 'TAGS', keyspace: 'things', tags: ['red', 'blue'] },
      { kind: 'CLEAR', keyspace: 'things' },
      { kind: 'CLEAR', keyspace: 'things' },
    ])
  })

  test('hears once the peers have confirmed: what is fetched anew meanwhile could be old', async () => {
    const { engine, told, peers } = await cluster()
    let confirm!: (confirmation: Confirmation) => void
    peers.announce = () => new Promise((resolve) => (confirm = resolve))
    const putting = engine.put('things', { key: 'a', value: 1 })
    await settled()
    expect(told).toEqual([])
    confirm(peers.confirmation)
    await putting
    expect(told).toMatchObject([{ changes: [{ key: 'a' }] }])
  })

  test('hears all the same when the peers could not be told', async () => {
    const { engine, told, peers } = await cluster()
    peers.announce = () => Promise.reject(new FedcacheError('UNAVAILABLE', 'cut off', { outcome: 'UNKNOWN' }))
    expect((await failure(engine.clear('things'))).outcome).toBe('UNKNOWN')
    expect(told).toMatchObject([{ kind: 'CLEAR' }])
  })

  test('hears nothing of what other peers did: they tell it themselves', async () => {
    const { engine, clock, told, peers } = await cluster()
    const writing = engine.put('things', { key: 't', value: 1 })
    await clock.advance(0)
    const entry = { key: 't', encoded: '1', version: 9, ageMs: 0, ttlMs: 1_000, tags: [] }
    peers.writes[0]!.answer({
      answers: [{ kind: 'WRITTEN', entry }],
      confirmation: { confirmedBy: ['there'], unconfirmed: [] },
    })
    await writing
    peers.host.applyInvalidation({ kind: 'CLEAR', keyspace: 'things', version: 10 })
    expect(told).toEqual([])
  })

  test('hears of what a refused write did not do: nothing', async () => {
    const { engine, told, peers } = await cluster()
    peers.refusal = new FedcacheError('UNAVAILABLE', 'cut off', { outcome: 'NONE' })
    await failure(engine.put('things', { key: 'a', value: 1 }))
    expect(told).toEqual([])
  })

  test('hears of changes that the source tells of from the owner of each key, and of missed ones from everybody', async () => {
    let change!: (change: SourceChange) => void
    let gap!: () => void
    const source: Source = {
      ...scriptedSource(),
      async watch(onChange, onGap) {
        ;[change, gap] = [onChange, onGap]
        return async () => {}
      },
    }
    const { engine, clock, told, peers } = await cluster(source)
    change({ key: 'a', revision: 8 })
    change({ key: 't', revision: 9 })
    expect(told).toEqual([{ kind: 'KEYS', keyspace: 'things', changes: [{ key: 'a', kind: 'PUT', version: 8 }] }])
    // The other's key is dropped here all the same: what is on its way is for who asked before.
    const early = engine.get('things', 't')
    await clock.advance(0)
    change({ key: 't', revision: 10 })
    void engine.get('things', 't')
    await clock.advance(0)
    expect(peers.questions).toHaveLength(2)
    peers.questions[0]!.answer([{ kind: 'ERROR', error: new FedcacheError('SOURCE_FAILED', 'down') }])
    await failure(early)
    gap()
    expect(told.slice(1)).toMatchObject([{ kind: 'CLEAR', keyspace: 'things' }])
  })
})
