import { FedcacheError } from '../errors.ts'
import type { LoadResult, WriteReceipt, WriteResult } from '../ports/index.ts'

/**
 * Brings what a source returned for `keys` into their order.
 *
 * @throws FedcacheError `SOURCE_FAILED` when its shape says that answers cannot be told apart: one that is wrong for
 * its key is worse than none.
 */
export function answersInOrder(source: string, keys: readonly string[], returned: unknown): readonly LoadResult[] {
  if (returned instanceof Map) {
    const answers = keys.map((key) => returned.get(key))
    if (returned.size > keys.length || (returned.size > 0 && hasForeignKey(keys, returned))) {
      throw wrongShape(source, 'a Map with keys that were not asked for')
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

/** @throws FedcacheError `SOURCE_FAILED` for a revision that is no non-negative safe integer. */
export function requireRevision(source: string, receipt: WriteReceipt | undefined): number | undefined {
  const revision = receipt?.revision
  if (revision === undefined || (Number.isSafeInteger(revision) && revision >= 0)) return revision
  throw wrongShape(source, 'a revision that is no non-negative safe integer')
}

function hasForeignKey(keys: readonly string[], returned: ReadonlyMap<unknown, unknown>): boolean {
  const asked: ReadonlySet<unknown> = new Set(keys)
  for (const key of returned.keys()) if (!asked.has(key)) return true
  return false
}

function wrongShape(source: string, what: string): FedcacheError {
  return new FedcacheError('SOURCE_FAILED', `The source "${source}" returned ${what}; nothing of it was used.`)
}
