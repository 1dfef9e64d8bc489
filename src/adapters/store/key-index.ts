import { randomInt } from 'node:crypto'

/** What {@link KeyIndex.find} gives for a key that is not there; no slot is negative. */
export const nowhere = -1
/** What it gives where it cannot tell. */
export const unsure = -2

const firstCapacity = 64

/** A word of the table has a place plus one in these bits, and in those above them the highest of the hash. */
const placeBits = 0x00ff_ffff
const hashBits = ~placeBits

/**
 * Finds the entries of a store and their places by their keys, waiting for memory once: the number of a slot tells where
 * everything that is kept of it lies. A `Map` is asked for a bucket, the entries in it and their keys, one after the
 * other, and each may be far away. There is room for half as many entries again.
 *
 * It compares eight bits of the hash and not keys. So what it finds may be another key's, which is for the caller to see.
 * Places are those below 16,777,215.
 *
 * Open addressing with linear probing, deletion without tombstones: Knuth, The Art of Computer Programming, volume 3,
 * 6.4, algorithms L and R. Hashes are FNV-1a (Fowler, Noll and Vo) with the last mix of MurmurHash3 (Austin Appleby),
 * and begin with a number of this process's own.
 */
export class KeyIndex<Item> {
  /** Of each slot, its place and a part of its hash; 0 where it is empty. All that is looked at to find a key. */
  #words = new Int32Array(firstCapacity)
  #items: (Item | undefined)[] = emptyItems(firstCapacity)
  #hashes = new Int32Array(firstCapacity)
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

  /** The slot of the key, or of another one that looks alike; {@link nowhere} or {@link unsure}. Good until a change. */
  find(key: string): number {
    const words = this.#words
    const mask = this.#mask
    const hash = this.#hashOf(key)
    for (let slot = hash & mask, probes = 0; probes < this.#maxProbes; slot = (slot + 1) & mask, probes++) {
      const word = words[slot]!
      if (word === 0) break
      if (((word ^ hash) & hashBits) === 0) return slot
    }
    return this.#leftOut === 0 ? nowhere : unsure
  }

  /** The place that was noted in a slot; what `find` gives in place of one stays as it is. */
  placeAt(slot: number): number {
    return slot < 0 ? slot : (this.#words[slot]! & placeBits) - 1
  }

  itemAt(slot: number): Item | undefined {
    return slot < 0 ? undefined : this.#items[slot]
  }

  /** Notes the place and entry of a key that is not there yet. */
  add(key: string, place: number, item: Item): void {
    if (this.#size >= (this.#mask + 1) * (2 / 3)) this.#grow()
    const hash = this.#hashOf(key)
    this.#insert(hash, wordOf(hash, place), item)
  }

  /** Notes another entry for a key that was added with this place. */
  replace(key: string, place: number, item: Item): void {
    const slot = this.#slotOf(this.#hashOf(key), place)
    if (slot !== nowhere) this.#items[slot] = item
  }

  /** Forgets a key that was added with this place. */
  remove(key: string, place: number): void {
    const slot = this.#slotOf(this.#hashOf(key), place)
    if (slot === nowhere) {
      this.#leftOut--
    } else {
      this.#close(slot)
      this.#size--
    }
  }

  #slotOf(hash: number, place: number): number {
    const word = wordOf(hash, place)
    for (let slot = hash & this.#mask, probes = 0; probes < this.#maxProbes; slot = (slot + 1) & this.#mask, probes++) {
      if (this.#words[slot] === 0) break
      if (this.#words[slot] === word) return slot
    }
    return nowhere
  }

  #insert(hash: number, word: number, item: Item | undefined): void {
    for (let slot = hash & this.#mask, probes = 0; probes < this.#maxProbes; slot = (slot + 1) & this.#mask, probes++) {
      if (this.#words[slot] !== 0) continue
      this.#fill(slot, word, hash, item)
      this.#size++
      return
    }
    this.#leftOut++
  }

  #fill(slot: number, word: number, hash: number, item: Item | undefined): void {
    this.#words[slot] = word
    this.#hashes[slot] = hash
    this.#items[slot] = item
  }

  /** Empties a slot, and moves those back that had to go past it. */
  #close(emptied: number): void {
    const words = this.#words
    const mask = this.#mask
    let gap = emptied
    for (let slot = (gap + 1) & mask; words[slot] !== 0; slot = (slot + 1) & mask) {
      const hash = this.#hashes[slot]!
      const home = hash & mask
      // Whether it may stand in the gap: that lies between where it would best be and where it is.
      if (((slot - home) & mask) < ((slot - gap) & mask)) continue
      this.#fill(gap, words[slot]!, hash, this.#items[slot])
      gap = slot
    }
    this.#fill(gap, 0, 0, undefined)
  }

  #grow(): void {
    const words = this.#words
    const hashes = this.#hashes
    const items = this.#items
    this.#words = new Int32Array(2 * words.length)
    this.#hashes = new Int32Array(2 * words.length)
    this.#items = emptyItems(2 * words.length)
    this.#mask = 2 * words.length - 1
    this.#size = 0
    for (let slot = 0; slot < words.length; slot++) {
      if (words[slot] !== 0) this.#insert(hashes[slot]!, words[slot]!, items[slot])
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

function wordOf(hash: number, place: number): number {
  return (hash & hashBits) | (place + 1)
}

function emptyItems<Item>(length: number): (Item | undefined)[] {
  return new Array<Item | undefined>(length).fill(undefined)
}
