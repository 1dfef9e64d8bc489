import { LRUCache } from 'lru-cache'
import type { Store, StoredItem, StoreFactory, StoreOptions } from '../../ports/index.ts'
import { KeyIndex, nowhere } from './key-index.ts'
import { mapCapacity } from './map-capacity.ts'

/**
 * Makes stores that give up what was not used for the longest time. The default of every keyspace; on `lru-cache`.
 *
 * A store holds at most 16,777,215 entries, whatever `maxEntries` says: no JavaScript `Map` holds more. The `bytes`
 * of an entry must be a positive safe integer; `set` throws a `TypeError` otherwise.
 */
export function lruStore(): StoreFactory {
  return indexedLruStore(<Item>() => new KeyIndex<Item>())
}

/** The same, with an index that finds entries in its own way. */
export function indexedLruStore(makeIndex: <Item>() => KeyIndex<Item>): StoreFactory {
  return <Item extends StoredItem>(options: StoreOptions<Item>): Store<Item> => new LruStore(options, makeIndex<Item>())
}

// lru-cache writes a field into the options of every call. Handing in one object saves an allocation per call.
const getOptions = {}
const setOptions = {}

/** What is used of the inside of lru-cache, whose version is fixed for that. */
interface Internals<Item> {
  /** The place of each key in {@link valList}, where its entry stays for as long as it is there. */
  readonly keyMap: ReadonlyMap<string, number>
  readonly valList: readonly (Item | undefined)[]
  /** The place of the entry that was not used for the longest time. */
  readonly head: number
  moveToTail(place: number): void
}

class LruStore<Item extends StoredItem> implements Store<Item> {
  readonly #cache: LRUCache<string, Item>
  readonly #inside: Internals<Item>
  readonly #items: readonly (Item | undefined)[]
  readonly #index: KeyIndex<Item>
  readonly #onEvict: (item: Item) => void
  #maxBytes = 0
  #maxEntries = 0

  constructor({ maxBytes, maxEntries, onEvict }: StoreOptions<Item>, index: KeyIndex<Item>) {
    // Both limits are kept here: lru-cache cannot change its own later, and its `max` would allocate room for all at
    // once. `maxSize` still has to be there, or it would not count bytes.
    this.#cache = new LRUCache<string, Item>({
      maxSize: Number.MAX_SAFE_INTEGER,
      sizeCalculation: (item) => item.bytes,
    })
    this.#inside = LRUCache.unsafeExposeInternals(this.#cache) as unknown as Internals<Item>
    this.#items = this.#inside.valList
    this.#onEvict = onEvict
    this.#index = index
    this.resize(maxBytes, maxEntries)
  }

  get size(): number {
    return this.#cache.size
  }

  get bytes(): number {
    return this.#cache.calculatedSize
  }

  get(key: string): Item | undefined {
    const slot = this.#index.find(key)
    if (slot === nowhere) return undefined
    const item = this.#index.itemAt(slot)
    // Another key that looks alike, or one that is not in the index.
    if (item?.key !== key) return this.#cache.get(key, getOptions)
    this.#inside.moveToTail(this.#index.placeAt(slot))
    return item
  }

  getAll(keys: readonly string[]): (Item | undefined)[] {
    const places = placesFor(keys.length)
    for (let index = 0; index < keys.length; index++) {
      places[index] = this.#index.placeAt(this.#index.find(keys[index]!))
    }
    const items = new Array<Item | undefined>(keys.length)
    // Not those of the index: these lie closer together, and all are waited for at once in any case.
    for (let index = 0; index < keys.length; index++) items[index] = this.#itemAt(places[index]!)
    for (let index = 0; index < keys.length; index++) {
      if (places[index] !== nowhere && items[index]?.key !== keys[index]) {
        places[index] = this.#inside.keyMap.get(keys[index]!) ?? nowhere
        items[index] = this.#itemAt(places[index]!)
      }
    }
    for (let index = 0; index < keys.length; index++) {
      if (places[index] !== nowhere) this.#inside.moveToTail(places[index]!)
    }
    return items
  }

  #itemAt(place: number): Item | undefined {
    return place < 0 ? undefined : this.#items[place]
  }

  peek(key: string): Item | undefined {
    const slot = this.#index.find(key)
    if (slot === nowhere) return undefined
    const item = this.#index.itemAt(slot)
    return item?.key === key ? item : this.#cache.peek(key, getOptions)
  }

  set(item: Item): boolean {
    if (item.bytes > this.#maxBytes) return false
    // A hit, so that the entry is the newest and none of those that make room for its growth.
    const old = this.get(item.key)
    if (old === undefined && this.#cache.size >= this.#maxEntries) this.evict()
    while (this.#cache.calculatedSize - (old?.bytes ?? 0) + item.bytes > this.#maxBytes) this.evict()
    this.#cache.set(item.key, item, setOptions)
    const place = this.#inside.keyMap.get(item.key)!
    if (old === undefined) this.#index.add(item.key, place, item)
    else this.#index.replace(item.key, place, item)
    return true
  }

  delete(key: string): boolean {
    const place = this.#inside.keyMap.get(key)
    if (place === undefined) return false
    this.#index.remove(key, place)
    return this.#cache.delete(key)
  }

  evict(): boolean {
    const place = this.#inside.head
    const item = this.#cache.pop()
    if (item === undefined) return false
    this.#index.remove(item.key, place)
    this.#onEvict(item)
    return true
  }

  resize(maxBytes: number, maxEntries: number): void {
    this.#maxBytes = maxBytes
    this.#maxEntries = Math.min(maxEntries, mapCapacity)
    while (this.#cache.calculatedSize > this.#maxBytes || this.#cache.size > this.#maxEntries) this.evict()
  }

  /**
   * Walks the array behind the cache. An entry keeps its place in it for as long as it stays, whereas lru-cache's own
   * iterators follow the order of use and end early, or start over, when that order changes under them.
   */
  *values(): IterableIterator<Item> {
    const items = this.#items
    for (let index = 0; index < items.length; index++) {
      const item = items[index]
      if (item !== undefined) yield item
    }
  }
}

let scratch = new Int32Array(1024)

/** Room for so many places, used anew by each call. */
function placesFor(count: number): Int32Array {
  if (count > scratch.length) scratch = new Int32Array(2 * count)
  return scratch
}
