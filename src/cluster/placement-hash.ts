import { slotCount } from '../ports/index.ts'

/**
 * MurmurHash3_x86_32 (Austin Appleby, public domain) over the UTF-16LE bytes of `text`.
 *
 * It reads the string's code units where they are and allocates nothing. It is not cryptographic: whoever chooses keys
 * can choose many of one slot.
 *
 * @param seed an unsigned or signed 32-bit integer.
 * @returns an unsigned 32-bit integer.
 */
export function murmur3(text: string, seed: number): number {
  const evenLength = text.length & ~1
  let hash = seed | 0
  for (let index = 0; index < evenLength; index += 2) {
    hash ^= scramble(text.charCodeAt(index) | (text.charCodeAt(index + 1) << 16))
    hash = (hash << 13) | (hash >>> 19)
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0
  }
  if (evenLength < text.length) hash ^= scramble(text.charCodeAt(evenLength))
  hash ^= text.length * 2
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

function scramble(block: number): number {
  const mixed = Math.imul(block, 0xcc9e2d51)
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593)
}

/** The seed that the keys of a keyspace are hashed with; computed once per keyspace and given to {@link slotOf}. */
export function slotSeed(keyspace: string): number {
  return murmur3(keyspace, 0)
}

/**
 * The slot of a key: the low 12 bits of `murmur3(key, slotSeed(keyspace))`. Part of the protocol; test vectors are in
 * the tests. Any two strings are fine, unpaired surrogates included.
 *
 * @param seed what {@link slotSeed} gave for the key's keyspace.
 * @returns 0 to `slotCount` - 1.
 */
export function slotOf(seed: number, key: string): number {
  return murmur3(key, seed) & (slotCount - 1)
}
