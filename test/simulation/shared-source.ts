import {
  type Clock,
  type LoadResult,
  type Source,
  sourceEntry,
  type StoreRequest,
  type WriteResult,
} from '../../src/ports/index.ts'
import type { SimulatedTime } from './simulated-time.ts'

/** What a shared source does with one call. */
export interface CallFate {
  /** On the way there and on the way back. */
  readonly thereMs: number
  readonly backMs: number
  /** `LOST`: never answered. `REFUSED`: fails and changes nothing. `FAILED`: done, if a write, and yet fails. */
  readonly ending: 'DONE' | 'REFUSED' | 'FAILED' | 'LOST'
}

/** One state of a key in the source: a value from a moment on; `null` for none. */
export interface SourceState {
  readonly value: number | null
  readonly atMs: number
  readonly order: number
}

/** What a shared source is made of. */
export interface SharedSourceOptions {
  readonly time: SimulatedTime
  readonly fate: (key: string) => CallFate
  /** Gives growing numbers that order everything that happens in the world. */
  readonly order: () => number
  readonly revisions: boolean
}

/** A database that all peers share and that no fault of a peer touches. It remembers everything it ever held. */
export class SharedSource {
  readonly loadsByKey = new Map<string, number>()
  readonly #options: SharedSourceOptions
  readonly #states = new Map<string, SourceState[]>()

  constructor(options: SharedSourceOptions) {
    this.#options = options
  }

  /** All states of a key, oldest first. */
  states(key: string): readonly SourceState[] {
    let states = this.#states.get(key)
    if (states === undefined) this.#states.set(key, (states = [{ value: null, atMs: -Infinity, order: -1 }]))
    return states
  }

  current(key: string): SourceState {
    return this.states(key).at(-1)!
  }

  change(key: string, value: number | null): void {
    const states = this.states(key) as SourceState[]
    states.push({ value, atMs: this.#options.time.nowMs, order: this.#options.order() })
  }

  /** The source as one process calls it: answers reach it when it is not paused. */
  seenBy(clock: Clock, writable: boolean): Source {
    const loadMany = (keys: readonly string[]): Promise<readonly LoadResult[]> => {
      for (const key of keys) this.loadsByKey.set(key, (this.loadsByKey.get(key) ?? 0) + 1)
      return this.#call(clock, keys[0]!, () => keys.map((key) => this.#valueOf(key)))
    }
    if (!writable) return { name: 'shared', loadMany }
    return {
      name: 'shared',
      loadMany,
      storeMany: (requests: readonly StoreRequest[]) =>
        this.#call(clock, requests[0]!.key, () =>
          requests.map(({ key, value }) => this.#changed(key, (value as { n: number }).n)),
        ),
      deleteMany: (keys: readonly string[]) =>
        this.#call(clock, keys[0]!, () => keys.map((key) => this.#changed(key, null))),
    }
  }

  #changed(key: string, value: number | null): WriteResult {
    this.change(key, value)
    return this.#options.revisions ? { revision: this.current(key).order } : undefined
  }

  #valueOf(key: string): LoadResult {
    const { value, order } = this.current(key)
    if (value === null) return null
    return this.#options.revisions ? sourceEntry({ n: value, key }, { revision: order }) : { n: value, key }
  }

  #call<Result>(clock: Clock, key: string, act: () => Result): Promise<Result> {
    const { time, fate } = this.#options
    const { thereMs, backMs, ending } = fate(key)
    return new Promise((resolve, reject) => {
      time.at(time.nowMs + thereMs, () => {
        if (ending === 'REFUSED') {
          clock.setTimer(() => reject(Object.assign(new Error('the source refused'), { outcome: 'NONE' })), backMs)
          return
        }
        const result = act()
        if (ending === 'LOST') return
        clock.setTimer(() => (ending === 'DONE' ? resolve(result) : reject(new Error('the source failed'))), backMs)
      })
    })
  }
}
