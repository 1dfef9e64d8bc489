import { randomInt } from 'node:crypto'

/** What {@link KeyIndex.find} gives for a key that is not there; no place is negative. */
export const nowhere = -1
/** What it gives where it cannot tell. */
export const unsure = -2

const firstCapacity = 64

/**
 * Finds the places of a store's entries by their keys, waiting for memory once: hash and place of an entry lie side by
 * side, in a table that has room for half as many entries again. A `Map` is asked for a bucket, the entries in it and
 * their keys, one after the other, and each may be far away.
 *
 * It knows hashes and not keys. So what it finds may be the place of another key, which is for the caller to see.
 *
 * Open addressing with linear probing, deletion without tombstones: Knuth, The Art of Computer Programming, volume 3,
 * 6.4, algorithms L and R. Hashes are FNV-1a (Fowler, Noll and Vo) with the last mix of MurmurHash3 (Austin Appleby),
 * and begin with a number of this process's own.
 */
export class KeyIndex {
  /** Hash, and place plus one, of each slot in turn; a place of 0 is an empty slot. */
  #slots = new Int32Array(2 * firstCapacity)
  #mask = firstCapacity - 1
  #size = 0
  #leftOut = 0
  readonly #seed: number
  readonly #maxProbes: number

  /**
   * @param seed what hashes begin with. Default: a random number.
   * @param maxProbes slots looked at for one key. Keys that find no room in them, because somebody chose many with the
   * same hash, are left out. Default: 512, twice as many as any of ten million keys should need.
   */
  constructor(seed: number = randomInt(2 ** 32), maxProbes: number = 512) {
    this.#seed = seed
    this.#maxProbes = maxProbes
  }

  /** The place of the key, or of another one with the same hash; {@link nowhere} or {@link unsure}. */
  find(key: string): number {
    const slots = this.#slots
    const mask = this.#mask
    const hash = this.#hashOf(key)
    for (let slot = hash & mask, probes = 0; probes < this.#maxProbes; slot = (slot + 1) & mask, probes++) {
      const place = slots[2 * slot + 1]!
      if (place === 0) break
      if (slots[2 * slot] === hash) return place - 1
    }
    return this.#leftOut === 0 ? nowhere : unsure
  }

  /** Notes the place of a key that is not there yet. */
  add(key: string, place: number): void {
    if (this.#size >= (this.#mask + 1) * (2 / 3)) this.#grow()
    this.#insert(this.#hashOf(key), place + 1)
  }

  /** Forgets the place of a key that was added. */
  remove(key: string, place: number): void {
    const slots = this.#slots
    const hash = this.#hashOf(key)
    for (let slot = hash & this.#mask, probes = 0; probes < this.#maxProbes; slot = (slot + 1) & this.#mask, probes++) {
      if (slots[2 * slot + 1] === 0) break
      if (slots[2 * slot] !== hash || slots[2 * slot + 1] !== place + 1) continue
      this.#close(slot)
      this.#size--
      return
    }
    this.#leftOut--
  }

  #insert(hash: number, placed: number): void {
    const slots = this.#slots
    for (let slot = hash & this.#mask, probes = 0; probes < this.#maxProbes; slot = (slot + 1) & this.#mask, probes++) {
      if (slots[2 * slot + 1] !== 0) continue
      slots[2 * slot] = hash
      slots[2 * slot + 1] = placed
      this.#size++
      return
    }
    this.#leftOut++
  }

  /** Empties a slot, and moves those back that had to go past it. */
  #close(emptied: number): void {
    const slots = this.#slots
    const mask = this.#mask
    let gap = emptied
    for (let slot = (gap + 1) & mask; slots[2 * slot + 1] !== 0; slot = (slot + 1) & mask) {
      const home = slots[2 * slot]! & mask
      // Whether it may stand in the gap: that lies between where it would best be and where it is.
      if (((slot - home) & mask) < ((slot - gap) & mask)) continue
      slots[2 * gap] = slots[2 * slot]!
      slots[2 * gap + 1] = slots[2 * slot + 1]!
      gap = slot
    }
    slots[2 * gap + 1] = 0
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Int32Array(2 * old.length)
    this.#mask = old.length - 1
    this.#size = 0
    for (let slot = 0; slot < old.length; slot += 2) {
      if (old[slot + 1] !== 0) this.#insert(old[slot]!, old[slot + 1]!)
    }
  }

  #hashOf(key: string): number {
    let hash = this.#seed
    for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193)
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    return hash ^ (hash >>> 16)
  }
}
