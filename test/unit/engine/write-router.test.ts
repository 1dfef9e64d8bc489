import { describe, expect, test } from 'vitest'
import { sieveStore } from '../../../src/adapters/store/sieve-store.ts'
import { encodeText } from '../../../src/engine/encoding.ts'
import type { KeyspacePolicy } from '../../../src/engine/policy.ts'
import { FedcacheError } from '../../../src/errors.ts'
import type {
  EntryTransfer,
  PeerAnswer,
  Source,
  Store,
  StoredItem,
  StoreFactory,
  StoreOptions,
  WriteAnswer,
} from '../../../src/ports/index.ts'
import { engineFixture, failure, keyspaceDefinition } from '../../support/engine-fixture.ts'
import { scriptedPeers } from '../../support/scripted-peers.ts'
import { scriptedSource } from '../../support/scripted-source.ts'

// Keys that begin with "t" are owned by the peer "there".
async function clusterOf(source: Source | undefined, policy: Partial<KeyspacePolicy> = {}) {
  const peers = scriptedPeers()
  peers.owners.set('t', 'there')
  const fixture = engineFixture([keyspaceDefinition(policy, source)], { peers })
  await fixture.engine.start()
  /** Answers the writes that were sent last. */
  const answer = (...answers: WriteAnswer[]): void => {
    peers.writes.at(-1)!.answer({ answers, confirmation: { confirmedBy: ['there'], unconfirmed: [] } })
  }
  return { peers, answer, ...fixture }
}

const transfer = (key: string, value: unknown): EntryTransfer => {
  return { key, encoded: encodeText(JSON.stringify(value)), version: 9, ageMs: 0, ttlMs: 1_000, tags: [] }
}
const written = (key: string, value: unknown): WriteAnswer => ({ kind: 'WRITTEN', entry: transfer(key, value) })
const read = (key: string, value: unknown): PeerAnswer => {
  return { kind: 'ENTRY', entry: transfer(key, value), servedFrom: 'OWNER' }
}
const failed = (outcome: 'NONE' | 'UNKNOWN'): WriteAnswer => ({
  kind: 'ERROR',
  error: new FedcacheError('UNAVAILABLE', 'the owner is gone', { outcome }),
})

describe('writes to a source whose owner may have died before it told anybody', () => {
  test('have every peer forget the keys, this one included', async () => {
    const { engine, clock, peers, answer } = await clusterOf(scriptedSource({ writable: true }))
    const events = engine.entryChanges('things')
    const reading = engine.get('things', 't2')
    await clock.advance(0)
    const writing = engine.putMany('things', [
      { key: 't1', value: 1 },
      { key: 't2', value: 2 },
      { key: 't3', value: 3 },
    ])
    await clock.advance(0)
    answer(written('t1', 1), failed('UNKNOWN'), failed('NONE'))
    expect((await writing).results).toMatchObject([{ value: 1 }, { outcome: 'UNKNOWN' }, { outcome: 'NONE' }])
    expect(peers.announced).toMatchObject([
      { kind: 'KEYS', keyspace: 'things', changes: [{ key: 't2', kind: 'DELETED', version: expect.any(Number) }] },
    ])
    expect(await events.next()).toMatchObject({ value: { key: 't2', kind: 'DELETED' } })
    // A read that was under way may bring the old value; who reads now asks again.
    const later = engine.get('things', 't2')
    await clock.advance(0)
    for (const [index, value] of ['old', 'new'].entries()) peers.questions[index]!.answer([read('t2', value)])
    expect([(await reading)?.value, (await later)?.value]).toEqual(['old', 'new'])
  })

  test('are nobody’s business where they did not happen', async () => {
    const { engine, clock, peers, answer } = await clusterOf(scriptedSource({ writable: true }))
    const writing = failure(engine.put('things', { key: 't', value: 1 }))
    await clock.advance(0)
    answer(failed('NONE'))
    expect(await writing).toMatchObject({ outcome: 'NONE' })
    expect(peers.announced).toEqual([])
  })

  test('are nobody’s business either where only the owner’s memory had them: they are gone with it', async () => {
    const { engine, clock, peers, answer } = await clusterOf(undefined)
    const writing = failure(engine.put('things', { key: 't', value: 1 }))
    await clock.advance(0)
    answer(failed('UNKNOWN'))
    expect(await writing).toMatchObject({ outcome: 'UNKNOWN' })
    expect(peers.announced).toEqual([])
  })
})

test('a write is applied here where no owner is known, as by a process that stands alone', async () => {
  const { engine, peers } = await clusterOf(undefined)
  peers.ownerOf = () => null
  expect((await engine.put('things', { key: 't', value: 1 })).entry).toMatchObject({ value: 1, owner: null })
  expect([peers.writes.length, engine.stats('things').entries]).toEqual([0, 1])
})

test('a put that its owner calls written, without saying what was, is not passed off as done', async () => {
  const { engine, clock, answer } = await clusterOf(undefined)
  const writing = engine.put('things', { key: 't', value: 1 })
  await clock.advance(0)
  answer({ kind: 'WRITTEN', entry: undefined })
  await expect(writing).rejects.toThrow('answered without an entry')
})

test('a store that throws what is no error has it told as one, and keeps nobody from hearing of other writes', async () => {
  const store: StoreFactory = <Item extends StoredItem>(options: StoreOptions<Item>): Store<Item> => {
    const inner = sieveStore()(options)
    const set = inner.set.bind(inner)
    inner.set = (item) => {
      // oxlint-disable-next-line eslint/no-throw-literal, typescript/only-throw-error -- users may throw anything
      if (item.key === 'b') throw 'out of order'
      return set(item)
    }
    return inner
  }
  const { engine, peers } = await clusterOf(undefined, { store })
  const writing = engine.putMany('things', [
    { key: 'a', value: 1 },
    { key: 'b', value: 2 },
  ])
  await expect(writing).rejects.toThrow(new Error('out of order'))
  expect(peers.announced).toMatchObject([{ kind: 'KEYS', changes: [{ key: 'a', kind: 'PUT' }] }])
})
