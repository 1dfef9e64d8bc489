import type { LoadResult } from '../../ports/index.ts'

/** One thing that a source found, with the key that it belongs to. */
export type Found = readonly [key: string, answer: LoadResult]

/**
 * Brings what was found, in any order, into the order of `keys`: `null` for a key with nothing, an error for one that
 * was found more than once. What was found under keys that were not asked for is ignored.
 */
export function answersByKey(keys: readonly string[], found: Iterable<Found>): readonly LoadResult[] {
  const places = new Map(keys.map((key, index) => [key, index]))
  const answers: LoadResult[] = keys.map(() => null)
  const isFound = new Set<number>()
  for (const [key, answer] of found) {
    const place = places.get(key)
    if (place === undefined) continue
    answers[place] = isFound.has(place) ? new Error(`more than one value was found for ${JSON.stringify(key)}`) : answer
    isFound.add(place)
  }
  return answers
}

/** What `make` returns, or the error that it throws. */
export function answerOrError(make: () => LoadResult): LoadResult {
  try {
    return make()
  } catch (error) {
    return errorOf(error)
  }
}

/** What was thrown, as an `Error`. */
export function errorOf(thrown: unknown): Error {
  return thrown instanceof Error
    ? thrown
    : new Error(`${typeof thrown} was thrown in place of an Error`, { cause: thrown })
}

/** The error of a write that changed nothing. */
export function harmless(message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { outcome: 'NONE' as const })
}
