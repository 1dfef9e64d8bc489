import {
  type LoadContext,
  type Source,
  type SourceContext,
  SourceEntry,
  type StoreRequest,
  type WriteResult,
} from '../../ports/index.ts'
import { answersByKey, type Found } from './answers.ts'
import { ConcurrencyLimit } from './concurrency-limit.ts'
import { OptionProblems } from './option-problems.ts'

/** What a function may answer for one key. `null` and `undefined`: not found. An `Error` fails its key only. */
export type FunctionAnswer<Value> = Value | SourceEntry | Error | null | undefined

/** What a bulk function may return: answers in the order of the keys, or by key. */
export type FunctionAnswers<Value> = readonly FunctionAnswer<Value>[] | ReadonlyMap<string, FunctionAnswer<Value>>

/** Options of {@link functionSource}. Exactly one of `loadMany` and `load` is given. */
export interface FunctionSourceOptions<Value = unknown> {
  /**
   * How the source is named in logs and in `Keyspace.source`.
   *
   * @default 'function'
   */
  readonly name?: string
  /**
   * Loads many values at once: one answer per key in the order of `keys`, or a `Map`. What it throws fails every key
   * of the call.
   */
  readonly loadMany?: (
    keys: readonly string[],
    context: LoadContext,
  ) => FunctionAnswers<Value> | Promise<FunctionAnswers<Value>>
  /** Loads one value; called once per key. What it throws fails its key only. */
  readonly load?: (key: string, context: LoadContext) => FunctionAnswer<Value> | Promise<FunctionAnswer<Value>>
  /**
   * Tells a value's key, so that `loadMany` may return a list in any order and leave out what it does not have.
   * Numbers count as their decimal text. Values for keys that were not asked for are ignored.
   */
  readonly keyOf?: (value: Value) => string | number
  /** Stores values: one result per request, in order. Makes the source writable; needs `deleteMany`. */
  readonly storeMany?: (requests: readonly StoreRequest[], context: SourceContext) => Promise<readonly WriteResult[]>
  /** Deletes keys: one result per key, in order. Needs `storeMany`. */
  readonly deleteMany?: (keys: readonly string[], context: SourceContext) => Promise<readonly WriteResult[]>
  /**
   * How many calls of `load` may run at a time. A whole number from 1.
   *
   * @default 16
   */
  readonly concurrency?: number
}

/**
 * A source made of functions of your own. They are not interrupted: a function that should stop early has to look at
 * `context.signal`.
 *
 * @throws ConfigError with everything that is wrong with the options.
 */
export function functionSource<Value>(options: FunctionSourceOptions<Value>): Source {
  checkOptions(options)
  const { name = 'function', loadMany, load, storeMany, deleteMany } = options
  const source: Source = {
    name,
    loadMany: loadMany === undefined && load !== undefined ? oneByOne(load, options) : inBulk(options),
  }
  return storeMany === undefined || deleteMany === undefined ? source : { ...source, storeMany, deleteMany }
}

type LoadMany = Source['loadMany']

function oneByOne<Value>(
  load: NonNullable<FunctionSourceOptions<Value>['load']>,
  { concurrency = 16 }: FunctionSourceOptions<Value>,
): LoadMany {
  const limit = new ConcurrencyLimit(concurrency)
  return (keys, context) => limit.answerEach(keys, context.signal, (key) => load(key, context))
}

function inBulk<Value>({ loadMany, keyOf }: FunctionSourceOptions<Value>): LoadMany {
  return async (keys, context) => {
    const answers = (await loadMany?.(keys, context)) as FunctionAnswers<Value>
    return keyOf === undefined || !Array.isArray(answers) ? answers : answersByKey(keys, foundBy(keyOf, answers))
  }
}

function* foundBy<Value>(
  keyOf: (value: Value) => string | number,
  answers: readonly FunctionAnswer<Value>[],
): Iterable<Found> {
  for (const answer of answers) {
    // An error in a list without order belongs to no key, so it fails them all.
    if (answer instanceof Error) throw answer
    if (answer === null || answer === undefined) continue
    yield [`${keyOf((answer instanceof SourceEntry ? answer.value : answer) as Value)}`, answer]
  }
}

function checkOptions<Value>(options: FunctionSourceOptions<Value>): void {
  const problems = new OptionProblems('functionSource')
  problems.requireOptions(options)
  const { loadMany, load, keyOf, storeMany, deleteMany } = options
  if ((loadMany === undefined) === (load === undefined))
    problems.add('loadMany', 'give exactly one of loadMany and load', loadMany)
  if ((storeMany === undefined) !== (deleteMany === undefined)) {
    problems.add('storeMany', 'give both or none of storeMany and deleteMany', storeMany)
  }
  if (keyOf !== undefined && load !== undefined) problems.add('keyOf', 'needs loadMany; load knows its key', keyOf)
  for (const [option, value] of Object.entries({ loadMany, load, keyOf, storeMany, deleteMany })) {
    problems.type(option, value, 'function')
  }
  problems.type('name', options.name, 'string')
  problems.wholeNumber('concurrency', options.concurrency, 1)
  problems.throwIfAny()
}
