import { expect, test } from 'vitest'
import { encodeText } from '../../../src/engine/encoding.ts'
import type { PeerAnswer } from '../../../src/ports/index.ts'
import { engineFixture, keyspaceDefinition } from '../../support/engine-fixture.ts'
import { type ScriptedPeers, scriptedPeers } from '../../support/scripted-peers.ts'
import { scriptedSource } from '../../support/scripted-source.ts'

// Keys that begin with "t" are owned by the peer "there", those that begin with "y" by the peer "yonder".
function cluster() {
  const peers = scriptedPeers()
  peers.owners.set('t', 'there').set('y', 'yonder')
  const keyspaces = ['things', 'others'].map((name) => keyspaceDefinition({}, scriptedSource(), name))
  return { peers, ...engineFixture(keyspaces, { peers }) }
}
const asked = ({ questions }: ScriptedPeers) => questions.map(({ peer, as, items }) => [peer, as, items])
const entry = (key: string, value: string): PeerAnswer => ({
  kind: 'ENTRY',
  entry: { key, encoded: encodeText(JSON.stringify(value)), version: 7, ageMs: 0, ttlMs: 1_000, tags: [] },
  servedFrom: 'OWNER',
})

test('what is asked of one peer at once goes in one question, and of others apart', async () => {
  const { engine, clock, peers } = cluster()
  const reading = [
    engine.getMany('things', ['t1', 'y1', 't2']),
    engine.getMany('others', ['t1']),
    engine.getMany('things', ['t3', 'y2']),
  ]
  await clock.advance(0)
  expect(asked(peers)).toEqual([
    ['there', 'OWNER', ['t1', 't2', 't3']],
    ['yonder', 'OWNER', ['y1', 'y2']],
    ['there', 'OWNER', ['t1']],
  ])
  for (const [index, { items, answer }] of peers.questions.entries()) {
    answer(items.map((key) => entry(key, `${key} of question ${index}`)))
  }
  const values = (await Promise.all(reading)).map((results) =>
    results.map((result) => (result as { value: unknown }).value),
  )
  expect(values).toEqual([
    ['t1 of question 0', 'y1 of question 1', 't2 of question 0'],
    ['t1 of question 2'],
    ['t3 of question 0', 'y2 of question 1'],
  ])
})

test('a peer that is asked as the owner and as the deputy of one that is silent is asked twice', async () => {
  const { engine, clock, peers } = cluster()
  peers.routes.set('y', { kind: 'ASK', peer: 'there', as: 'DEPUTY' })
  void engine.getMany('things', ['t', 'y'])
  await clock.advance(0)
  expect(asked(peers)).toEqual([
    ['there', 'OWNER', ['t']],
    ['there', 'DEPUTY', ['y']],
  ])
})

test('peers that may hold a put are asked apart from others of whom some are the same', async () => {
  const { engine, clock, peers } = cluster()
  const holders = ['one', 'two']
  peers.holders = () => [...holders]
  void engine.get('things', 'a')
  holders[1] = 'three'
  void engine.get('things', 'b')
  holders.push('four')
  void engine.get('things', 'c')
  await clock.advance(0)
  expect(asked(peers)).toEqual([
    ['one', 'PREVIOUS', ['a']],
    ['two', 'PREVIOUS', ['a']],
    ['one', 'PREVIOUS', ['b']],
    ['three', 'PREVIOUS', ['b']],
    ['one', 'PREVIOUS', ['c']],
    ['three', 'PREVIOUS', ['c']],
    ['four', 'PREVIOUS', ['c']],
  ])
})

test('a question has a thousand keys at most', async () => {
  const { engine, clock, peers } = cluster()
  const keys = (call: string): string[] => Array.from({ length: 900 }, (_, index) => `t${call}${index}`)
  const calls = ['a', 'b', 'c'].map(keys)
  const reading = calls.map((call) => engine.getMany('things', call))
  await clock.advance(0)
  expect(peers.questions.map(({ items }) => items.length)).toEqual([1_000, 1_000, 700])
  for (const { items, answer } of peers.questions) answer(items.map((key) => entry(key, key)))
  for (const [index, results] of (await Promise.all(reading)).entries()) {
    expect(results.map((result) => (result as { value: unknown }).value)).toEqual(calls[index])
  }
})

test('what is asked for later goes in another question', async () => {
  const { engine, clock, peers } = cluster()
  void engine.get('things', 't1')
  await clock.advance(0)
  void engine.get('things', 't2')
  await clock.advance(0)
  expect(asked(peers)).toEqual([
    ['there', 'OWNER', ['t1']],
    ['there', 'OWNER', ['t2']],
  ])
})

test('questions become smaller where the answers turn out to be large, and larger again', async () => {
  const { engine, clock, peers } = cluster()
  const sizes = async (name: string, valueBytes: number): Promise<readonly number[]> => {
    const keys = Array.from({ length: 600 }, (_, index) => `t ${name} ${index}`)
    const from = peers.questions.length
    const reading = engine.getMany('things', keys)
    await clock.advance(0)
    const questions = peers.questions.slice(from)
    for (const { items, answer } of questions) answer(items.map((key) => entry(key, 'x'.repeat(valueBytes))))
    await reading
    expect(questions.flatMap(({ items }) => items)).toEqual(keys)
    return questions.map(({ items }) => items.length)
  }
  expect(await sizes('unknown', 2_000)).toEqual([600])
  const [first = 0, ...others] = await sizes('large', 10)
  expect(first).toBeGreaterThan(20)
  expect(first).toBeLessThan(40)
  expect(others.length).toBeGreaterThan(10)
  expect(await sizes('small', 10)).toEqual([600])
})
