import { FedcacheError, type FedcacheErrorOptions } from '../errors.ts'

/** How much one call may carry. */
export interface InputLimits {
  readonly maxKeysPerCall: number
  readonly maxKeyBytes: number
  /** Encoded bytes that one answer may carry; keys beyond it fail alone. */
  readonly maxAnswerBytes: number
}

const maxTags = 64
const maxTagBytes = 256
const keyspaceName = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/
/** Ten years. Longer is a mistake in the unit, or means "does not expire". */
export const maxDurationMs: number = 10 * 365.25 * 24 * 60 * 60 * 1000

/** @returns what is wrong with a key, or `undefined`. */
export function keyProblem(
  key: unknown,
  limits: InputLimits,
  options?: FedcacheErrorOptions,
): FedcacheError | undefined {
  if (typeof key !== 'string')
    return badInput(`A key is a string; received ${key === null ? 'null' : typeof key}.`, options)
  if (key.length === 0) return badInput('A key has at least one character; received an empty one.', options)
  // A string of n UTF-16 units has n to 3n bytes of UTF-8, so most keys are judged by their length alone.
  if (key.length * 3 > limits.maxKeyBytes && Buffer.byteLength(key) > limits.maxKeyBytes) {
    return badInput(
      `A key has at most ${limits.maxKeyBytes} bytes of UTF-8; received ${Buffer.byteLength(key)} bytes, starting with ${quote(key)}.`,
      options,
    )
  }
  if (!key.isWellFormed()) {
    return badInput(`A key is well-formed Unicode; received half of a surrogate pair in ${quote(key)}.`, options)
  }
  return undefined
}

/**
 * A list, whatever is in it. JavaScript callers may give a string, which would fall apart into characters,
 * or a Set, which would count as empty.
 *
 * @throws FedcacheError `BAD_USER_INPUT`
 */
export function requireList(given: unknown, what: string, options?: FedcacheErrorOptions): void {
  if (!Array.isArray(given)) throw badInput(`${what} are a list; received ${quote(given)}.`, options)
}

/**
 * What one call is to work on: a list that is not too long, whatever is in it.
 *
 * @throws FedcacheError `BAD_USER_INPUT`, `TOO_MANY_KEYS`
 */
export function requireKeyCount(
  given: readonly unknown[],
  limits: InputLimits,
  options?: FedcacheErrorOptions,
  what: string = 'Keys',
): void {
  requireList(given, what, options)
  if (given.length > limits.maxKeysPerCall) {
    throw new FedcacheError(
      'TOO_MANY_KEYS',
      `One call takes at most ${limits.maxKeysPerCall} keys; received ${given.length}. Split them over several calls.`,
      options,
    )
  }
}

/**
 * How long a caller is ready to wait, in milliseconds.
 *
 * @throws FedcacheError `BAD_USER_INPUT`
 */
export function requireTimeout(timeoutMs: unknown): void {
  if (typeof timeoutMs === 'number' && timeoutMs >= 0) return
  throw badInput(`A timeoutMs is a number of milliseconds from 0; received ${quote(timeoutMs)}.`)
}

/**
 * Tags that are a list, whatever is in it. JavaScript callers may give a string, which would fall apart into characters.
 *
 * @throws FedcacheError `BAD_USER_INPUT`
 */
export function requireTagList(given: unknown, what: string, options?: FedcacheErrorOptions): readonly unknown[] {
  if (Array.isArray(given)) return given
  throw badInput(`Tags are a list of strings; received ${quote(given)} for ${what}.`, options)
}

/** @throws FedcacheError `BAD_USER_INPUT` */
export function requireTags(given: unknown, what: string, options?: FedcacheErrorOptions): readonly string[] {
  const tags = requireTagList(given, what, options)
  if (tags.length > maxTags) throw badInput(`${what} takes at most ${maxTags} tags; received ${tags.length}.`, options)
  for (const tag of tags) {
    if (typeof tag !== 'string' || tag.length === 0 || Buffer.byteLength(tag) > maxTagBytes) {
      throw badInput(`A tag is a string of 1 to ${maxTagBytes} bytes; received ${quote(tag)} for ${what}.`, options)
    }
    // UTF-8 would make the same of all halves, and so one tag of several.
    if (!tag.isWellFormed()) {
      throw badInput(
        `A tag is well-formed Unicode; received half of a surrogate pair in ${quote(tag)} for ${what}.`,
        options,
      )
    }
  }
  return tags.length === 0 ? noTags : [...new Set(tags as readonly string[])].map(copyString)
}

/** The tags of an entry that has none; shared, so that it costs nothing. */
export const noTags: readonly string[] = Object.freeze([])

/** @throws FedcacheError `BAD_USER_INPUT` */
export function requireKeyspaceName(name: unknown): string {
  if (typeof name !== 'string' || !keyspaceName.test(name)) {
    throw badInput(
      `A keyspace name starts with a letter and has up to 64 letters, digits, "_", "-" and "."; received ${quote(name)}.`,
      { outcome: 'NONE' },
    )
  }
  return name
}

/** @throws FedcacheError `BAD_USER_INPUT` */
export function requireLifetime(ttlMs: unknown, what: string, options?: FedcacheErrorOptions): number {
  if (typeof ttlMs !== 'number') {
    throw badInput(`${what} is a number of milliseconds; received ${quote(ttlMs)}.`, options)
  }
  if (!(ttlMs > 0 && ttlMs <= maxDurationMs)) {
    throw badInput(`${what} lies between 1 ms and 10 years from now; received ${ttlMs} ms.`, options)
  }
  return ttlMs
}

/** An error about what the caller sent. */
export function badInput(message: string, options?: FedcacheErrorOptions): FedcacheError {
  return new FedcacheError('BAD_USER_INPUT', message, options)
}

/** The beginning of something received, safe to show. */
export function quote(received: unknown): string {
  const text = literal(received)
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}

function literal(received: unknown): string {
  // JSON has no NaN.
  if (typeof received === 'number') return `${received}`
  try {
    return JSON.stringify(received) ?? typeof received
  } catch {
    // A BigInt, or an object that refers to itself.
    return typeof received
  }
}

/** A copy that shares no memory with the request body or query text that the string was cut from. */
export function copyString(text: string): string {
  if (text.length <= longestShared) return JSON.parse(JSON.stringify(text)) as string
  if (text.length * maxBytesPerUnit > scratch.length) return Buffer.from(text, 'utf8').toString('utf8')
  return scratch.toString('utf8', 0, scratch.write(text, 'utf8'))
}

/**
 * While anybody has it, `JSON.parse` gives one and the same string for a text of at most this length: V8 looks it up
 * among those there are. So the next request for such a key brings the string that is kept, and looking it up compares
 * no text.
 */
const longestShared = 9

/** Bytes of UTF-8 that one UTF-16 unit takes at most. */
const maxBytesPerUnit = 3
const scratch = Buffer.allocUnsafeSlow(4 * 1024)
