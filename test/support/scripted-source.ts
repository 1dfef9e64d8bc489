import type { LoadResult, Source, StoreRequest, WriteResult } from '../../src/ports/index.ts'

/** One call that reached the source and waits for the test to say how it ends. */
export interface PendingCall<Item, Result> {
  readonly items: readonly Item[]
  readonly signal: AbortSignal
  answer(result: Result): void
  fail(cause: unknown): void
}

export type PendingLoad = PendingCall<string, readonly LoadResult[] | ReadonlyMap<string, LoadResult>>
export type PendingStore = PendingCall<StoreRequest, readonly WriteResult[]>
export type PendingDelete = PendingCall<string, readonly WriteResult[]>

/** A source that does nothing by itself: every call waits until the test ends it. */
export interface ScriptedSource extends Source {
  /** Calls in the order they came, ended ones included. */
  readonly loads: PendingLoad[]
  readonly stores: PendingStore[]
  readonly deletes: PendingDelete[]
}

function recorder<Item, Result>(
  calls: PendingCall<Item, Result>[],
): (items: readonly Item[], context: { readonly signal: AbortSignal }) => Promise<Result> {
  return (items, { signal }) =>
    new Promise((answer, fail) => {
      calls.push({ items: [...items], signal, answer, fail })
    })
}

/** Makes a source whose calls end when the test says so. */
export function scriptedSource(options: { readonly writable?: boolean; readonly name?: string } = {}): ScriptedSource {
  const loads: PendingLoad[] = []
  const stores: PendingStore[] = []
  const deletes: PendingDelete[] = []
  const readable = { name: options.name ?? 'scripted', loads, stores, deletes, loadMany: recorder(loads) }
  if (options.writable !== true) return readable
  return { ...readable, storeMany: recorder(stores), deleteMany: recorder(deletes) }
}

/** A source that answers each key at once, with what the function gives for it. It counts its calls. */
export function answeringSource(
  answer: (key: string) => LoadResult,
  name: string = 'answering',
): Source & { readonly calls: (readonly string[])[] } {
  const calls: (readonly string[])[] = []
  return {
    name,
    calls,
    async loadMany(keys) {
      calls.push([...keys])
      return keys.map(answer)
    },
  }
}
