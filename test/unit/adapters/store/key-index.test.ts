import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KeyIndex, nowhere, unsure } from '../../../../src/adapters/store/key-index.ts'

const keyAt = (number: number): string => (Math.imul(number, 2_654_435_761) >>> 0).toString(36)

/** An index with its keys for items. */
class Keys extends KeyIndex<string> {
  note(key: string, place: number): void {
    this.add(key, place, key)
  }

  found(key: string): { readonly place: number; readonly item: string | undefined } {
    const slot = this.find(key)
    return { place: this.placeAt(slot), item: this.itemAt(slot) }
  }
}

/** Two keys that the seed 1 cannot tell from each other, where there is no third. */
function alikeKeys(): readonly [string, string] {
  for (let first = 0; first < 100; first++) {
    const keys = new Keys(1)
    keys.note(keyAt(first), 0)
    for (let number = 1000; number < 100_000; number++) {
      if (keys.found(keyAt(number)).place === 0) return [keyAt(first), keyAt(number)]
    }
  }
  throw new Error('every key is one of its kind')
}

describe('the index of keys', () => {
  test.each([512, 2, 1])('finds what is there, and says so where it cannot tell (probes: %i)', (maxProbes) => {
    const key = fc.integer({ min: 0, max: 300 }).map((number) => `key-${number}`)
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.array(key, { maxLength: 2000 }), (seed, keys) => {
        const index = new Keys(seed, maxProbes)
        const places = new Map<string, number>()
        let place = 0
        // Each is added, and the next time taken away.
        for (const each of keys) {
          const known = places.get(each)
          if (known === undefined) {
            index.note(each, place)
            places.set(each, place++)
          } else {
            index.remove(each, known)
            places.delete(each)
          }
        }
        let unknown = 0
        for (let number = 0; number <= 300; number++) {
          const found = index.found(`key-${number}`)
          if (found.place === unsure) unknown++
          else if (found.place === nowhere) expect(places.has(`key-${number}`)).toBe(false)
          // Its own, or that of another one, which is told by the item.
          else expect(found.place).toBe(places.get(found.item!))
        }
        if (maxProbes === 512) expect(unknown).toBe(0)
        for (const [each, known] of places) index.remove(each, known)
        for (const each of keys) expect(index.find(each)).toBe(nowhere)
      }),
      { numRuns: 200 },
    )
  })

  test('takes few keys for others, there or not, with as many as it has room for', () => {
    const index = new Keys(1)
    const count = 87_000
    for (let number = 0; number < count; number++) index.note(keyAt(number), number)
    let taken = 0
    for (let number = 0; number < 2 * count; number++) {
      const { place, item } = index.found(keyAt(number))
      if (number < count && item === keyAt(number)) expect(place).toBe(number)
      else if (place !== nowhere) taken++
    }
    expect(taken).toBeLessThan((2 * count) / 50)
  })

  test('finds either of two keys that look alike, and the other one when the first is gone', () => {
    const [one, other] = alikeKeys()
    const index = new Keys(1)
    index.note(one, 7)
    index.note(other, 8)
    expect([7, 8]).toContain(index.found(one).place)
    expect(index.find(other)).toBe(index.find(one))
    index.remove(one, 7)
    expect(index.found(other)).toEqual({ place: 8, item: other })
    index.remove(other, 8)
    expect(index.find(other)).toBe(nowhere)
  })

  test('gives what was noted last for a key', () => {
    const [one, other] = alikeKeys()
    const index = new KeyIndex<string>(1)
    index.add(one, 7, 'one')
    index.add(other, 8, 'other')
    index.replace(other, 8, 'another')
    index.remove(one, 7)
    expect(index.itemAt(index.find(other))).toBe('another')
    index.replace(other, 8, 'yet another')
    expect(index.itemAt(index.find(other))).toBe('yet another')
  })

  test('has no two processes agree which keys are beside each other', () => {
    const [one, other] = alikeKeys()
    const index = new Keys(2)
    index.note(one, 7)
    expect(index.find(other)).toBe(nowhere)
  })
})
