import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KeyIndex, nowhere, unsure } from '../../../../src/adapters/store/key-index.ts'

const keyAt = (number: number): string => (Math.imul(number, 2_654_435_761) >>> 0).toString(36)

/** Two keys that the seed 1 gives the same hash. */
function keysOfOneHash(): readonly [string, string] {
  const index = new KeyIndex(1)
  for (let number = 0; number < 1_000_000; number++) {
    const found = index.find(keyAt(number))
    if (found !== nowhere) return [keyAt(found), keyAt(number)]
    index.add(keyAt(number), number)
  }
  throw new Error('every key has a hash of its own')
}

describe('the index of keys', () => {
  test.each([512, 2, 1])('finds what is there, and says so where it cannot tell (probes: %i)', (maxProbes) => {
    const key = fc.integer({ min: 0, max: 300 }).map((number) => `key-${number}`)
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.array(key, { maxLength: 2000 }), (seed, keys) => {
        const index = new KeyIndex(seed, maxProbes)
        const places = new Map<string, number>()
        let place = 0
        // Each is added, and the next time taken away.
        for (const each of keys) {
          const known = places.get(each)
          if (known === undefined) {
            index.add(each, place)
            places.set(each, place++)
          } else {
            index.remove(each, known)
            places.delete(each)
          }
        }
        let unknown = 0
        for (let number = 0; number <= 300; number++) {
          const found = index.find(`key-${number}`)
          const expected = places.get(`key-${number}`) ?? nowhere
          if (found === unsure) unknown++
          else expect(found).toBe(expected)
        }
        if (maxProbes === 512) expect(unknown).toBe(0)
        for (const [each, known] of places) index.remove(each, known)
        for (const each of keys) expect(index.find(each)).toBe(nowhere)
      }),
      { numRuns: 200 },
    )
  })

  test('finds the place of either key where two have the same hash, and of the other one when the first is gone', () => {
    const [one, other] = keysOfOneHash()
    const index = new KeyIndex(1)
    index.add(one, 7)
    index.add(other, 8)
    expect([7, 8]).toContain(index.find(one))
    expect(index.find(other)).toBe(index.find(one))
    index.remove(one, 7)
    expect(index.find(other)).toBe(8)
    index.remove(other, 8)
    expect(index.find(other)).toBe(nowhere)
  })

  test('has no two processes agree which keys are beside each other', () => {
    const [one, other] = keysOfOneHash()
    const index = new KeyIndex(2)
    index.add(one, 7)
    expect(index.find(other)).toBe(nowhere)
  })
})
