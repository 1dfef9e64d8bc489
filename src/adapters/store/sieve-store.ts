import type { Store, StoredItem, StoreFactory, StoreOptions } from '../../ports/index.ts'
import { mapCapacity } from './map-capacity.ts'

/**
 * Makes stores that evict by SIEVE: Zhang, Yang, Yue, Vigfusson and Rashmi, "SIEVE is Simpler than LRU: an Efficient
 * Turn-Key Eviction Algorithm for Web Caches", NSDI '24. Entries stay in the order in which they came; a hit only sets
 * a bit. A hand walks from the oldest to the newest, clears the bits it finds and evicts the first entry without one,
 * so that entries never asked for again leave early.
 *
 * A store holds at most 16,777,215 entries, whatever `maxEntries` says: no JavaScript `Map` holds more.
 */
export function sieveStore(): StoreFactory {
  return <Item extends StoredItem>(options: StoreOptions<Item>): Store<Item> => new SieveStore(options)
}

interface SieveNode<Item> {
  item: Item
  visited: boolean
  older: SieveNode<Item> | undefined
  newer: SieveNode<Item> | undefined
}

class SieveStore<Item extends StoredItem> implements Store<Item> {
  readonly #nodes = new Map<string, SieveNode<Item>>()
  #maxBytes: number
  #maxEntries: number
  readonly #onEvict: (item: Item) => void
  #oldest: SieveNode<Item> | undefined
  #newest: SieveNode<Item> | undefined
  /** Where the next search for a victim begins; `undefined`: at the oldest. */
  #hand: SieveNode<Item> | undefined
  #bytes = 0

  constructor({ maxBytes, maxEntries, onEvict }: StoreOptions<Item>) {
    this.#maxBytes = maxBytes
    this.#maxEntries = Math.min(maxEntries, mapCapacity)
    this.#onEvict = onEvict
  }

  get size(): number {
    return this.#nodes.size
  }

  get bytes(): number {
    return this.#bytes
  }

  get(key: string): Item | undefined {
    const node = this.#nodes.get(key)
    if (node === undefined) return undefined
    node.visited = true
    return node.item
  }

  peek(key: string): Item | undefined {
    return this.#nodes.get(key)?.item
  }

  set(item: Item): boolean {
    if (item.bytes > this.#maxBytes) return false
    const node = this.#nodes.get(item.key)
    if (node === undefined) this.#add(item)
    else this.#replace(node, item)
    return true
  }

  delete(key: string): boolean {
    const node = this.#nodes.get(key)
    if (node === undefined) return false
    this.#remove(node)
    return true
  }

  evict(): boolean {
    return this.#evictOtherThan(undefined)
  }

  resize(maxBytes: number, maxEntries: number): void {
    this.#maxBytes = maxBytes
    this.#maxEntries = Math.min(maxEntries, mapCapacity)
    while (this.#bytes > this.#maxBytes || this.#nodes.size > this.#maxEntries) this.evict()
  }

  *values(): IterableIterator<Item> {
    for (const node of this.#nodes.values()) yield node.item
  }

  #add(item: Item): void {
    if (this.#nodes.size >= this.#maxEntries) this.evict()
    while (this.#bytes + item.bytes > this.#maxBytes) this.evict()
    const node: SieveNode<Item> = { item, visited: false, older: this.#newest, newer: undefined }
    if (this.#newest === undefined) this.#oldest = node
    else this.#newest.newer = node
    this.#newest = node
    this.#nodes.set(item.key, node)
    this.#bytes += item.bytes
  }

  /** A new value keeps its place in line and counts as a hit; it must not be the victim of its own growth. */
  #replace(node: SieveNode<Item>, item: Item): void {
    const growth = item.bytes - node.item.bytes
    while (this.#bytes + growth > this.#maxBytes) this.#evictOtherThan(node)
    node.item = item
    node.visited = true
    this.#bytes += growth
  }

  #evictOtherThan(kept: SieveNode<Item> | undefined): boolean {
    let victim = this.#hand ?? this.#oldest
    if (victim === undefined) return false
    // Ends within two rounds: the first clears every bit, the second finds an entry without one.
    while (victim.visited || victim === kept) {
      if (victim !== kept) victim.visited = false
      victim = victim.newer ?? (this.#oldest as SieveNode<Item>)
    }
    this.#hand = victim.newer
    this.#remove(victim)
    this.#onEvict(victim.item)
    return true
  }

  #remove(node: SieveNode<Item>): void {
    if (this.#hand === node) this.#hand = node.newer
    if (node.older === undefined) this.#oldest = node.newer
    else node.older.newer = node.newer
    if (node.newer === undefined) this.#newest = node.older
    else node.newer.older = node.older
    this.#nodes.delete(node.item.key)
    this.#bytes -= node.item.bytes
  }
}
