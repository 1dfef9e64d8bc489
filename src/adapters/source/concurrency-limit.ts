import type { LoadResult } from '../../ports/index.ts'
import { errorOf } from './answers.ts'

/** Runs tasks in the order in which they come, so many at a time. */
export class ConcurrencyLimit {
  readonly #maximum: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  /** @param maximum how many tasks may run at a time, from 1. */
  constructor(maximum: number) {
    this.#maximum = maximum
  }

  /**
   * Runs a task as soon as there is room for it.
   *
   * @throws what the task throws, or the reason of `signal` when it was aborted before the task began.
   */
  async run<Result>(signal: AbortSignal, task: () => Result | Promise<Result>): Promise<Result> {
    await this.#begin()
    try {
      signal.throwIfAborted()
      return await task()
    } finally {
      this.#end()
    }
  }

  /**
   * Answers each key by a task of its own. A task that throws or rejects fails its own key.
   *
   * @returns one answer per key, in order, when every task has ended.
   */
  answerEach(
    keys: readonly string[],
    signal: AbortSignal,
    task: (key: string) => LoadResult,
  ): Promise<readonly LoadResult[]> {
    return Promise.all(keys.map((key) => this.run(signal, () => task(key)).catch(errorOf)))
  }

  async #begin(): Promise<void> {
    if (this.#running < this.#maximum) this.#running++
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  #end(): void {
    const next = this.#waiting.shift()
    // The place is handed on, not given back, so that nobody who comes meanwhile takes it.
    if (next === undefined) this.#running--
    else next()
  }
}
