import { describe, expect, test } from 'vitest'
import { encodeText } from '../../../src/engine/encoding.ts'
import type { KeyspacePolicy } from '../../../src/engine/policy.ts'
import { FedcacheError } from '../../../src/errors.ts'
import type { EntryTransfer, Source, WriteAnswers, WriteTransfer } from '../../../src/ports/index.ts'
import { engineFixture, failure, keyspaceDefinition } from '../../support/engine-fixture.ts'
import { scriptedPeers } from '../../support/scripted-peers.ts'
import { answeringSource, scriptedSource } from '../../support/scripted-source.ts'

async function clusterOf(source: Source | undefined, policy: Partial<KeyspacePolicy> = {}) {
  const peers = scriptedPeers()
  peers.owners.set('t', 'there')
  const fixture = engineFixture([keyspaceDefinition(policy, source)], { peers })
  await fixture.engine.start()
  return { peers, ...fixture }
}

const put = (key: string, value: unknown, terms = {}): Extract<WriteTransfer, { kind: 'PUT' }> => ({
  kind: 'PUT',
  key,
  encoded: encodeText(JSON.stringify(value)),
  ttlMs: 1_000,
  isTtlGiven: true,
  tags: [],
  ...terms,
})
const handed = (key: string, version: number, terms: Partial<EntryTransfer> = {}): EntryTransfer => ({
  key,
  encoded: encodeText(JSON.stringify(`version ${version}`)),
  version,
  ageMs: 0,
  ttlMs: 1_000,
  tags: [],
  ...terms,
})

describe('a question of another peer', () => {
  test('is answered for the keys that this peer owns, from memory or the source', async () => {
    const { peers, engine, clock } = await clusterOf(answeringSource((key) => (key === 'gone' ? null : key)))
    const asked = peers.host.readFor('OWNER', 'things', ['a', 't', 'gone', ''], 1_000)
    await clock.advance(0)
    expect(await asked).toMatchObject([
      { kind: 'ENTRY', servedFrom: 'SOURCE', entry: { key: 'a', encoded: '"a"', ageMs: 0, ttlMs: 60_000 } },
      { kind: 'ELSEWHERE' },
      { kind: 'ENTRY', entry: { encoded: null, ttlMs: 0 } },
      { kind: 'ERROR', error: { code: 'BAD_USER_INPUT' } },
    ])
    await clock.advance(10)
    expect(await peers.host.readFor('OWNER', 'things', ['a'], 1_000)).toMatchObject([
      { kind: 'ENTRY', servedFrom: 'OWNER', entry: { ageMs: 10, ttlMs: 59_990 } },
    ])
    expect((await engine.get('things', 'a'))?.servedFrom).toBe('OWNER')
  })

  test('does not wait for what this peer asked another for: both may take the other for the owner', async () => {
    const { peers, engine, clock } = await clusterOf(answeringSource((key) => key))
    const reading = engine.get('things', 't')
    await clock.advance(0)
    expect(peers.questions).toHaveLength(1)
    peers.owners.delete('t')
    const asked = peers.host.readFor('OWNER', 'things', ['t'], 1_000)
    await clock.advance(0)
    expect(await asked).toMatchObject([{ kind: 'ENTRY', servedFrom: 'SOURCE' }])
    peers.questions[0]!.answer([{ kind: 'NO_SOURCE' }])
    await clock.advance(0)
    expect((await reading)?.value).toBe('t')
  })

  test('is never forwarded: a deputy loads, once, and keeps a near copy', async () => {
    const source = scriptedSource()
    const { peers, engine, clock } = await clusterOf(source)
    const asked = peers.host.readFor('DEPUTY', 'things', ['t'], 1_000)
    const again = peers.host.readFor('DEPUTY', 'things', ['t'], 1_000)
    await clock.advance(0)
    expect([peers.questions.length, source.loads.length]).toEqual([0, 1])
    source.loads[0]!.answer(['loaded'])
    expect(await asked).toMatchObject([{ kind: 'ENTRY', servedFrom: 'SOURCE' }])
    expect(await again).toMatchObject([{ kind: 'ENTRY' }])
    expect((await engine.get('things', 't'))?.servedFrom).toBe('NEAR')
  })

  test('for what it had as the previous owner is answered from memory alone', async () => {
    const source = answeringSource((key) => key)
    const { peers, engine, clock } = await clusterOf(source, { ttlMs: 100 })
    await engine.put('things', { key: 'a', value: 1, ttlMs: 200 })
    const loading = engine.get('things', 'b')
    await clock.advance(0)
    await loading
    peers.owners.set('a', 'there')
    await clock.advance(100)
    expect(await peers.host.readFor('PREVIOUS', 'things', ['a', 'b', 'c'], 1_000)).toMatchObject([
      { kind: 'ENTRY', servedFrom: 'OWNER', entry: { key: 'a', encoded: '1', ageMs: 100, ttlMs: 100 } },
      { kind: 'NO_SOURCE' },
      { kind: 'NO_SOURCE' },
    ])
    // Who may have missed changes keeps what it has to itself.
    peers.serves = false
    expect(await peers.host.readFor('PREVIOUS', 'things', ['a'], 1_000)).toEqual([{ kind: 'ELSEWHERE' }])
    expect(source.calls).toHaveLength(1)
  })

  test('says so where this peer has no source', async () => {
    const { peers, engine } = await clusterOf(undefined)
    await engine.put('things', { key: 'a', value: 1 })
    expect(await peers.host.readFor('OWNER', 'nowhere', ['a'], 1_000)).toEqual([{ kind: 'NO_SOURCE' }])
    expect(await peers.host.readFor('OWNER', 'things', ['a', 'b'], 1_000)).toMatchObject([
      { kind: 'ENTRY' },
      { kind: 'NO_SOURCE' },
    ])
  })

  test('as the deputy is not answered where there is no source: what its owner has, this peer does not', async () => {
    const { peers, engine } = await clusterOf(undefined)
    await engine.put('things', { key: 'a', value: 1 })
    expect(await peers.host.readFor('DEPUTY', 'things', ['a', 't'], 1_000)).toEqual([
      { kind: 'ELSEWHERE' },
      { kind: 'ELSEWHERE' },
    ])
  })
})

describe('writes of another peer', () => {
  test('are applied as far as this peer owns their keys, and announced together', async () => {
    const { peers, engine } = await clusterOf(undefined)
    peers.confirmation = { confirmedBy: ['here'], unconfirmed: ['there'] }
    const { answers, confirmation } = await peers.host.writeFor('things', [
      put('a', 1),
      put('t', 2),
      { kind: 'DELETE', key: 'b' },
    ])
    expect(answers).toMatchObject([
      { kind: 'WRITTEN', entry: { key: 'a', encoded: '1' } },
      { kind: 'ELSEWHERE' },
      { kind: 'WRITTEN', entry: undefined },
    ])
    expect(confirmation).toEqual(peers.confirmation)
    expect(peers.announced).toMatchObject([
      {
        kind: 'KEYS',
        changes: expect.arrayContaining([expect.objectContaining({ key: 'a' }), expect.objectContaining({ key: 'b' })]),
      },
    ])
    expect((await engine.get('things', 'a'))?.value).toBe(1)
  })

  test('are nobody’s here where the keyspace is unknown or no key is owned', async () => {
    const { peers } = await clusterOf(undefined)
    const nobody = { answers: [{ kind: 'ELSEWHERE' }], confirmation: { confirmedBy: [], unconfirmed: [] } }
    expect(await peers.host.writeFor('nowhere', [put('a', 1)])).toEqual(nobody)
    expect(await peers.host.writeFor('things', [put('t', 1)])).toEqual(nobody)
    expect(peers.announced).toEqual([])
  })
})

describe('writes of this peer', () => {
  test('go to the owners of their keys, and what was confirmed is put together', async () => {
    const { peers, engine, clock } = await clusterOf(undefined)
    peers.confirmation = { confirmedBy: ['here', 'third'], unconfirmed: [] }
    const writing = engine.putMany('things', [
      { key: 't', value: 1 },
      { key: 'a', value: 2 },
      { key: '', value: 3 },
    ])
    await clock.advance(0)
    expect(peers.writes).toMatchObject([{ peer: 'there', items: [{ kind: 'PUT', key: 't', encoded: '1' }] }])
    expect(peers.writes[0]!.timeoutMs).toBeGreaterThanOrEqual(5_000)
    peers.writes[0]!.answer({
      answers: [{ kind: 'WRITTEN', entry: handed('t', 9) }],
      confirmation: { confirmedBy: ['there'], unconfirmed: ['third'] },
    })
    const { results, confirmedBy, unconfirmed } = await writing
    expect(results).toMatchObject([{ version: '9', owner: 'there' }, { value: 2 }, { code: 'BAD_USER_INPUT' }])
    expect([confirmedBy.toSorted(), unconfirmed]).toEqual([['here', 'there'], ['third']])
  })

  test('go on to another owner when the first was not the one', async () => {
    const { peers, engine, clock } = await clusterOf(undefined)
    const writing = engine.delete('things', 't')
    await clock.advance(0)
    const nothing: WriteAnswers['confirmation'] = { confirmedBy: [], unconfirmed: [] }
    peers.writes[0]!.answer({ answers: [{ kind: 'ELSEWHERE' }], confirmation: nothing })
    await clock.advance(0)
    peers.owners.set('t', 'third')
    peers.waitingForRoute[0]!()
    await clock.advance(0)
    expect(peers.writes[1]).toMatchObject({ peer: 'third', items: [{ kind: 'DELETE', key: 't' }] })
    peers.writes[1]!.answer({
      answers: [{ kind: 'WRITTEN', entry: undefined }],
      confirmation: { confirmedBy: ['third'], unconfirmed: [] },
    })
    expect(await writing).toEqual({ confirmedBy: ['third'], unconfirmed: [] })
  })

  test('fail, having changed nothing, when no owner takes them in time', async () => {
    const { peers, engine, clock } = await clusterOf(undefined, { writeTimeoutMs: 100 })
    const writing = failure(engine.put('things', { key: 't', value: 1 }))
    await clock.advance(100)
    peers.writes[0]!.answer({ answers: [{ kind: 'ELSEWHERE' }], confirmation: { confirmedBy: [], unconfirmed: [] } })
    expect(await writing).toMatchObject({ code: 'UNAVAILABLE', outcome: 'NONE' })
  })

  test('fail when the cluster cannot be written to, and so does everything else that changes it', async () => {
    const { peers, engine } = await clusterOf(undefined)
    peers.refusal = new FedcacheError('UNAVAILABLE', 'cut off', { outcome: 'NONE' })
    const calls = [
      engine.put('things', { key: 'a', value: 1 }),
      engine.delete('things', 'a'),
      engine.clear('things'),
      engine.invalidateTags('things', ['t']),
      engine.createKeyspace({ name: 'new' }),
      engine.updateKeyspace('things', { ttlMs: 1 }),
      engine.deleteKeyspace('things'),
    ]
    for (const call of calls) expect(await failure(call)).toBe(peers.refusal)
    expect(peers.announced).toEqual([])
    expect(engine.keyspaces()).toMatchObject([{ name: 'things', ttlMs: 60_000 }])
  })

  test('pass on what the owner says went wrong', async () => {
    const { peers, engine, clock } = await clusterOf(undefined)
    const writing = failure(engine.put('things', { key: 't', value: 1 }))
    await clock.advance(0)
    const error = new FedcacheError('SOURCE_TIMEOUT', 'slow', { outcome: 'UNKNOWN' })
    peers.writes[0]!.answer({
      answers: [{ kind: 'ERROR', error }],
      confirmation: { confirmedBy: [], unconfirmed: [] },
    })
    expect(await writing).toBe(error)
  })
})

describe('changes that other peers announce', () => {
  const changed = (key: string, version: number) =>
    ({ kind: 'KEYS', keyspace: 'things', changes: [{ key, kind: 'PUT', version }] }) as const

  test('drop what is older, and of puts only what is older', async () => {
    const { peers, engine } = await clusterOf(undefined)
    const { entry } = await engine.put('things', { key: 'a', value: 1 })
    peers.host.applyInvalidation(changed('a', Number(entry.version)))
    expect(engine.stats('things').entries).toBe(1)
    peers.host.applyInvalidation(changed('a', Number(entry.version) + 1))
    expect(engine.stats('things').entries).toBe(0)
    peers.host.applyInvalidation({ ...changed('a', 1), keyspace: 'nowhere' })
  })

  test('of all entries spare puts that are newer, and nothing else', async () => {
    const { peers, engine, clock } = await clusterOf(answeringSource((key) => key))
    await engine.put('things', { key: 'older', value: 1 })
    const cleared = peers.host.lastVersion
    await clock.advance(1)
    const loading = engine.get('things', 'loaded')
    await clock.advance(0)
    await loading
    await engine.put('things', { key: 'newer', value: 2 })
    const clear = { kind: 'CLEAR', keyspace: 'things', version: cleared } as const
    peers.host.applyInvalidation(clear)
    expect(engine.stats('things').entries).toBe(1)
    expect(engine.readNow('things', 'newer')).toMatchObject({ value: 2, servedFrom: 'OWNER' })
    peers.host.applyInvalidation({ ...clear, version: peers.host.lastVersion })
    expect(engine.stats('things').entries).toBe(0)
  })

  test('of which some were missed, none of them of tags, leave all puts but those that a tag has hit already', async () => {
    const { peers, engine, clock } = await clusterOf(answeringSource((key) => key))
    const loading = engine.get('things', 'loaded')
    await clock.advance(0)
    await loading
    await engine.put('things', { key: 'plain', value: 1 })
    await engine.put('things', { key: 'kept', value: 2, tags: ['x'] })
    // More than are dropped in one turn.
    for (let from = 0; from < 3_000; from += 1_000) {
      const hit = Array.from({ length: 1_000 }, (_, index) => ({ key: `hit ${from + index}`, value: 3, tags: ['y'] }))
      await engine.putMany('things', hit)
    }
    peers.host.applyInvalidation({ kind: 'TAGS', keyspace: 'things', tags: ['y'], version: peers.host.lastVersion })
    peers.host.distrustAll(false)
    expect(engine.stats('things').entries).toBe(2)
    expect(engine.readNow('things', 'plain')).toMatchObject({ value: 1 })
    expect(engine.readNow('things', 'kept')).toMatchObject({ value: 2, tags: ['x'] })
    // And they still fall with their tags.
    peers.host.applyInvalidation({ kind: 'TAGS', keyspace: 'things', tags: ['x'], version: peers.host.lastVersion })
    expect(engine.readNow('things', 'kept')).toBeUndefined()
  })

  test('of which some were missed leave only puts that no tag could have hit', async () => {
    const { peers, engine, clock } = await clusterOf(answeringSource((key) => key))
    const loading = engine.get('things', 'loaded')
    await clock.advance(0)
    await loading
    await engine.put('things', { key: 'plain', value: 1 })
    await engine.put('things', { key: 'hit by tags', value: 1, tags: ['x'] })
    const events = engine.entryChanges('things')
    peers.host.distrustAll(true)
    expect((await engine.get('things', 'plain'))?.value).toBe(1)
    expect(engine.stats('things').entries).toBe(1)
    expect(await events.next()).toMatchObject({ value: { kind: 'MISSED' } })
    await engine.delete('things', 'plain')
    peers.host.distrustAll(true)
    expect(engine.stats('things').entries).toBe(0)
  })
})

describe('puts on their way to a new owner', () => {
  test('are those that live here only, have not expired and are not this peer’s', async () => {
    const { peers, engine, clock } = await clusterOf(undefined)
    await engine.put('things', { key: 'a', value: 1 })
    await engine.put('things', { key: 'b', value: 2 })
    await engine.put('things', { key: 'c', value: 2, ttlMs: 5 })
    await clock.advance(5)
    const homeless = [...peers.host.homelessPuts((slot) => slot === 'b'.charCodeAt(0))]
    expect(homeless).toMatchObject([{ keyspace: 'things', put: { key: 'a', encoded: '1', ageMs: 5, ttlMs: 59_995 } }])
  })

  test('are looked for a part at a time', async () => {
    const { peers, engine } = await clusterOf(undefined)
    const keys = Array.from({ length: 25_000 }, (_, index) => `k${index}`)
    for (let from = 0; from < keys.length; from += 1000) {
      await engine.putMany(
        'things',
        keys.slice(from, from + 1000).map((key) => ({ key, value: 1 })),
      )
    }
    const found = [...peers.host.homelessPuts(() => false)]
    expect(found.filter((put) => put === undefined)).toHaveLength(2)
    expect(found.filter((put) => put !== undefined).map(({ put }) => put.key)).toEqual(keys)
  })

  test('are looked for in what a clear has left as well', async () => {
    const { peers, engine } = await clusterOf(undefined)
    await engine.put('things', { key: 'a', value: 1 })
    await engine.put('things', { key: 'b', value: 1 })
    const looking = peers.host.homelessPuts(() => false)[Symbol.iterator]()
    expect(looking.next().value).toMatchObject({ put: { key: 'a' } })
    await engine.clear('things')
    await engine.put('things', { key: 'c', value: 1 })
    expect(looking.next().value).toMatchObject({ put: { key: 'c' } })
    expect(looking.next().done).toBe(true)
  })

  test('are never those that a writable source has', async () => {
    const source = scriptedSource({ writable: true })
    const { peers, engine, clock } = await clusterOf(source)
    const writing = engine.put('things', { key: 'a', value: 1 })
    await clock.advance(0)
    source.stores[0]!.answer([undefined])
    await writing
    expect([...peers.host.homelessPuts(() => false)]).toEqual([])
  })

  test('are not taken by who does not own them', async () => {
    const { peers } = await clusterOf(undefined)
    expect(peers.host.takePuts('things', [handed('t', 1), handed('a', 1)])).toEqual([false, true])
  })

  test('are taken unless something newer is known', async () => {
    const { peers, engine } = await clusterOf(undefined, { maxBytes: 2_000 })
    const { entry } = await engine.put('things', { key: 'newer', value: 'here' })
    const version = Number(entry.version)
    await engine.put('things', { key: 'deleted', value: 1 })
    await engine.delete('things', 'deleted')
    await engine.invalidateTags('things', ['x'])
    const taken = peers.host.takePuts('things', [
      handed('fresh', 5),
      handed('newer', version - 1),
      handed('deleted', version),
      handed('hit by a tag', version, { tags: ['x'] }),
      handed('large', 5, { encoded: 'x'.repeat(3_000) }),
      handed('of another tag', 5, { tags: ['y'] }),
    ])
    expect(taken).toEqual([true, true, true, true, false, true])
    expect((await engine.get('things', 'fresh'))?.value).toBe('version 5')
    expect((await engine.get('things', 'of another tag'))?.tags).toEqual(['y'])
    expect((await engine.get('things', 'newer'))?.value).toBe('here')
    for (const key of ['deleted', 'hit by a tag', 'large']) expect(await engine.get('things', key)).toBeNull()
    expect(peers.host.takePuts('things', [handed('newer', version + 1)])).toEqual([true])
    expect((await engine.get('things', 'newer'))?.value).toBe(`version ${version + 1}`)
    expect(peers.host.takePuts('nowhere', [handed('a', 1)])).toEqual([false])
  })

  test('are not taken when the keyspace was cleared after them', async () => {
    const { peers, engine } = await clusterOf(undefined)
    const { entry } = await engine.put('things', { key: 'a', value: 1 })
    await engine.clear('things')
    expect(peers.host.takePuts('things', [handed('a', Number(entry.version))])).toEqual([true])
    expect(await engine.get('things', 'a')).toBeNull()
  })

  test('win over a load that was under way when they came', async () => {
    const source = scriptedSource()
    const { peers, engine, clock } = await clusterOf(source)
    const loading = engine.get('things', 'a')
    await clock.advance(0)
    expect(peers.host.takePuts('things', [handed('a', 5)])).toEqual([true])
    source.loads[0]!.answer(['from the source'])
    await loading
    expect((await engine.get('things', 'a'))?.value).toBe('version 5')
  })

  test('are forgotten here when the new owner has them, unless they have changed since', async () => {
    const { peers, engine } = await clusterOf(undefined)
    const { entry } = await engine.put('things', { key: 'a', value: 1 })
    peers.host.releasePut('things', 'a', Number(entry.version) - 1)
    expect(engine.stats('things').entries).toBe(1)
    peers.host.releasePut('things', 'a', Number(entry.version))
    expect(engine.stats('things').entries).toBe(0)
    peers.host.releasePut('nowhere', 'a', 1)
  })

  test('that were deleted long ago are remembered as far as memory allows', async () => {
    const { peers, engine } = await clusterOf(undefined)
    await engine.delete('things', 'first')
    for (let call = 0; call < 66; call++) {
      await engine.deleteMany(
        'things',
        Array.from({ length: 1_000 }, (_, index) => `${call} ${index}`),
      )
    }
    expect(peers.host.takePuts('things', [handed('first', 1), handed('65 999', 1)])).toEqual([true, true])
    expect(await engine.get('things', 'first')).not.toBeNull()
    expect(await engine.get('things', '65 999')).toBeNull()
  })
})

test('versions follow those of other peers', async () => {
  const { peers, engine } = await clusterOf(undefined)
  const { entry } = await engine.put('things', { key: 'a', value: 1 })
  expect(peers.host.lastVersion).toBe(Number(entry.version))
  expect(peers.host.observeVersion(Number(entry.version) + 1_000)).toBe(true)
  expect(peers.host.observeVersion(Number(entry.version) * 2)).toBe(false)
  expect(Number((await engine.put('things', { key: 'a', value: 1 })).entry.version)).toBeGreaterThan(
    Number(entry.version) + 1_000,
  )
})
