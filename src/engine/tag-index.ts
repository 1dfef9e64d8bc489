import type { Clock } from '../ports/index.ts'
import type { StoredEntry } from './stored-entry.ts'

/** Keys looked at between two questions for the time; about 1 ms of work. */
const keysPerSlice = 2_000

/**
 * Which keys carry which tag. An invalidation takes effect at once, as one look-up per tagged read; the entries
 * themselves are dropped afterwards in slices, so that a tag on a million entries does not stop the process.
 */
export class TagIndex {
  readonly #clock: Clock
  readonly #drop: (key: string) => void
  #keysByTag = new Map<string, Set<string>>()
  /** Sets of keys that are invalid already and wait to be dropped. */
  #dying = new Map<string, Set<string>[]>()

  constructor(clock: Clock, drop: (key: string) => void) {
    this.#clock = clock
    this.#drop = drop
  }

  /** Number of tags in use. */
  get size(): number {
    return this.#keysByTag.size
  }

  add(entry: StoredEntry): void {
    for (const tag of entry.tags) {
      let keys = this.#keysByTag.get(tag)
      if (keys === undefined) this.#keysByTag.set(tag, (keys = new Set()))
      keys.add(entry.key)
    }
  }

  remove(entry: StoredEntry): void {
    for (const tag of entry.tags) {
      const keys = this.#keysByTag.get(tag)
      if (keys?.delete(entry.key) && keys.size === 0) this.#keysByTag.delete(tag)
      const dying = this.#dying.get(tag)
      if (dying !== undefined) for (const set of dying) set.delete(entry.key)
    }
  }

  /** Whether there are entries that were invalidated and wait to be dropped. */
  get isSweeping(): boolean {
    return this.#dying.size > 0
  }

  /** Whether the entry is one of those. */
  isInvalid(entry: StoredEntry): boolean {
    if (!this.isSweeping) return false
    for (const tag of entry.tags) {
      if (this.#dying.get(tag)?.some((keys) => keys.has(entry.key))) return true
    }
    return false
  }

  /** Makes every entry that carries one of the tags now invalid. */
  invalidate(tags: readonly string[]): void {
    for (const tag of tags) {
      const keys = this.#keysByTag.get(tag)
      if (keys === undefined) continue
      this.#keysByTag.delete(tag)
      const dying = this.#dying.get(tag)
      if (dying === undefined) this.#dying.set(tag, [keys])
      else dying.push(keys)
      this.#sweep(tag, keys)
    }
  }

  /** Forgets everything; for a keyspace that was cleared. */
  clear(): void {
    this.#keysByTag = new Map()
    this.#dying = new Map()
  }

  #sweep(tag: string, keys: Set<string>): void {
    // After a clear the keys stand for entries that came later.
    if (this.#dying.get(tag)?.includes(keys) !== true) return
    let left = keysPerSlice
    for (const key of keys) {
      if (left-- === 0) {
        this.#clock.setTimer(() => this.#sweep(tag, keys), 0)
        return
      }
      // Dropping the entry takes its key out of this set, through `remove`.
      this.#drop(key)
      keys.delete(key)
    }
    const dying = this.#dying.get(tag)!.filter((set) => set !== keys)
    if (dying.length === 0) this.#dying.delete(tag)
    else this.#dying.set(tag, dying)
  }
}
