import { describe, expect, test } from 'vitest'
import { encodeText } from '../../../src/engine/encoding.ts'
import type { KeyspacePolicy } from '../../../src/engine/policy.ts'
import { FedcacheError } from '../../../src/errors.ts'
import type { EntryTransfer, PeerAnswer, Source } from '../../../src/ports/index.ts'
import { after, engineFixture, failure, keyspaceDefinition } from '../../support/engine-fixture.ts'
import { settled } from '../../support/fake-clock.ts'
import { scriptedPeers } from '../../support/scripted-peers.ts'
import { answeringSource, scriptedSource } from '../../support/scripted-source.ts'

// Keys that begin with "t" are owned by the peer "there".
async function clusterOf(source: Source | undefined, policy: Partial<KeyspacePolicy> = {}) {
  const peers = scriptedPeers()
  peers.owners.set('t', 'there')
  const fixture = engineFixture([keyspaceDefinition(policy, source)], { peers })
  await fixture.engine.start()
  /** Lets whoever waits for another route try it. */
  const reroute = async (): Promise<void> => {
    for (const tryAgain of peers.waitingForRoute.splice(0)) tryAgain()
    await fixture.clock.advance(0)
  }
  return { peers, reroute, ...fixture }
}

const transfer = (key: string, value: unknown, terms: Partial<EntryTransfer> = {}): EntryTransfer => ({
  key,
  encoded: encodeText(JSON.stringify(value)),
  version: 7,
  ageMs: 0,
  ttlMs: 60_000,
  tags: [],
  ...terms,
})
const entry = (key: string, value: unknown, terms: Partial<EntryTransfer> = {}): PeerAnswer => ({
  kind: 'ENTRY',
  entry: transfer(key, value, terms),
  servedFrom: 'OWNER',
})
const elsewhere: PeerAnswer = { kind: 'ELSEWHERE' }
const noSource: PeerAnswer = { kind: 'NO_SOURCE' }

const toDeputy = { kind: 'ASK', peer: 'deputy', as: 'DEPUTY' } as const
const loadedAway = { kind: 'LOAD', near: true, previous: undefined } as const

describe('a deputy', () => {
  test('may not have heard of a change yet: what it answers is not kept, nor shared with who reads later', async () => {
    const { engine, clock, peers } = await clusterOf(scriptedSource())
    peers.routes.set('t', toDeputy)
    const early = engine.get('things', 't')
    await clock.advance(0)
    const later = engine.get('things', 't')
    await clock.advance(0)
    expect(peers.questions).toMatchObject([
      { peer: 'deputy', as: 'DEPUTY', items: ['t'] },
      { peer: 'deputy', as: 'DEPUTY', items: ['t'] },
    ])
    peers.questions[0]!.answer([entry('t', 'old')])
    peers.questions[1]!.answer([entry('t', 'new')])
    expect([(await early)?.value, (await later)?.value]).toEqual(['old', 'new'])
    expect(engine.stats('things').entries).toBe(0)
  })

  test('is not asked for what lives in its owner’s memory only; the owner is, once it can be', async () => {
    const { engine, clock, peers, reroute } = await clusterOf(undefined)
    peers.routes.set('t', toDeputy)
    const reading = engine.get('things', 't')
    await clock.advance(0)
    expect(peers.questions).toEqual([])
    peers.routes.delete('t')
    await reroute()
    expect(peers.questions).toMatchObject([{ peer: 'there', as: 'OWNER', items: ['t'] }])
    peers.questions[0]!.answer([entry('t', 1)])
    expect((await reading)?.value).toBe(1)
  })

  test('that is asked again keeps nobody from sharing what was begun since', async () => {
    const { engine, clock, peers, reroute } = await clusterOf(scriptedSource())
    peers.routes.set('t', toDeputy)
    const first = engine.get('things', 't')
    await clock.advance(0)
    peers.questions[0]!.answer([elsewhere])
    peers.routes.delete('t')
    const second = engine.get('things', 't')
    await clock.advance(0)
    peers.routes.set('t', toDeputy)
    await reroute()
    expect(peers.questions.map(({ peer }) => peer)).toEqual(['deputy', 'there', 'deputy'])
    const third = engine.get('things', 't')
    await clock.advance(0)
    expect(peers.questions).toHaveLength(3)
    peers.questions[1]!.answer([entry('t', 'of the owner')])
    expect([(await second)?.value, (await third)?.value]).toEqual(['of the owner', 'of the owner'])
    peers.questions[2]!.answer([entry('t', 'of the deputy')])
    expect((await first)?.value).toBe('of the deputy')
  })
})

describe('a key whose owner and deputy cannot be asked', () => {
  test('fails at once where it has no source and no peer can be reached', async () => {
    const { engine, clock, peers } = await clusterOf(undefined)
    peers.routes.set('t', loadedAway)
    peers.isIsolated = () => true
    const error = await after(clock, 0, failure(engine.get('things', 't')))
    expect(error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('"t" of "things"') })
    expect(peers.waitingForRoute).toEqual([])
  })

  test('waits for its owner where it has no source: nobody else can say that there is nothing', async () => {
    const { engine, clock, peers, reroute } = await clusterOf(undefined)
    peers.routes.set('t', loadedAway)
    const reading = engine.get('things', 't')
    await clock.advance(0)
    expect([peers.questions.length, peers.waitingForRoute.length]).toEqual([0, 1])
    peers.routes.delete('t')
    await reroute()
    peers.questions[0]!.answer([entry('t', 1)])
    expect((await reading)?.value).toBe(1)
  })

  /** A reader of `t` who asked its owner, and must load for itself next; meanwhile another peer asks for it here. */
  async function readerAndDeputy(policy: Partial<KeyspacePolicy> = {}) {
    const source = scriptedSource()
    const cluster = await clusterOf(source, policy)
    const { engine, clock, peers } = cluster
    const reading = engine.get('things', 't')
    await clock.advance(0)
    peers.questions[0]!.answer([elsewhere])
    peers.routes.set('t', loadedAway)
    const asked = peers.host.readFor('DEPUTY', 'things', ['t'], 10_000)
    await clock.advance(0)
    expect(source.loads).toHaveLength(1)
    return { source, reading, asked, ...cluster }
  }

  test('is loaded once where another peer asked for it meanwhile', async () => {
    const { source, reading, asked, reroute } = await readerAndDeputy()
    await reroute()
    expect(source.loads).toHaveLength(1)
    source.loads[0]!.answer(['loaded'])
    expect((await reading)?.value).toBe('loaded')
    expect(await asked).toMatchObject([{ kind: 'ENTRY', servedFrom: 'SOURCE' }])
  })

  test('is not loaded again where it was loaded for another peer meanwhile', async () => {
    const { source, reading, asked, reroute } = await readerAndDeputy()
    source.loads[0]!.answer(['loaded'])
    await asked
    await reroute()
    expect(await reading).toMatchObject({ value: 'loaded', servedFrom: 'NEAR' })
    expect(source.loads).toHaveLength(1)
  })

  test.each([
    ['near copy is past its time', { nearTtlMs: 100 }],
    ['entry has expired', { ttlMs: 100 }],
  ])('is loaded anew where that %s', async (_, policy) => {
    const { source, reading, asked, reroute, clock } = await readerAndDeputy(policy)
    source.loads[0]!.answer(['loaded'])
    await asked
    await clock.advance(100)
    await reroute()
    source.loads[1]!.answer(['loaded anew'])
    expect(await reading).toMatchObject({ value: 'loaded anew', servedFrom: 'SOURCE' })
  })

  test('is loaded anew where memory may be outdated once more by then', async () => {
    const { source, reading, asked, reroute, peers, clock } = await readerAndDeputy()
    source.loads[0]!.answer(['loaded'])
    await asked
    peers.serves = false
    await reroute()
    // The moment in which this peer might serve is over before the reader's turn comes.
    peers.waitingToServe[0]!(true)
    await clock.advance(0)
    source.loads[1]!.answer(['loaded anew'])
    expect(await reading).toMatchObject({ value: 'loaded anew', servedFrom: 'SOURCE' })
  })

  test('is loaded anew where all that is here is from when this peer was the owner', async () => {
    const source = scriptedSource()
    const { engine, clock, peers } = await clusterOf(source)
    const owned = engine.get('things', 'k')
    await clock.advance(0)
    source.loads[0]!.answer(['while it was owned'])
    await owned
    peers.owners.set('k', 'there')
    peers.routes.set('k', loadedAway)
    const reading = engine.get('things', 'k')
    await clock.advance(0)
    source.loads[1]!.answer(['of today'])
    expect(await reading).toMatchObject({ value: 'of today', servedFrom: 'SOURCE' })
  })

  test('is loaded without waiting for a later reader who asks a peer for it', async () => {
    const source = scriptedSource()
    const { engine, clock, peers, reroute } = await clusterOf(source)
    peers.routes.set('t', toDeputy)
    const reading = engine.get('things', 't')
    await clock.advance(0)
    peers.questions[0]!.answer([elsewhere])
    peers.routes.delete('t')
    void engine.get('things', 't')
    await clock.advance(0)
    expect(peers.questions).toHaveLength(2)
    peers.routes.set('t', loadedAway)
    await reroute()
    source.loads[0]!.answer(['loaded'])
    expect((await reading)?.value).toBe('loaded')
  })
})

describe('a copy from when this peer was the owner', () => {
  async function readAfterMove(staleIfErrorMs: number) {
    const { engine, clock, peers } = await clusterOf(
      answeringSource(() => 'of then'),
      { staleIfErrorMs },
    )
    await after(clock, 0, engine.get('things', 'k'))
    peers.owners.set('k', 'there')
    const reading = engine.getMany('things', ['k'])
    await clock.advance(0)
    peers.questions[0]!.answer([{ kind: 'ERROR', error: new FedcacheError('SOURCE_FAILED', 'down') }])
    return { results: await reading, stats: engine.stats('things') }
  }

  test('does not stand in for an error of the new owner, however fresh it is', async () => {
    const { results, stats } = await readAfterMove(0)
    expect(results).toMatchObject([{ code: 'SOURCE_FAILED' }])
    expect(stats.staleHits).toBe(0)
  })

  test('does, as a stale one, where the keyspace lets old copies stand in', async () => {
    const { results, stats } = await readAfterMove(1_000)
    expect(results).toMatchObject([{ value: 'of then', servedFrom: 'STALE', stale: true }])
    expect(stats.staleHits).toBe(1)
  })
})

describe('peers that may still have a put', () => {
  async function ownerOfA(...holders: string[]) {
    const cluster = await clusterOf(undefined)
    cluster.peers.holders = () => holders
    const read = async () => {
      const reading = cluster.engine.get('things', 'a')
      await cluster.clock.advance(0)
      return { reading }
    }
    return { ...cluster, read }
  }

  test.each([
    ['first', [9, 5]],
    ['last', [5, 9]],
  ] as const)('are all asked, and the newest of their copies is kept, even where it comes %s', async (_, versions) => {
    const { engine, peers, read } = await ownerOfA('one', 'two')
    const { reading } = await read()
    expect(peers.questions).toMatchObject([
      { peer: 'one', as: 'PREVIOUS', items: ['a'] },
      { peer: 'two', as: 'PREVIOUS', items: ['a'] },
    ])
    peers.questions.forEach(({ answer }, index) => {
      answer([entry('a', `version ${versions[index]}`, { version: versions[index]! })])
    })
    expect(await reading).toMatchObject({ value: 'version 9', version: '9', servedFrom: 'PEER' })
    expect(engine.readNow('things', 'a')).toMatchObject({ value: 'version 9', servedFrom: 'OWNER' })
  })

  test('are asked again where one could not answer: it may have the only copy', async () => {
    const { peers, read, reroute } = await ownerOfA('one', 'two')
    const { reading } = await read()
    peers.questions[0]!.answer([noSource])
    peers.questions[1]!.answer([elsewhere])
    await settled()
    await reroute()
    expect(peers.questions).toHaveLength(4)
    peers.questions[2]!.answer([noSource])
    peers.questions[3]!.answer([entry('a', 'the only copy')])
    expect((await reading)?.value).toBe('the only copy')
  })

  test('are asked again where what one had was deleted meanwhile, and it may have had what came after', async () => {
    const { engine, peers, read, reroute } = await ownerOfA('one')
    const { reading } = await read()
    await engine.delete('things', 'a')
    peers.questions[0]!.answer([entry('a', 'deleted')])
    await settled()
    await reroute()
    peers.questions[1]!.answer([noSource])
    expect(await reading).toBeNull()
  })

  test('say nothing of a slot that has moved on: its owner is asked', async () => {
    const { peers, read, reroute } = await ownerOfA('one')
    const { reading } = await read()
    peers.owners.set('a', 'there')
    peers.questions[0]!.answer([noSource])
    await settled()
    await reroute()
    expect(peers.questions[1]).toMatchObject({ peer: 'there', as: 'OWNER', items: ['a'] })
    peers.questions[1]!.answer([entry('a', 'of the owner')])
    expect((await reading)?.value).toBe('of the owner')
  })

  test('may have handed it over before they answered that they have nothing', async () => {
    const { peers, read } = await ownerOfA('one')
    const { reading } = await read()
    expect(peers.host.takePuts('things', [transfer('a', 'handed over')])).toEqual([true])
    peers.questions[0]!.answer([noSource])
    expect(await reading).toMatchObject({ value: 'handed over', servedFrom: 'OWNER' })
  })

  test('may have handed over what has expired since', async () => {
    const { clock, peers, read } = await ownerOfA('one')
    const { reading } = await read()
    peers.host.takePuts('things', [transfer('a', 'handed over', { ttlMs: 50 })])
    await clock.advance(50)
    peers.questions[0]!.answer([noSource])
    expect(await reading).toBeNull()
  })
})

describe('a put that waits here for being handed over', () => {
  test('is not what its owner’s word is checked against: where that has nothing, there is nothing', async () => {
    const { engine, clock, peers } = await clusterOf(undefined)
    await engine.put('things', { key: 'k', value: 1 })
    peers.owners.set('k', 'there')
    const reading = engine.get('things', 'k')
    await clock.advance(0)
    peers.questions[0]!.answer([noSource])
    expect(await after(clock, 0, reading)).toBeNull()
    expect([...peers.host.homelessPuts(() => false)]).toHaveLength(1)
  })

  /** Reads `k` as often as makes it worth a near copy, and tells which puts this peer would hand over afterwards. */
  async function handOverAfterReads(policy: { version?: number; ttlMs?: number; passMs?: number } = {}) {
    const { engine, clock, peers } = await clusterOf(undefined)
    const { entry: put } = await engine.put('things', { key: 'k', value: 1, ttlMs: policy.ttlMs })
    const version = Number(put.version) + (policy.version ?? 0)
    peers.owners.set('k', 'there')
    for (let times = 0; times < 3; times++) {
      const reading = engine.get('things', 'k')
      await clock.advance(policy.passMs ?? 0)
      peers.questions.at(-1)!.answer([entry('k', 'of the owner', { version })])
      expect(await reading).toMatchObject({ value: 'of the owner' })
    }
    return { homeless: [...peers.host.homelessPuts(() => false)], engine }
  }

  test('is not lost to a near copy of itself', async () => {
    const { homeless, engine } = await handOverAfterReads()
    expect(homeless).toMatchObject([{ put: { key: 'k', encoded: '1' } }])
    expect(engine.stats('things').fencedFills).toBeGreaterThan(0)
  })

  test('gives way to a near copy of what is newer', async () => {
    const { homeless, engine } = await handOverAfterReads({ version: 1 })
    expect(homeless).toEqual([])
    expect(engine.readNow('things', 'k')).toMatchObject({ value: 'of the owner', servedFrom: 'NEAR' })
  })

  test('gives way when it has expired', async () => {
    const { engine } = await handOverAfterReads({ ttlMs: 5, passMs: 5 })
    expect(engine.readNow('things', 'k')).toMatchObject({ value: 'of the owner', servedFrom: 'NEAR' })
  })
})

describe('a flight that finds no way', () => {
  test('loads a near copy itself after about a second, where peers take each other for the owner', async () => {
    const source = answeringSource(() => 'loaded here')
    const { engine, clock, peers, reroute } = await clusterOf(source)
    const reading = engine.get('things', 't')
    await clock.advance(0)
    for (let questions = 1; questions <= 11; questions++) {
      expect([peers.questions.length, source.calls.length]).toEqual([questions, 0])
      peers.questions.at(-1)!.answer([elsewhere])
      await settled()
      await reroute()
    }
    expect(peers.questions).toHaveLength(11)
    expect(await reading).toMatchObject({ value: 'loaded here', servedFrom: 'SOURCE' })
    expect(engine.readNow('things', 't')).toMatchObject({ servedFrom: 'NEAR' })
  })

  test('goes on looking where there is no source', async () => {
    const { engine, clock, peers, reroute } = await clusterOf(undefined)
    const reading = engine.get('things', 't')
    await clock.advance(0)
    for (let questions = 1; questions <= 15; questions++) {
      expect(peers.questions).toHaveLength(questions)
      peers.questions.at(-1)!.answer([elsewhere])
      await settled()
      await reroute()
    }
    peers.questions.at(-1)!.answer([entry('t', 'found')])
    expect((await reading)?.value).toBe('found')
  })
})

describe('a flight of a peer that has not heard from its cluster for a moment', () => {
  test('asks nobody anew before it has', async () => {
    const { engine, clock, peers, reroute } = await clusterOf(answeringSource(() => 'loaded here'))
    const reading = engine.get('things', 't')
    await clock.advance(0)
    peers.serves = false
    peers.questions[0]!.answer([elsewhere])
    await settled()
    await reroute()
    expect([peers.questions.length, peers.waitingToServe.length]).toEqual([1, 1])
    peers.serves = true
    peers.owners.delete('t')
    peers.waitingToServe[0]!(true)
    await clock.advance(0)
    expect((await reading)?.value).toBe('loaded here')
  })

  /** A reader who must read again, because a tag was invalidated, at a moment when this peer may not serve. */
  async function readerUnderFence() {
    const source = scriptedSource()
    const cluster = await clusterOf(source, { tags: () => ['red'] })
    const { engine, clock, peers } = cluster
    void engine.get('things', 'a')
    await clock.advance(0)
    await engine.invalidateTags('things', ['red'])
    const reading = engine.get('things', 'a')
    peers.serves = false
    source.loads[0]!.answer(['old'])
    await clock.advance(0)
    expect([source.loads.length, peers.waitingToServe.length]).toEqual([1, 1])
    return { source, reading, ...cluster }
  }

  test('does not begin before it has either', async () => {
    const { source, reading, peers, clock } = await readerUnderFence()
    peers.serves = true
    peers.waitingToServe[0]!(true)
    await clock.advance(0)
    source.loads[1]!.answer(['new'])
    expect((await reading)?.value).toBe('new')
  })

  test('fails when it does not hear in time', async () => {
    const { source, reading, peers } = await readerUnderFence()
    peers.waitingToServe[0]!(false)
    expect((await failure(reading)).code).toBe('UNAVAILABLE')
    expect(source.loads).toHaveLength(1)
  })
})
