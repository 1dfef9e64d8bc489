/** Every code that a fedcache error can carry; the same strings as `ErrorCode` in the GraphQL schema. */
export type ErrorCode =
  | 'KEYSPACE_NOT_FOUND'
  | 'KEYSPACE_EXISTS'
  | 'BAD_USER_INPUT'
  | 'INVALID_VALUE'
  | 'VALUE_TOO_LARGE'
  | 'TOO_MANY_KEYS'
  | 'SOURCE_FAILED'
  | 'SOURCE_TIMEOUT'
  | 'SOURCE_RATE_LIMITED'
  | 'SOURCE_CIRCUIT_OPEN'
  | 'READ_TIMEOUT'
  | 'UNAVAILABLE'
  | 'BUSY'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'

/** What a failed write left behind. `NONE`: nothing changed. `UNKNOWN`: it may still appear; retry to be sure. */
export type WriteOutcome = 'NONE' | 'UNKNOWN'

/** What may be said of an error beside its code and message. */
export interface FedcacheErrorOptions {
  /** For writes: what the failure left behind. */
  readonly outcome?: WriteOutcome
  /** The error behind this one. It is logged and never shown to clients. */
  readonly cause?: unknown
}

/**
 * An error that a client may see. Its message says what was wrong, what was received and what to do, and holds
 * nothing internal.
 */
export class FedcacheError extends Error {
  override readonly name: string = 'FedcacheError'
  readonly code: ErrorCode
  readonly outcome: WriteOutcome | undefined

  constructor(code: ErrorCode, message: string, options: FedcacheErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.outcome = options.outcome
  }
}

/** @returns the error as one that a client may see. @throws the error itself where it is a bug and not one of those. */
export function asFedcacheError(error: unknown): FedcacheError {
  if (error instanceof FedcacheError) return error
  throw error
}

/** What fails stands in a list as an error, and fails no other element. */
export function orError<Result>(make: () => Result): Result | Error {
  try {
    return make()
  } catch (error) {
    return error as Error
  }
}

/** The same of each item of a list, with no function made for each. */
export function eachOrError<Item, Result>(
  items: readonly Item[],
  make: (item: Item) => Result,
): readonly (Result | Error)[] {
  const results = new Array<Result | Error>(items.length)
  for (let index = 0; index < items.length; index++) {
    try {
      results[index] = make(items[index]!)
    } catch (error) {
      results[index] = error as Error
    }
  }
  return results
}

/** One thing that is wrong with a configuration. */
export interface ConfigProblem {
  /** Where it is, such as `keyspaces.cities.ttl`. */
  readonly path: string
  /** What is wrong and what would be right. */
  readonly message: string
  /** What was found there; `undefined` where a required field is missing. */
  readonly received: unknown
}

/** A configuration that cannot be used, with everything that is wrong with it. */
export class ConfigError extends Error {
  override readonly name: string = 'ConfigError'
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map((problem) => `${problem.path}: ${problem.message}`).join('\n'))
    this.problems = problems
  }
}
