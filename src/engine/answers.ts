import { FedcacheError } from '../errors.ts'
import {
  type LoadResult,
  SourceEntry,
  type SourceEntryOptions,
  type WriteReceipt,
  type WriteResult,
} from '../ports/index.ts'
import { quote } from './input-limits.ts'

/**
 * Brings what a source returned for `keys` into their order.
 *
 * @throws FedcacheError `SOURCE_FAILED` when its shape says that answers cannot be told apart: one that is wrong for
 * its key is worse than none.
 */
export function answersInOrder(source: string, keys: readonly string[], returned: unknown): readonly LoadResult[] {
  if (returned instanceof Map) {
    const answers = keys.map((key) => returned.get(key))
    const foreign = foreignKeys(keys, returned)
    if (foreign.length > 0) {
      throw wrongShape(source, `a Map with keys that were not asked for, such as ${quote(foreign[0])}`)
    }
    return answers
  }
  if (!Array.isArray(returned)) throw wrongShape(source, 'neither a list nor a Map')
  if (returned.length !== keys.length) {
    throw wrongShape(source, `${returned.length} answers for ${keys.length} keys`)
  }
  return returned
}

/** The same for the results of a bulk write. What happened is then not known. */
export function receiptsInOrder(source: string, count: number, returned: unknown): readonly WriteResult[] {
  if (!Array.isArray(returned) || returned.length !== count) {
    const what = Array.isArray(returned) ? `${returned.length} results for ${count} writes` : 'no list of results'
    throw wrongShape(source, what)
  }
  return returned
}

/** What a source said of one key: a value, `null` or `undefined` for not found, or an `Error`, and what beside it. */
export interface Answer {
  readonly value: unknown
  readonly options: SourceEntryOptions
}

/** Takes an answer out of its wrapper. What is wrapped counts as it would alone, but that the outer wrapper has its say. */
export function unwrapped(answer: LoadResult): Answer {
  if (!(answer instanceof SourceEntry)) return { value: answer, options: nothingSaid }
  if (!(answer.value instanceof SourceEntry)) return answer
  const { value, options } = unwrapped(answer.value)
  return { value, options: { ...options, ...answer.options } }
}

const nothingSaid: SourceEntryOptions = {}

/** @throws FedcacheError `SOURCE_FAILED` for a revision of a key that is no non-negative safe integer. */
export function requireRevision(source: string, key: string, receipt: WriteReceipt | undefined): number | undefined {
  const revision = receipt?.revision
  if (revision === undefined || (Number.isSafeInteger(revision) && revision >= 0)) return revision
  throw new FedcacheError(
    'SOURCE_FAILED',
    `The source "${source}" returned the revision ${quote(revision)} for ${quote(key)}; a revision is a non-negative safe integer.`,
  )
}

function foreignKeys(keys: readonly string[], returned: ReadonlyMap<unknown, unknown>): readonly unknown[] {
  const asked: ReadonlySet<unknown> = new Set(keys)
  return [...returned.keys()].filter((key) => !asked.has(key))
}

function wrongShape(source: string, what: string): FedcacheError {
  return new FedcacheError('SOURCE_FAILED', `The source "${source}" returned ${what}; nothing of it was used.`)
}
