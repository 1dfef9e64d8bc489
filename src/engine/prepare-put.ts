import { isDate } from 'node:util/types'
import { asFedcacheError, FedcacheError } from '../errors.ts'
import type { Clock, WriteTransfer } from '../ports/index.ts'
import { badInput, type InputLimits, keyProblem, quote, requireLifetime, requireTags } from './input-limits.ts'
import type { Keyspace } from './keyspace.ts'
import type { PutInput } from './results.ts'

/** A put that was found to be in order. */
export type PreparedPut = Extract<WriteTransfer, { kind: 'PUT' }>

const nothingChanged = { outcome: 'NONE' } as const

/**
 * Checks and encodes puts.
 *
 * @returns per input, in order, the put or why it is refused. Of several puts of one key the last counts.
 */
export function preparePuts(
  keyspace: Keyspace,
  inputs: readonly PutInput[],
  limits: InputLimits,
  clock: Clock,
): (PreparedPut | FedcacheError)[] {
  const lastIndex = new Map(inputs.map((input, index) => [keyOf(input), index]))
  return inputs.map((input, index) => {
    const problem = inputProblem(input) ?? keyProblem(input.key, limits, nothingChanged)
    if (problem !== undefined) return problem
    if (lastIndex.get(input.key) !== index) {
      return badInput(
        `The key ${quote(input.key)} comes again later in the same call; the last one counts.`,
        nothingChanged,
      )
    }
    try {
      return preparePut(keyspace, input, clock)
    } catch (error) {
      const { code, message, cause } = asFedcacheError(error)
      return new FedcacheError(code, message, { outcome: 'NONE', cause })
    }
  })
}

/** Of JavaScript callers, who may give anything. */
function keyOf(input: PutInput | null | undefined): string | undefined {
  return input?.key
}

function inputProblem(input: unknown): FedcacheError | undefined {
  if (typeof input === 'object' && input !== null) return undefined
  return badInput(`An entry to put is an object with key and value; received ${quote(input)}.`, nothingChanged)
}

function preparePut(keyspace: Keyspace, input: PutInput, clock: Clock): PreparedPut {
  const where = `the entry ${quote(input.key)}`
  const value = valueOf(keyspace, input, where)
  const expiresAtMs = endOf(input, where, clock)
  const ttlMs = lifetimeOf(input, where, clock, expiresAtMs)
  const tags = input.tags === null || input.tags === undefined ? undefined : requireTags(input.tags, where)
  const prepared = keyspace.prepare(input.key, value, { ttlMs, tags }, where)
  return { kind: 'PUT', key: input.key, ...prepared, expiresAtMs, isTtlGiven: ttlMs !== undefined }
}

function valueOf(keyspace: Keyspace, input: PutInput, where: string): unknown {
  const given = (['value', 'text', 'bytes'] as const).filter((field) => isGiven(input, field))
  const [field] = given
  if (given.length !== 1 || field === undefined) {
    const received = given.length === 0 ? 'none' : given.join(' and ')
    throw badInput(`Exactly one of value, text and bytes is given for ${where}; received ${received}.`)
  }
  const expected = keyspace.format === 'json' ? 'value' : keyspace.format
  if (field !== expected) {
    throw badInput(
      `The keyspace "${keyspace.name}" has the format ${keyspace.format}: give "${expected}" for ${where}; received "${field}".`,
    )
  }
  return input[field]
}

/** An explicit `value: null` is given, and refused as a value; GraphQL clients send null for text and bytes they leave out. */
function isGiven(input: PutInput, field: 'value' | 'text' | 'bytes'): boolean {
  return field === 'value' ? input.value !== undefined : input[field] !== undefined && input[field] !== null
}

/** When the entry is to end, on the monotonic clock; `undefined` where that was not given. */
function endOf({ ttlMs, expiresAt }: PutInput, where: string, clock: Clock): number | undefined {
  if (expiresAt === undefined || expiresAt === null) return undefined
  if (!isDate(expiresAt)) throw badInput(`The expiresAt of ${where} is a Date; received ${quote(expiresAt)}.`)
  if (ttlMs === undefined || ttlMs === null) return expiresAt.getTime() - clock.wallOffsetMs()
  throw badInput(`At most one of ttl and expiresAt is given for ${where}; received both.`)
}

function lifetimeOf(
  { ttlMs }: PutInput,
  where: string,
  clock: Clock,
  expiresAtMs: number | undefined,
): number | undefined {
  if (expiresAtMs !== undefined)
    return requireLifetime(Math.round(expiresAtMs - clock.monotonic()), `The expiresAt of ${where}`)
  return ttlMs === undefined || ttlMs === null ? undefined : requireLifetime(ttlMs, `The ttl of ${where}`)
}
