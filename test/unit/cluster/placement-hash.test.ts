import { describe, expect, test } from 'vitest'
import { murmur3, slotOf, slotSeed } from '../../../src/cluster/placement-hash.ts'
import { slotCount } from '../../../src/ports/index.ts'

/** The string whose UTF-16LE bytes are these. */
const text = (hex: string) => Buffer.from(hex, 'hex').toString('utf16le')

describe('murmur3', () => {
  // Published vectors of MurmurHash3_x86_32, those with an even number of bytes.
  test.each([
    ['', 0, 0],
    ['', 1, 0x514e28b7],
    ['', 0xffffffff, 0x81f16f39],
    ['ffffffff', 0, 0x76293b50],
    ['21436587', 0, 0xf55b516b],
    ['21436587', 0x5082edee, 0x2362f9de],
    ['2143', 0, 0xa0f7b07a],
    ['00000000', 0, 0x2362f9de],
    ['0000', 0, 0x30f4c306],
    [Buffer.from('aaaa').toString('hex'), 0x9747b28c, 0x5a97808a],
    [Buffer.from('abcd').toString('hex'), 0x9747b28c, 0xf0478627],
  ])('bytes %j with seed %i', (hex, seed, expected) => {
    expect(murmur3(text(hex), seed)).toBe(expected)
  })
})

describe('slotOf', () => {
  // Part of the protocol: peers of different versions share a cluster, so these never change.
  test.each([
    ['cities', '2988507', 2243],
    ['cities', '', 3635],
    ['countries', 'DE', 2428],
    ['', '', 0],
    ['中国', '北京', 3377],
    ['emoji', '🦔', 1900],
    ['surrogates', '\ud800', 132],
  ])('of keyspace %j and key %j is %i', (keyspace, key, slot) => {
    expect(slotOf(slotSeed(keyspace), key)).toBe(slot)
  })

  test('does not confuse where the keyspace ends and the key begins', () => {
    expect(slotOf(slotSeed('ab'), 'c')).not.toBe(slotOf(slotSeed('a'), 'bc'))
  })

  test('spreads keys that differ little evenly over the slots', () => {
    const counts = new Float64Array(slotCount)
    const perSlot = 50
    const seed = slotSeed('cities')
    for (let id = 0; id < slotCount * perSlot; id++) {
      const slot = slotOf(seed, String(id))
      counts[slot] = (counts[slot] ?? 0) + 1
    }
    // Chi-squared over 4,095 degrees of freedom: standard deviation 90; six of them either way.
    const chiSquared = counts.reduce((sum, count) => sum + (count - perSlot) ** 2 / perSlot, 0)
    expect(Math.abs(chiSquared - (slotCount - 1))).toBeLessThan(6 * 90)
  })
})
