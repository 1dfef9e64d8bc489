import { LRUCache } from 'lru-cache'
import type { Store, StoredItem, StoreFactory, StoreOptions } from '../../ports/index.ts'
import { mapCapacity } from './map-capacity.ts'

/**
 * Makes stores that give up what was not used for the longest time. The default of every keyspace; on `lru-cache`.
 *
 * A store holds at most 16,777,215 entries, whatever `maxEntries` says: no JavaScript `Map` holds more. The `bytes`
 * of an entry must be a positive safe integer; `set` throws a `TypeError` otherwise.
 */
export function lruStore(): StoreFactory {
  return <Item extends StoredItem>(options: StoreOptions<Item>): Store<Item> => new LruStore(options)
}

// lru-cache writes a field into the options of every call. Handing in one object saves an allocation per call.
const getOptions = {}
const setOptions = {}

class LruStore<Item extends StoredItem> implements Store<Item> {
  readonly #cache: LRUCache<string, Item>
  readonly #values: readonly (Item | undefined)[]
  #maxBytes = 0
  #maxEntries = 0

  constructor({ maxBytes, maxEntries, onEvict }: StoreOptions<Item>) {
    // Both limits are kept here: lru-cache cannot change its own later, and its `max` would allocate room for all at
    // once. `maxSize` still has to be there, or it would not count bytes.
    this.#cache = new LRUCache<string, Item>({
      maxSize: Number.MAX_SAFE_INTEGER,
      sizeCalculation: (item) => item.bytes,
      dispose: (item, _key, reason) => {
        if (reason === 'evict') onEvict(item)
      },
    })
    this.resize(maxBytes, maxEntries)
    this.#values = LRUCache.unsafeExposeInternals(this.#cache).valList as readonly (Item | undefined)[]
  }

  get size(): number {
    return this.#cache.size
  }

  get bytes(): number {
    return this.#cache.calculatedSize
  }

  get(key: string): Item | undefined {
    return this.#cache.get(key, getOptions)
  }

  peek(key: string): Item | undefined {
    return this.#cache.peek(key, getOptions)
  }

  set(item: Item): boolean {
    if (item.bytes > this.#maxBytes) return false
    // A hit, so that the entry is the newest and none of those that make room for its growth.
    const old = this.#cache.get(item.key, getOptions)
    if (old === undefined && this.#cache.size >= this.#maxEntries) this.#cache.pop()
    while (this.#cache.calculatedSize - (old?.bytes ?? 0) + item.bytes > this.#maxBytes) this.#cache.pop()
    this.#cache.set(item.key, item, setOptions)
    return true
  }

  delete(key: string): boolean {
    return this.#cache.delete(key)
  }

  evict(): boolean {
    return this.#cache.pop() !== undefined
  }

  resize(maxBytes: number, maxEntries: number): void {
    this.#maxBytes = maxBytes
    this.#maxEntries = Math.min(maxEntries, mapCapacity)
    while (this.#cache.calculatedSize > this.#maxBytes || this.#cache.size > this.#maxEntries) this.#cache.pop()
  }

  /**
   * Walks the array behind the cache. An entry keeps its place in it for as long as it stays, whereas lru-cache's own
   * iterators follow the order of use and end early, or start over, when that order changes under them.
   */
  *values(): IterableIterator<Item> {
    const values = this.#values
    for (let index = 0; index < values.length; index++) {
      const item = values[index]
      if (item !== undefined) yield item
    }
  }
}
