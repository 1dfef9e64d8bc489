import { describe, expect, test } from 'vitest'
import { after, engineFixture, engineOver, keyspaceDefinition, plainLimits } from '../../support/engine-fixture.ts'
import { scriptedPeers } from '../../support/scripted-peers.ts'
import { answeringSource } from '../../support/scripted-source.ts'

describe('readNow', () => {
  test('answers what is in memory, and what is known not to exist, as a hit', async () => {
    const { engine, clock } = engineOver(answeringSource((key) => (key === 'none' ? null : `value of ${key}`)))
    await after(clock, 0, engine.getMany('things', ['a', 'none']))
    expect(engine.readNow('things', 'a')).toMatchObject({ value: 'value of a', servedFrom: 'OWNER' })
    expect(engine.readNow('things', 'none')).toBeNull()
    expect(engine.stats('things')).toMatchObject({ hits: 2, misses: 2 })
  })

  test('leaves what has to be waited for to others, uncounted and unloaded', async () => {
    const { engine, clock } = engineOver(
      answeringSource(() => 1),
      { ttlMs: 1000 },
    )
    expect(engine.readNow('things', 'a')).toBeUndefined()
    expect(engine.readNow('things', '')).toBeUndefined()
    expect(engine.stats('things')).toMatchObject({ hits: 0, misses: 0, loads: 0 })
    await after(clock, 0, engine.get('things', 'a'))
    await clock.advance(1000)
    expect(engine.readNow('things', 'a')).toBeUndefined()
  })

  test('answers a stale entry that may be served, and has it loaded anew', async () => {
    const { engine, clock } = engineOver(
      answeringSource(() => 1),
      { ttlMs: 1000, staleWhileRevalidateMs: 1000 },
    )
    await after(clock, 0, engine.get('things', 'a'))
    await clock.advance(1500)
    expect(engine.readNow('things', 'a')).toMatchObject({ servedFrom: 'STALE' })
    await clock.advance(0)
    expect(engine.readNow('things', 'a')).toMatchObject({ servedFrom: 'OWNER' })
    expect(engine.stats('things')).toMatchObject({ loads: 2, staleHits: 1 })
  })

  test('leaves what is too large for any answer to others, who say so', async () => {
    const definition = keyspaceDefinition({ format: 'text' })
    const { engine } = engineFixture([definition], { limits: { ...plainLimits, maxAnswerBytes: 100 } })
    await engine.put('things', { key: 'fits', text: 'x'.repeat(100) })
    await engine.put('things', { key: 'large', text: 'x'.repeat(101) })
    expect(engine.readNow('things', 'fits')).toMatchObject({ size: 100 })
    expect(engine.readNow('things', 'large')).toBeUndefined()
    expect(engine.read('things', ['large'])).toMatchObject([{ code: 'VALUE_TOO_LARGE' }])
  })

  test('answers nothing where memory may be outdated', async () => {
    const peers = scriptedPeers()
    const { engine } = engineFixture([keyspaceDefinition()], { peers })
    await engine.put('things', { key: 'a', value: 1 })
    peers.serves = false
    expect(engine.readNow('things', 'a')).toBeUndefined()
    peers.serves = true
    expect(engine.readNow('things', 'a')).toMatchObject({ value: 1 })
  })

  test('refuses keyspaces that do not exist', () => {
    const { engine } = engineOver(answeringSource(() => 1))
    const refusal = expect.objectContaining({ code: 'KEYSPACE_NOT_FOUND' })
    expect(() => engine.readNow('nothing', 'a')).toThrow(refusal)
    expect(() => engine.readAllNow('nothing', ['a'])).toThrow(refusal)
  })

  test('answers the same for each of many keys', async () => {
    const peers = scriptedPeers()
    const limits = { ...plainLimits, maxAnswerBytes: 100 }
    const { engine } = engineFixture([keyspaceDefinition({ format: 'text' })], { limits, peers })
    await engine.put('things', { key: 'fits', text: 'x' })
    await engine.put('things', { key: 'large', text: 'x'.repeat(101) })
    const keys = ['large', 'fits', 'cold', '', 'fits']
    const fits = { key: 'fits', servedFrom: 'OWNER' }
    expect(engine.readAllNow('things', keys)).toMatchObject([undefined, fits, undefined, undefined, fits])
    peers.serves = false
    expect(engine.readAllNow('things', keys)).toEqual(keys.map(() => undefined))
  })
})
