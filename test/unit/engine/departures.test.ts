import { describe, expect, test } from 'vitest'
import { encodeText } from '../../../src/engine/encoding.ts'
import type { KeyspacePolicy } from '../../../src/engine/policy.ts'
import type { ReadResult } from '../../../src/engine/results.ts'
import { FedcacheError } from '../../../src/errors.ts'
import type { EntryTransfer, PeerAnswer, ServedFrom, Source } from '../../../src/ports/index.ts'
import { engineFixture, failure, keyspaceDefinition } from '../../support/engine-fixture.ts'
import { type FakeClock, settled } from '../../support/fake-clock.ts'
import { type ScriptedPeers, scriptedPeers } from '../../support/scripted-peers.ts'
import { answeringSource, scriptedSource } from '../../support/scripted-source.ts'

// Keys that begin with "t" are owned by the peer "there".
function clusterOf(source: Source | undefined, policy: Partial<KeyspacePolicy> = {}) {
  const peers = scriptedPeers()
  peers.owners.set('t', 'there')
  return { peers, ...engineFixture([keyspaceDefinition(policy, source)], { peers }) }
}

const transfer = (key: string, value: unknown, terms: Partial<EntryTransfer> = {}): EntryTransfer => ({
  key,
  encoded: value === null ? null : encodeText(JSON.stringify(value)),
  version: 7,
  ageMs: 100,
  ttlMs: 5_000,
  tags: [],
  ...terms,
})
const entry = (key: string, value: unknown, servedFrom: ServedFrom = 'OWNER', terms = {}): PeerAnswer => ({
  kind: 'ENTRY',
  entry: transfer(key, value, terms),
  servedFrom,
})
const seen = (results: readonly ReadResult[]): unknown[] =>
  results.map((result) => (result instanceof FedcacheError ? result.code : result && [result.value, result.servedFrom]))

describe('keys of another peer', () => {
  test('are asked for together, once, of their owner, and count the way as age', async () => {
    const { engine, clock, peers } = clusterOf(answeringSource((key) => key))
    const reading = engine.getMany('things', ['t1', 'own', 't2', 't1'])
    const other = engine.get('things', 't1')
    await clock.advance(30)
    expect(peers.questions).toMatchObject([{ peer: 'there', as: 'OWNER', items: ['t1', 't2'], timeoutMs: 10_000 }])
    peers.questions[0]!.answer([entry('t1', 1), entry('t2', 2, 'SOURCE')])
    expect(seen(await reading)).toEqual([
      [1, 'PEER'],
      ['own', 'SOURCE'],
      [2, 'SOURCE'],
      [1, 'PEER'],
    ])
    expect(await other).toMatchObject({ ageMs: 130, ttlMs: 4_970, owner: 'there', version: '7' })
    expect(engine.stats('things')).toMatchObject({ peerReads: 2, misses: 5 })
  })

  test('are kept as near copies only when they are read again, for the near ttl at most', async () => {
    const { engine, clock, peers } = clusterOf(undefined, { nearTtlMs: 1_000, staleWhileRevalidateMs: 10_000 })
    for (const times of [1, 2]) {
      const reading = engine.get('things', 't')
      await clock.advance(0)
      peers.questions.at(-1)!.answer([entry('t', times)])
      await reading
      expect(engine.stats('things').entries).toBe(times - 1)
    }
    expect(seen(engine.read('things', ['t']) as readonly ReadResult[])).toEqual([[2, 'NEAR']])
    expect(engine.stats('things')).toMatchObject({ hits: 1, nearHits: 1 })
    await clock.advance(1_000)
    expect(engine.read('things', ['t'])).toBeInstanceOf(Promise)
  })

  test('are not served from a near copy past its time, even when the owner fails', async () => {
    const { engine, clock, peers } = clusterOf(undefined, { nearTtlMs: 1_000 })
    for (const answer of [entry('t', 1), entry('t', 1)]) {
      const reading = engine.get('things', 't')
      await clock.advance(0)
      peers.questions.at(-1)!.answer([answer])
      await reading
    }
    await clock.advance(1_000)
    const reading = failure(engine.get('things', 't'))
    await clock.advance(0)
    peers.questions.at(-1)!.answer([{ kind: 'ERROR', error: new FedcacheError('SOURCE_FAILED', 'down') }])
    expect((await reading).code).toBe('SOURCE_FAILED')
  })

  test.each([
    ['stale', { answer: entry('t', 1, 'STALE'), nearTtlMs: 1_000 }],
    ['where near copies are off', { answer: entry('t', 1), nearTtlMs: 0 }],
  ])('leave no near copy when they are %s', async (_, { answer, nearTtlMs }) => {
    const { engine, clock, peers } = clusterOf(undefined, { nearTtlMs })
    for (let times = 0; times < 3; times++) {
      const reading = engine.get('things', 't')
      await clock.advance(0)
      peers.questions.at(-1)!.answer([answer])
      await reading
    }
    expect(engine.stats('things').entries).toBe(0)
  })

  test('and a near copy on its way gives way to a change that is announced meanwhile', async () => {
    const { engine, clock, peers } = clusterOf(undefined)
    await engine.start()
    for (let times = 0; times < 2; times++) {
      const reading = engine.get('things', 't')
      await clock.advance(0)
      peers.host.applyInvalidation({
        kind: 'KEYS',
        keyspace: 'things',
        changes: [{ key: 't', kind: 'PUT', version: 9 }],
      })
      peers.questions.at(-1)!.answer([entry('t', 'old')])
      expect((await reading)?.value).toBe('old')
    }
    expect(engine.stats('things')).toMatchObject({ entries: 0, fencedFills: 2 })
  })

  test('and an error of the owner reaches the reader', async () => {
    const { engine, clock, peers } = clusterOf(answeringSource(() => 1))
    const reading = engine.getMany('things', ['t1', 't2'])
    await clock.advance(0)
    peers.questions[0]!.answer([{ kind: 'ERROR', error: new FedcacheError('BUSY', 'too much') }, entry('t2', null)])
    expect(seen(await reading)).toEqual(['BUSY', null])
  })

  test('and an error that is none of ours fails the keys that are not answered yet, and leaves nobody waiting', async () => {
    const { engine, clock, peers } = clusterOf(answeringSource(() => 1))
    const reading = engine.getMany('things', ['t1', 't2', 't3'])
    await clock.advance(0)
    peers.questions[0]!.answer([entry('t1', 1), { kind: 'ERROR', error: new Error('a bug') }, entry('t3', 3)])
    expect(seen(await reading)).toEqual([[1, 'PEER'], 'UNAVAILABLE', 'UNAVAILABLE'])
    expect(clock.pending).toBe(0)
  })

  test('are loaded here, as near copies, when the owner has no source for them', async () => {
    const source = answeringSource((key) => `${key} from here`)
    const { engine, clock, peers } = clusterOf(source)
    const reading = engine.get('things', 't')
    await clock.advance(0)
    peers.questions[0]!.answer([{ kind: 'NO_SOURCE' }])
    await clock.advance(0)
    expect(await reading).toMatchObject({ value: 't from here', servedFrom: 'SOURCE' })
    expect(seen(engine.read('things', ['t']) as readonly ReadResult[])).toEqual([['t from here', 'NEAR']])
  })

  test('take another route when the peer was not the one to ask', async () => {
    const { engine, clock, peers } = clusterOf(answeringSource(() => 'mine'))
    const reading = engine.getMany('things', ['t', 'tt'])
    await clock.advance(0)
    peers.questions[0]!.answer([{ kind: 'ELSEWHERE' }, entry('tt', 1)])
    await settled()
    peers.owners.delete('t')
    peers.waitingForRoute[0]!()
    await clock.advance(0)
    expect(seen(await reading)).toEqual([
      ['mine', 'SOURCE'],
      [1, 'PEER'],
    ])
  })

  test.each([
    [
      'says where they are',
      (clock: FakeClock, { questions, waitingForRoute }: ScriptedPeers) => {
        questions[0]!.answer([{ kind: 'ELSEWHERE' }])
        return clock.advance(1).then(() => waitingForRoute[0]!())
      },
    ],
    [
      'answers',
      async (clock: FakeClock, { questions }: ScriptedPeers) => {
        await clock.advance(1)
        questions[0]!.answer([{ kind: 'ERROR', error: new FedcacheError('READ_TIMEOUT', 'nobody') }])
      },
    ],
  ])('fail when nobody %s in time, and are asked for again by who came later and has time left', async (_, end) => {
    const { engine, clock, peers } = clusterOf(undefined, { readTimeoutMs: 100 })
    const early = failure(engine.get('things', 't'))
    await clock.advance(99)
    const late = engine.get('things', 't')
    await end(clock, peers)
    expect((await early).code).toBe('READ_TIMEOUT')
    await clock.advance(0)
    expect(peers.questions).toHaveLength(2)
    peers.questions[1]!.answer([entry('t', 1)])
    expect((await late)?.value).toBe(1)
  })

  test('fail when their owner fails, for everybody who waits', async () => {
    const { engine, clock, peers } = clusterOf(undefined, { readTimeoutMs: 100 })
    const readers = [failure(engine.get('things', 't'))]
    await clock.advance(0)
    readers.push(failure(engine.get('things', 't')))
    peers.questions[0]!.answer([{ kind: 'ERROR', error: new FedcacheError('SOURCE_FAILED', 'down') }])
    expect((await Promise.all(readers)).map(({ code }) => code)).toEqual(['SOURCE_FAILED', 'SOURCE_FAILED'])
    expect(peers.questions).toHaveLength(1)
  })

  test('that are no longer served from memory: an entry counts only while this peer owns its slot', async () => {
    const { engine, clock, peers } = clusterOf(
      answeringSource(() => 1),
      { staleWhileRevalidateMs: 1e9 },
    )
    const own = engine.get('things', 'k')
    await clock.advance(0)
    await own
    peers.owners.set('k', 'there')
    expect(engine.read('things', ['k'])).toBeInstanceOf(Promise)
    await clock.advance(0)
    expect(peers.questions).toMatchObject([{ peer: 'there', items: ['k'] }])
    peers.questions[0]!.answer([entry('k', 2)])
    peers.owners.delete('k')
    expect(engine.read('things', ['k'])).toBeInstanceOf(Array)
  })
})

describe('the previous owner of a slot', () => {
  const route = { kind: 'LOAD', near: false, previous: 'before' } as const

  test('is asked for half a second before the source, and what it had is kept', async () => {
    const source = scriptedSource()
    const { engine, clock, peers } = clusterOf(source)
    peers.routes.set('k', route)
    const reading = engine.get('things', 'k')
    await clock.advance(0)
    expect(peers.questions).toMatchObject([{ peer: 'before', as: 'PREVIOUS', items: ['k'], timeoutMs: 500 }])
    peers.questions[0]!.answer([entry('k', 1)])
    expect(await reading).toMatchObject({ value: 1, servedFrom: 'PEER', version: '7', ttlMs: 5_000 })
    expect(seen(engine.read('things', ['k']) as readonly ReadResult[])).toEqual([[1, 'OWNER']])
    expect(source.loads).toHaveLength(0)
  })

  test.each([
    ['an error', { kind: 'ERROR', error: new Error('gone') }],
    ['nothing', { kind: 'ELSEWHERE' }],
    ['no source', { kind: 'NO_SOURCE' }],
  ] as const)('that answers with %s is followed by the source', async (_, answer) => {
    const { engine, clock, peers } = clusterOf(answeringSource(() => 'loaded'))
    peers.routes.set('k', route)
    const reading = engine.get('things', 'k')
    await clock.advance(0)
    peers.questions[0]!.answer([answer])
    await clock.advance(0)
    expect(await reading).toMatchObject({ value: 'loaded', servedFrom: 'SOURCE' })
    expect(seen(engine.read('things', ['k']) as readonly ReadResult[])).toEqual([['loaded', 'OWNER']])
  })
})

describe('a peer that may not serve from its memory', () => {
  test('holds reads until it may', async () => {
    const { engine, clock, peers } = clusterOf(answeringSource(() => 1))
    const first = engine.get('things', 'a')
    await clock.advance(0)
    await first
    peers.serves = false
    const held = engine.read('things', ['a'], { timeoutMs: 100 })
    await clock.advance(50)
    peers.serves = true
    peers.waitingToServe[0]!(true)
    expect(seen(await held)).toEqual([[1, 'OWNER']])
  })

  test('takes the time that a reader was held off that reader’s time', async () => {
    const { engine, clock, peers } = clusterOf(scriptedSource())
    peers.serves = false
    const held = engine.getMany('things', ['a'], { timeoutMs: 100 })
    await clock.advance(60)
    peers.serves = true
    peers.waitingToServe[0]!(true)
    await clock.advance(40)
    expect(seen(await held)).toEqual(['READ_TIMEOUT'])
  })

  test('fails the keys when it may not in time', async () => {
    const { engine, peers } = clusterOf(answeringSource(() => 1))
    peers.serves = false
    const held = engine.getMany('things', ['a', 'b'])
    peers.waitingToServe[0]!(false)
    expect(seen(await held)).toEqual(['READ_TIMEOUT', 'READ_TIMEOUT'])
  })
})
