import { describe, expect, test } from 'vitest'
import { withSettings } from '../../../src/engine/keyspace-settings.ts'
import { plainPolicy } from '../../support/engine-fixture.ts'

const limit = 128 * 1024 * 1024

test('what is not given stays as it is', () => {
  expect(withSettings(plainPolicy, {}, limit)).toEqual(plainPolicy)
  expect(withSettings(plainPolicy, { ttlMs: null, cacheScope: null, maxBytes: null }, limit)).toEqual(plainPolicy)
})

test('every setting can be changed', () => {
  const settings = {
    ttlMs: 1,
    ttlJitter: 1,
    negativeTtlMs: 0,
    staleWhileRevalidateMs: 2,
    staleIfErrorMs: 3,
    nearTtlMs: 4,
    readTimeoutMs: 5,
    writeTimeoutMs: 6,
    maxBytes: limit,
    maxEntries: 8,
    maxValueBytes: 9,
    maxBatchSize: 10,
    batchWindowMs: 0.5,
    cacheScope: 'public' as const,
  }
  expect(withSettings(plainPolicy, settings, limit)).toEqual({ ...plainPolicy, ...settings })
})

describe.each([
  ['ttlMs', [0, -1, NaN, Infinity, 3.2e11]],
  ['ttlJitter', [-0.1, 1.1]],
  ['negativeTtlMs', [-1]],
  ['readTimeoutMs', [0]],
  ['writeTimeoutMs', [0.5]],
  ['maxBytes', [0, 1.5, limit + 1]],
  ['maxEntries', [0, 2 ** 24]],
  ['maxValueBytes', [0, plainPolicy.maxBytes + 1]],
  ['maxBatchSize', [0, 100_001, 1.5]],
  ['batchWindowMs', [-1, 10_001]],
] as const)('%s', (name, values) => {
  test.each(values)('is not %d', (value) => {
    expect(() => withSettings(plainPolicy, { [name]: value }, limit)).toThrow(
      expect.objectContaining({
        code: 'BAD_USER_INPUT',
        message: expect.stringMatching(new RegExp(`${name} is .*received ${value}`)),
      }),
    )
  })
})

test('all that is out of range is named at once', () => {
  expect(() => withSettings(plainPolicy, { ttlMs: 0, maxEntries: 0, maxBatchSize: 1 }, limit)).toThrow(
    /ttlMs.*maxEntries/,
  )
})

test('values may not be larger than the keyspace, unless nobody said how large they are', () => {
  expect(() => withSettings(plainPolicy, { maxBytes: 100, maxValueBytes: 101 }, limit)).toThrow('maxValueBytes')
  expect(withSettings(plainPolicy, { maxBytes: 100 }, limit).maxBytes).toBe(100)
  expect(withSettings(plainPolicy, { maxBytes: 100, maxValueBytes: 100 }, limit).maxValueBytes).toBe(100)
})
