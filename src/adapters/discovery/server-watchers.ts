import { distinct } from './server-urls.ts'

/** Who wants to hear of changes of a set of servers, and the set as they were told of it last. */
export class ServerWatchers {
  readonly #watchers = new Set<(servers: readonly string[]) => void>()
  #last: string | undefined

  get size(): number {
    return this.#watchers.size
  }

  add(onChange: (servers: readonly string[]) => void): () => void {
    const watcher = (servers: readonly string[]) => onChange(servers)
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** Notes what there is, and tells everybody where it is something else than before. The first time tells nobody. */
  found(servers: Iterable<string>): void {
    const now = distinct(servers)
    const text = now.join()
    const isChange = this.#last !== undefined && this.#last !== text
    this.#last = text
    if (isChange) for (const watcher of this.#watchers) watcher(now)
  }

  /** What is found next tells nobody. */
  forget(): void {
    this.#last = undefined
  }

  clear(): void {
    this.#watchers.clear()
    this.forget()
  }
}
