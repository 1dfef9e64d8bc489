import { describe, expect, test } from 'vitest'
import type { KeyspacePolicy } from '../../../src/engine/policy.ts'
import { type PreparedValue, prepareValue } from '../../../src/engine/prepare-value.ts'
import { plainPolicy } from '../../support/engine-fixture.ts'

function prepared(policy: Partial<KeyspacePolicy>): PreparedValue {
  const rules = { name: 'things', policy: { ...plainPolicy, ...policy }, roomBytes: 1_000_000 }
  return prepareValue(rules, 'a', 1, {}, '"a"')
}

describe('an expiry', () => {
  test.each([
    [undefined, 60_000],
    [5, 5],
    [-1, 0],
    [Infinity, Infinity],
  ])('that returns %j gives %d ms', (lifetime, ttlMs) => {
    expect(prepared({ expiry: () => lifetime }).ttlMs).toBe(ttlMs)
  })

  test.each([
    ['nonsense', '"nonsense"'],
    [null, 'null'],
    [NaN, 'NaN'],
    [1e13, '10000000000000'],
    [5n, 'bigint'],
  ])('that returns %s is told what it returned', (lifetime, shown) => {
    expect(() => prepared({ expiry: () => lifetime as number })).toThrow(
      expect.objectContaining({
        code: 'SOURCE_FAILED',
        message: `The function "expiry" of the keyspace "things" failed: it returned ${shown}, not a duration of up to 10 years. Its author must mend it.`,
      }),
    )
  })
})

test.each(['expiry', 'tags'])('%s that throws is not quoted to clients', (name) => {
  const secretive = () => {
    throw new Error('secret')
  }
  expect(() => prepared({ [name]: secretive })).toThrow(
    expect.objectContaining({
      code: 'SOURCE_FAILED',
      message: `The function "${name}" of the keyspace "things" failed: it threw. Its author must mend it.`,
      cause: new Error('secret'),
    }),
  )
})
