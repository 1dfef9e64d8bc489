import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeKvKey, encodeKvKey } from '../../../../src/adapters/source/nats-kv-key.ts'
import { awkwardKeys } from '../../../../src/testing.ts'

const allowed = /^[-/_=.a-zA-Z0-9]+$/

describe('keys of a bucket', () => {
  test.each([
    ['plain', 'plain'],
    ['user.1', 'user.1'],
    ['a/b-c_d', 'a/b-c_d'],
    ['a b', 'a=20b'],
    ['a=b', 'a=3Db'],
    ['北京', '=E5=8C=97=E4=BA=AC'],
    ['.', '=2E'],
    ['..', '=2E=2E'],
    ['.a.', '=2Ea=2E'],
    ['a..b', 'a=2E.b'],
    ['*', '=2A'],
    ['>', '=3E'],
  ])('%j is %s', (key, encoded) => {
    expect(encodeKvKey(key)).toBe(encoded)
    expect(decodeKvKey(encoded)).toBe(key)
  })

  test('are made of what a bucket takes, and come back as they were', () => {
    const keys = fc.oneof(fc.constantFrom(...awkwardKeys), fc.string({ minLength: 1, unit: 'grapheme' }))
    fc.assert(
      fc.property(keys, (key) => {
        const encoded = encodeKvKey(key)
        expect(encoded).toMatch(allowed)
        expect(encoded.split('.')).not.toContain('')
        expect(decodeKvKey(encoded)).toBe(key)
      }),
      { numRuns: 2000 },
    )
  })

  test.each(['=3d', 'a=', '=', '=2', '=41', 'a=20', '..', '=FF'])('%s of others is nobody’s', (encoded) => {
    expect(decodeKvKey(encoded)).toBe(encoded === 'a=20' ? 'a ' : undefined)
  })
})
