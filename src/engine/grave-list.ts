import { copyString } from './input-limits.ts'

/** The most deletes, and the most tags, that are remembered. */
const maxRemembered = 65_536

/**
 * Remembers the versions of recent deletes and tag invalidations of a keyspace whose puts live in memory only. A put
 * that is handed over may have been on its way since before them, and then must not come back to life.
 */
export class GraveList {
  readonly #keys = new Map<string, number>()
  readonly #tags = new Map<string, number>()

  buryKey(key: string, version: number): void {
    // What was buried later may have been made earlier.
    remember(this.#keys, copyString(key), Math.max(version, this.#keys.get(key) ?? version))
  }

  buryTags(tags: readonly string[], version: number): void {
    for (const tag of tags) remember(this.#tags, tag, version)
  }

  /** Whether an entry of this version was deleted or invalidated. */
  isBuried(key: string, tags: readonly string[], version: number): boolean {
    const deletedAt = this.#keys.get(key)
    if (deletedAt !== undefined && deletedAt >= version) return true
    return tags.some((tag) => (this.#tags.get(tag) ?? -1) >= version)
  }
}

function remember(versions: Map<string, number>, name: string, version: number): void {
  versions.delete(name)
  versions.set(name, version)
  if (versions.size > maxRemembered) versions.delete(versions.keys().next().value!)
}
