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
  readonly #maxBytes: number
  readonly #maxEntries: number

  constructor({ maxBytes, maxEntries, onEvict }: StoreOptions<Item>) {
    this.#maxBytes = Math.floor(maxBytes)
    this.#maxEntries = Math.min(maxEntries, mapCapacity)
    // The number of entries is limited here and not by lru-cache's `max`, which would allocate room for all at once.
    this.#cache = new LRUCache<string, Item>({
      maxSize: this.#maxBytes,
      sizeCalculation: (item) => item.bytes,
      dispose: (item, _key, reason) => {
        if (reason === 'evict') onEvict(item)
      },
    })
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
    // Checked first: lru-cache drops the entry that is there when it refuses the one in its place.
    if (item.bytes > this.#maxBytes) return false
    if (this.#cache.size >= this.#maxEntries && this.#cache.peek(item.key, getOptions) === undefined) this.#cache.pop()
    this.#cache.set(item.key, item, setOptions)
    return true
  }

  delete(key: string): boolean {
    return this.#cache.delete(key)
  }

  evict(): boolean {
    return this.#cache.pop() !== undefined
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
