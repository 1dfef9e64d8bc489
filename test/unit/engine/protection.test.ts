import { describe, expect, test } from 'vitest'
import type { KeyspacePolicy } from '../../../src/engine/policy.ts'
import { Protection } from '../../../src/engine/protection.ts'
import { FedcacheError } from '../../../src/errors.ts'
import { after, engineOver, failure } from '../../support/engine-fixture.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { answeringSource, scriptedSource } from '../../support/scripted-source.ts'

describe('a rate limit', () => {
  test('lets bursts through up to its count, then one call per share of the interval', async () => {
    const clock = fakeClock()
    const protection = new Protection('things', clock, { calls: 4, intervalMs: 1_024 }, undefined)
    const burst = (): number => {
      let passed = 0
      while (passed < 10 && protection.refuse() === undefined) passed++
      return passed
    }
    expect(burst()).toBe(4)
    await clock.advance(255)
    expect(protection.refuse()).toMatchObject({ code: 'SOURCE_RATE_LIMITED' })
    expect(protection.refuse()?.message).toContain('try again in 1 ms')
    await clock.advance(1)
    expect(burst()).toBe(1)
    await clock.advance(1e9)
    expect(burst()).toBe(4)
  })

  test('refuses loads without asking the source, and answers from memory go on', async () => {
    const source = answeringSource((key) => key)
    const { engine, clock } = engineOver(source, { rateLimit: { calls: 1, intervalMs: 1_000 } })
    await after(clock, 0, engine.get('things', 'a'))
    expect((await after(clock, 0, failure(engine.get('things', 'b')))).code).toBe('SOURCE_RATE_LIMITED')
    expect((await engine.get('things', 'a'))?.value).toBe('a')
    expect(source.calls).toHaveLength(1)
    await clock.advance(1_000)
    expect((await after(clock, 0, engine.get('things', 'b')))?.value).toBe('b')
  })
})

describe('a circuit breaker', () => {
  const breaker = { failures: 2, resetMs: 1_000 }

  test('opens after failures in a row only', () => {
    const protection = new Protection('things', fakeClock(), undefined, breaker)
    for (const succeeded of [false, true, false, true]) {
      expect(protection.refuse()).toBeUndefined()
      protection.report(succeeded)
    }
    protection.report(false)
    expect(protection.refuse()).toBeUndefined()
    protection.report(false)
    expect(protection.refuse()).toMatchObject({ code: 'SOURCE_CIRCUIT_OPEN' })
  })

  test('lets one call through after its rest, and closes when that succeeds', async () => {
    const clock = fakeClock()
    const protection = new Protection('things', clock, undefined, breaker)
    protection.report(false)
    protection.report(false)
    await clock.advance(999)
    expect(protection.refuse()?.message).toContain('try again in 1 ms')
    await clock.advance(1)
    expect(protection.refuse()).toBeUndefined()
    expect(protection.refuse()).toBeInstanceOf(FedcacheError)
    protection.report(true)
    expect(protection.refuse()).toBeUndefined()
    expect(protection.refuse()).toBeUndefined()
  })

  test('rests again when the one call fails', async () => {
    const clock = fakeClock()
    const protection = new Protection('things', clock, undefined, breaker)
    protection.report(false)
    protection.report(false)
    await clock.advance(1_000)
    expect(protection.refuse()).toBeUndefined()
    protection.report(false)
    await clock.advance(999)
    expect(protection.refuse()).toBeInstanceOf(FedcacheError)
    await clock.advance(1)
    expect(protection.refuse()).toBeUndefined()
  })

  test('gets its one call later when the rate limit refuses it', async () => {
    const clock = fakeClock()
    const protection = new Protection('things', clock, { calls: 1, intervalMs: 5_000 }, breaker)
    expect(protection.refuse()).toBeUndefined()
    protection.report(false)
    protection.report(false)
    await clock.advance(1_000)
    expect(protection.refuse()).toMatchObject({ code: 'SOURCE_RATE_LIMITED' })
    await clock.advance(4_000)
    expect(protection.refuse()).toBeUndefined()
  })

  test('counts a call in which one key failed as a success, and one in which all did as a failure', async () => {
    const source = scriptedSource()
    const { engine, clock } = engineOver(source, { circuitBreaker: { failures: 1, resetMs: 1_000 } })
    const load = async (answers: readonly unknown[]): Promise<void> => {
      const reading = engine.getMany('things', ['a', 'b'])
      await clock.advance(0)
      source.loads.at(-1)!.answer(answers)
      await reading
      await engine.clear('things')
    }
    await load([new Error('no'), 1])
    await load([new Error('no'), new Error('no')])
    expect((await after(clock, 0, failure(engine.get('things', 'a')))).code).toBe('SOURCE_CIRCUIT_OPEN')
    expect(source.loads).toHaveLength(2)
  })

  test.each<[string, Partial<KeyspacePolicy>, unknown]>([
    ['an error of the source', {}, new Error('no such row')],
    ['a value that is too large', { maxValueBytes: 10 }, 'x'.repeat(20)],
    ['a value that is none', {}, NaN],
    [
      'a function of the keyspace that throws',
      {
        expiry: (key) => {
          if (key === 'bad') throw new Error('no expiry')
          return undefined
        },
      },
      1,
    ],
  ])('stays closed for other keys while one is answered with %s, however often', async (_, policy, answer) => {
    const source = answeringSource((key) => (key === 'bad' ? answer : 1))
    const { engine, clock } = engineOver(source, { ...policy, circuitBreaker: { failures: 2, resetMs: 60_000 } })
    for (let times = 0; times < 5; times++) await after(clock, 0, failure(engine.get('things', 'bad')))
    expect((await after(clock, 0, engine.get('things', 'good')))?.value).toBe(1)
  })

  test('opens when one key after the other fails, as they do where a source asks key by key for what is gone', async () => {
    const { engine, clock } = engineOver(
      answeringSource(() => new Error('connection refused')),
      { circuitBreaker: { failures: 2, resetMs: 60_000 } },
    )
    const codes: string[] = []
    for (const key of ['a', 'a', 'b', 'c']) codes.push((await after(clock, 0, failure(engine.get('things', key)))).code)
    expect(codes).toEqual(['SOURCE_FAILED', 'SOURCE_FAILED', 'SOURCE_FAILED', 'SOURCE_CIRCUIT_OPEN'])
    await clock.advance(60_000)
    expect((await after(clock, 0, failure(engine.get('things', 'a')))).code).toBe('SOURCE_FAILED')
    expect((await after(clock, 0, failure(engine.get('things', 'b')))).code).toBe('SOURCE_CIRCUIT_OPEN')
  })

  test('counts a timeout as a failure', async () => {
    const source = scriptedSource()
    const { engine, clock } = engineOver(source, {
      readTimeoutMs: 100,
      circuitBreaker: { failures: 1, resetMs: 1_000 },
    })
    await after(clock, 100, failure(engine.get('things', 'a')))
    expect((await after(clock, 0, failure(engine.get('things', 'a')))).code).toBe('SOURCE_CIRCUIT_OPEN')
  })
})
