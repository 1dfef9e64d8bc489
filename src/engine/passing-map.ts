/**
 * A map for values that come and go quickly.
 *
 * V8 links every table that a `Map` has outgrown to the next one. As soon as one of them has become old, all that follow
 * survive every minor collection, with all that was in them when they were outgrown. So the tables here hold places in a
 * list, and a place is emptied when its value is deleted.
 */
export class PassingMap<Key, Value> {
  #places = new Map<Key, number>()
  #values: (Value | undefined)[] = []
  /** Places that are empty. */
  #free: number[] = []

  get(key: Key): Value | undefined {
    const place = this.#places.get(key)
    return place === undefined ? undefined : this.#values[place]
  }

  /** Gives a value to a key that has none. Returns its place, by which it can be deleted without being looked for. */
  add(key: Key, value: Value): number {
    const place = this.#free.pop() ?? this.#values.length
    this.#places.set(key, place)
    this.#values[place] = value
    return place
  }

  /** Deletes the key where it still has this value, which was given this place. */
  delete(key: Key, value: Value, place: number): void {
    if (this.#values[place] !== value) return
    this.#places.delete(key)
    this.#values[place] = undefined
    this.#free.push(place)
  }

  clear(): void {
    this.#places = new Map()
    this.#values = []
    this.#free = []
  }

  keys(): IterableIterator<Key> {
    return this.#places.keys()
  }
}
