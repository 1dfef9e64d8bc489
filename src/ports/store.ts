/** What a store needs to know of an entry. fedcache's entries carry more; a store keeps them as they are. */
export interface StoredItem {
  readonly key: string
  /** Bytes that the entry is charged for: key, value and overhead. Fixed for the life of the object. */
  readonly bytes: number
}

/** What a store is made for. */
export interface StoreOptions<Item extends StoredItem> {
  /** The sum of `bytes` that the store may hold. */
  readonly maxBytes: number
  /** How many entries the store may hold; `Infinity` for no limit of its own. */
  readonly maxEntries: number
  /** Called for every entry that the store gave up to make room, and for no other. It must not call the store. */
  readonly onEvict: (item: Item) => void
}

/**
 * Keeps entries and decides which to give up. A store does not know time, versions or keyspaces. All methods are
 * synchronous, and none calls back into fedcache but for `onEvict`.
 *
 * Test yours with `storeContract` of `fedcache/testing`.
 */
export interface Store<Item extends StoredItem> {
  /** Number of entries held. */
  readonly size: number
  /** Sum of the `bytes` of the entries held; never more than `maxBytes`. */
  readonly bytes: number
  /** The entry, counted as used; `undefined` where there is none. */
  get(key: string): Item | undefined
  /**
   * The same of many keys, in order; one that is there several times counts as used at least once. May be left out:
   * then `get` is asked for each. A store that looks all up before it looks at what it found waits less for memory.
   */
  getAll?(keys: readonly string[]): readonly (Item | undefined)[]
  /** The entry, not counted as used. */
  peek(key: string): Item | undefined
  /**
   * Keeps the entry under its key, in place of one that is there, and evicts others to make room.
   *
   * @returns false when the entry alone is over `maxBytes`; then nothing has changed, the old entry included.
   */
  set(item: Item): boolean
  /** Drops the entry. Returns whether there was one. */
  delete(key: string): boolean
  /** Gives up one entry by the store's own policy and reports it to `onEvict`. Returns false when empty. */
  evict(): boolean
  /** Changes what the store may hold, and evicts what is over it. */
  resize(maxBytes: number, maxEntries: number): void
  /**
   * All entries in no particular order, each once. Iterating goes on while entries are read, replaced and dropped: those
   * that are dropped or come in meanwhile may or may not be seen, and one that is replaced is seen once, old or new. So
   * an iteration over a `Map` that a hit moves to the end is not enough.
   */
  values(): Iterable<Item>
}

/** Makes the store of a keyspace. */
export type StoreFactory = <Item extends StoredItem>(options: StoreOptions<Item>) => Store<Item>
