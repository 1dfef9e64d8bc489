import { FedcacheError } from '../errors.ts'
import { type Encoded, encodeValue } from './encoding.ts'
import { maxDurationMs, noTags, quote, requireTagList, requireTags } from './input-limits.ts'
import { chargedBytes } from './memory.ts'
import type { KeyspacePolicy } from './policy.ts'

/** A value on its way into memory, encoded and judged by the keyspace's rules. */
export interface PreparedValue {
  readonly encoded: Encoded
  /** Lifetime; `Infinity`: does not expire; 0: not to be kept. */
  readonly ttlMs: number
  readonly tags: readonly string[]
}

/** What was said about a value by whoever gave it. */
export interface ValueTerms {
  readonly ttlMs?: number | undefined
  readonly tags?: readonly string[] | undefined
}

/** What a value is judged by. */
export interface ValueRules {
  /** The keyspace, for messages. */
  readonly name: string
  readonly policy: KeyspacePolicy
  /** The most bytes that an entry may be charged for. */
  readonly roomBytes: number
}

/**
 * Encodes a value and works out how long it lives and which tags it has.
 *
 * @param where names the value in messages.
 * @throws FedcacheError `INVALID_VALUE`, `VALUE_TOO_LARGE`, `BAD_USER_INPUT`; `SOURCE_FAILED` where the keyspace's own
 * `expiry` or `tags` function failed.
 */
export function prepareValue(
  rules: ValueRules,
  key: string,
  value: unknown,
  terms: ValueTerms,
  where: string,
): PreparedValue {
  const { name, policy, roomBytes } = rules
  const encoded = encodeValue(policy.format, value, where)
  if (encoded.length > policy.maxValueBytes) {
    throw tooLarge(where, encoded.length, `the keyspace "${name}" takes values of up to ${policy.maxValueBytes}`)
  }
  const tags = tagsOf(rules, key, value, terms.tags, where)
  if (chargedBytes(key, encoded, tags) > roomBytes) {
    throw tooLarge(where, encoded.length, `the keyspace "${name}" holds ${roomBytes} bytes in all`)
  }
  return { encoded, tags, ttlMs: terms.ttlMs ?? lifetimeOf(rules, key, value) }
}

function lifetimeOf(rules: ValueRules, key: string, value: unknown): number {
  const { ttlMs, ttlJitter, expiry } = rules.policy
  const own = callOwn(rules, 'expiry', () => expiry?.(key, value))
  if (own !== undefined) {
    if (typeof own === 'number' && own <= 0) return 0
    if (typeof own === 'number' && (own <= maxDurationMs || own === Infinity)) return own
    throw ownFunctionFailed(rules, 'expiry', `it returned ${quote(own)}, not a duration of up to 10 years`)
  }
  return ttlJitter === 0 || ttlMs === Infinity ? ttlMs : ttlMs * (1 - Math.random() * ttlJitter)
}

function tagsOf(
  rules: ValueRules,
  key: string,
  value: unknown,
  given: readonly string[] | undefined,
  where: string,
): readonly string[] {
  const own = callOwn(rules, 'tags', () => rules.policy.tags?.(key, value))
  if (own === undefined && given === undefined) return noTags
  if (own !== undefined && !Array.isArray(own)) {
    throw ownFunctionFailed(rules, 'tags', `it returned ${quote(own)}, not a list of strings`)
  }
  return requireTags([...requireTagList(given ?? noTags, where), ...(own ?? noTags)], where)
}

function callOwn<Result>(rules: ValueRules, name: string, call: () => Result): Result {
  try {
    return call()
  } catch (cause) {
    throw ownFunctionFailed(rules, name, 'it threw', cause)
  }
}

function tooLarge(where: string, bytes: number, limit: string): FedcacheError {
  return new FedcacheError('VALUE_TOO_LARGE', `The value of ${where} has ${bytes} bytes; ${limit}.`)
}

function ownFunctionFailed(rules: ValueRules, name: string, problem: string, cause?: unknown): FedcacheError {
  const message = `The function "${name}" of the keyspace "${rules.name}" failed: ${problem}. Its author must mend it.`
  return new FedcacheError('SOURCE_FAILED', message, { cause })
}
