import type { LoadResult, Source, SourceChange, StoreRequest, WriteResult } from '../../src/ports/index.ts'

/** What a model source keeps: every state of a key is told apart by `order`, which grows with every change. */
export interface ModelValue {
  readonly id: number
  readonly tags: readonly string[]
}

interface State {
  readonly order: number
  readonly value: ModelValue | null
}

/** A call that waits for the test to end it. */
export interface OpenCall {
  /** Lets a write take effect, without answering yet. Loads read when they begin. */
  apply(): void
  /** Lets it take effect and answers. */
  succeed(): void
  /** Answers with an error; what took effect stays. `harmless`: the error says that nothing did, if nothing did. */
  fail(harmless: boolean): void
}

const absent: State = { order: 0, value: null }

/**
 * A source whose contents are known at every moment. Loads give what it held when they began, and end when the test
 * says; writes take effect when the test says, and are acknowledged when the test says.
 */
export class ModelSource implements Source {
  readonly name = 'model'
  readonly open: OpenCall[] = []
  readonly storeMany?: Source['storeMany']
  readonly deleteMany?: Source['deleteMany']
  #onChange: ((change: SourceChange) => void) | undefined
  readonly #onWriteEnd: (orders: ReadonlyMap<string, number>) => void
  readonly #states = new Map<string, State[]>()
  #order = 0
  #nextId = 0

  /**
   * @param onWriteEnd called just before a write that has taken effect is answered, with success or an error; gets the
   * order that each of its keys took.
   */
  constructor(options: {
    readonly writable: boolean
    readonly onWriteEnd?: (orders: ReadonlyMap<string, number>) => void
  }) {
    this.#onWriteEnd = options.onWriteEnd ?? (() => {})
    if (!options.writable) return
    this.storeMany = (requests) => this.#write(requests, ({ key, value }) => [key, value as ModelValue])
    this.deleteMany = (keys) => this.#write(keys, (key) => [key, null])
  }

  newValue(tags: readonly string[]): ModelValue {
    return { id: this.#nextId++, tags }
  }

  /** Changes the source behind fedcache's back; returns the order of the change. */
  change(key: string, value: ModelValue | null): number {
    let states = this.#states.get(key)
    if (states === undefined) this.#states.set(key, (states = []))
    states.push({ order: ++this.#order, value })
    return this.#order
  }

  /** The same, and tells whoever watches. */
  changeAndTell(key: string, value: ModelValue | null): void {
    this.change(key, value)
    this.#onChange?.({ key })
  }

  /** The order of what the source holds now. */
  orderOf(key: string): number {
    return this.#state(key).order
  }

  /**
   * The order of something that was read; of not-found answers, which look all the same, that of the newest.
   * `undefined` where the source never held it.
   */
  orderOfRead(key: string, read: ModelValue | null): number | undefined {
    const states = [absent, ...(this.#states.get(key) ?? [])]
    return states.findLast(({ value }) => (read === null ? value === null : value?.id === read.id))?.order
  }

  loadMany(keys: readonly string[]): Promise<readonly LoadResult[]> {
    const answers = keys.map((key) => this.#state(key).value)
    return new Promise((resolve, reject) => {
      this.#add({
        apply: () => {},
        succeed: () => resolve(answers),
        fail: () => reject(new Error('the source is down')),
      })
    })
  }

  async watch(onChange: (change: SourceChange) => void): Promise<() => Promise<void>> {
    this.#onChange = onChange
    return async () => {
      this.#onChange = undefined
    }
  }

  #write<Request extends string | StoreRequest>(
    requests: readonly Request[],
    changeOf: (request: Request) => [string, ModelValue | null],
  ): Promise<readonly WriteResult[]> {
    const changes = requests.map(changeOf)
    return new Promise((resolve, reject) => {
      let orders: ReadonlyMap<string, number> | undefined
      const apply = (): ReadonlyMap<string, number> =>
        (orders ??= new Map(changes.map(([key, value]) => [key, this.change(key, value)])))
      this.#add({
        apply,
        succeed: () => {
          this.#onWriteEnd(apply())
          resolve(requests.map(() => undefined))
        },
        fail: (harmless) => {
          if (orders !== undefined) this.#onWriteEnd(orders)
          const isHarmless = harmless && orders === undefined
          reject(Object.assign(new Error('the source is down'), isHarmless ? { outcome: 'NONE' } : {}))
        },
      })
    })
  }

  #state(key: string): State {
    return this.#states.get(key)?.at(-1) ?? absent
  }

  #add(call: OpenCall): void {
    const close = (): void => {
      this.open.splice(this.open.indexOf(entry), 1)
    }
    const entry: OpenCall = {
      apply: () => call.apply(),
      succeed: () => {
        close()
        call.succeed()
      },
      fail: (harmless) => {
        close()
        call.fail(harmless)
      },
    }
    this.open.push(entry)
  }
}
