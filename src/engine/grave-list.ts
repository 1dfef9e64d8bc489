import { copyString } from './input-limits.ts'

/** The most keys, and the most tags, that are remembered, and how long all of them may be together. */
const maxRemembered = 65_536
const maxCharacters = 4 * 2 ** 20
/** How often a name is remembered before the way to the oldest is sought anew. */
const renewAfter = 8192

/**
 * Remembers the versions of recent deletes, puts and tag invalidations of a keyspace. What another peer hands over, or
 * still has of a slot that was its own, may be from before them, and must not come back to life.
 */
export class GraveList {
  readonly #keys = new RecentVersions()
  readonly #tags = new RecentVersions()

  buryKey(key: string, version: number): void {
    // What was buried later may have been made earlier.
    this.#keys.remember(copyString(key), Math.max(version, this.#keys.get(key) ?? version))
  }

  buryTags(tags: readonly string[], version: number): void {
    for (const tag of tags) this.#tags.remember(tag, version)
  }

  /** Whether any version of the key was buried. */
  holds(key: string): boolean {
    return this.#keys.get(key) !== undefined
  }

  /** Whether an entry of this version was deleted or invalidated. */
  isBuried(key: string, tags: readonly string[], version: number): boolean {
    const deletedAt = this.#keys.get(key)
    if (deletedAt !== undefined && deletedAt >= version) return true
    return tags.some((tag) => (this.#tags.get(tag) ?? -1) >= version)
  }
}

/** Versions by name, as many as there is room for; those remembered last stay. */
class RecentVersions {
  readonly #versions = new Map<string, number>()
  /**
   * Where the oldest is. Asked anew each time, a Map would pass all that was deleted at its beginning: some ten thousand
   * places, for each name. What is remembered again moves to the end, so nothing is ever behind this.
   */
  #oldest = this.#versions.keys()
  #rememberedSince = 0
  #characters = 0

  get(name: string): number | undefined {
    return this.#versions.get(name)
  }

  remember(name: string, version: number): void {
    if (!this.#versions.delete(name)) this.#characters += name.length
    this.#versions.set(name, version)
    // An iterator that rests keeps every table that the Map has grown out of since, and it rests while there is room.
    if (++this.#rememberedSince >= renewAfter) {
      this.#oldest = this.#versions.keys()
      this.#rememberedSince = 0
    }
    while (this.#versions.size > maxRemembered || this.#characters > maxCharacters) this.#forgetOldest()
  }

  #forgetOldest(): void {
    const name = this.#oldest.next().value!
    this.#versions.delete(name)
    this.#characters -= name.length
  }
}
