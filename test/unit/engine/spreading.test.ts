import { describe, expect, test } from 'vitest'
import { encodeText } from '../../../src/engine/encoding.ts'
import type { Invalidation } from '../../../src/ports/index.ts'
import { engineFixture, keyspaceDefinition } from '../../support/engine-fixture.ts'
import { scriptedPeers } from '../../support/scripted-peers.ts'

const spreadMs = 1_000

const clear: Invalidation = { kind: 'CLEAR', keyspace: 'things', version: 100 }
const invalidated = (...tags: string[]): Invalidation => ({ kind: 'TAGS', keyspace: 'things', tags, version: 100 })

/** Keys that begin with "t" are owned by the peer "there", where changes that are known here arrive up to a second later. */
async function cluster() {
  const peers = Object.assign(scriptedPeers(), { spreadMs })
  peers.owners.set('t', 'there')
  const { engine, clock } = engineFixture([keyspaceDefinition()], { peers })
  await engine.start()
  /** Answers the question that was asked last. */
  const answer = (value: string, tags: readonly string[]): void => {
    const entry = { key: 't', encoded: encodeText(JSON.stringify(value)), version: 7, ageMs: 0, ttlMs: 60_000, tags }
    peers.questions.at(-1)!.answer([{ kind: 'ENTRY', entry, servedFrom: 'OWNER' }])
  }
  /** What comes of two readers, of whom the second joins the first, and how many questions that takes. */
  const readTwice = async (tags: readonly string[]) => {
    const before = peers.questions.length
    const first = engine.get('things', 't')
    await clock.advance(0)
    const second = engine.get('things', 't')
    answer('old', tags)
    const values = [(await first)?.value]
    await clock.advance(0)
    if (peers.questions.length > before + 1) answer('new', tags)
    values.push((await second)?.value)
    return { values, questions: peers.questions.length - before, kept: engine.stats('things').entries }
  }
  return { engine, clock, peers, answer, readTwice }
}

const shared = { values: ['old', 'old'], questions: 1 }
const readAgain = { values: ['old', 'new'], questions: 2, kept: 0 }

describe('an answer that may be from before a change, because its sender hears of it later,', () => {
  test.each([
    ['a clear', clear, ['red']],
    ['a clear, of an entry without tags', clear, []],
    ['an invalidation of its tag', invalidated('red'), ['red']],
    ['an invalidation of one of its tags', invalidated('green', 'red'), ['blue', 'red']],
  ])('is kept nowhere and is only for who asked first: %s', async (_, change, tags) => {
    const { peers, readTwice } = await cluster()
    peers.host.applyInvalidation(change)
    expect(await readTwice(tags)).toEqual(readAgain)
  })

  test.each([
    ['a clear', clear],
    ['an invalidation', invalidated('red')],
  ])('is like any other once %s must have reached everybody', async (_, change) => {
    const { clock, peers, readTwice } = await cluster()
    peers.host.applyInvalidation(change)
    await clock.advance(spreadMs - 1)
    expect(await readTwice(['red'])).toEqual(readAgain)
    await clock.advance(1)
    expect(await readTwice(['red'])).toEqual({ ...shared, kept: 1 })
  })

  test('is told by its tags: others do not count', async () => {
    const { peers, readTwice } = await cluster()
    peers.host.applyInvalidation(invalidated('red'))
    expect(await readTwice(['blue'])).toMatchObject(shared)
  })

  test('is told by every tag that was invalidated lately, each for its own time', async () => {
    const { clock, peers, readTwice } = await cluster()
    peers.host.applyInvalidation(invalidated('red'))
    await clock.advance(600)
    peers.host.applyInvalidation(invalidated('blue'))
    expect(await readTwice(['red'])).toEqual(readAgain)
    expect(await readTwice(['blue'])).toEqual(readAgain)
    await clock.advance(400)
    peers.host.applyInvalidation(invalidated('green'))
    expect(await readTwice(['blue'])).toEqual(readAgain)
    expect(await readTwice(['green'])).toEqual(readAgain)
    expect(await readTwice(['red'])).toMatchObject(shared)
  })

  test('is told anew when the same tag is invalidated again', async () => {
    const { clock, peers, readTwice } = await cluster()
    peers.host.applyInvalidation(invalidated('red'))
    await clock.advance(600)
    peers.host.applyInvalidation(invalidated('red'))
    await clock.advance(600)
    expect(await readTwice(['red'])).toEqual(readAgain)
  })
})
