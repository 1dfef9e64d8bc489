import { badInput, maxDurationMs, quote } from './input-limits.ts'
import type { CacheScope, KeyspacePolicy, ValueFormat } from './policy.ts'
import type { KeyspaceSettings } from './results.ts'

interface Range {
  readonly min: number
  readonly max: number
  readonly whole: boolean
}

const duration = (min: number): Range => ({ min, max: maxDurationMs, whole: false })
const count = (max: number): Range => ({ min: 1, max, whole: true })

/** What a setting may be: a number in a range, or one of some words. */
type Rule = Range | readonly string[]

const cacheScopes: readonly CacheScope[] = ['private', 'public']
const formats: readonly ValueFormat[] = ['json', 'text', 'bytes']

const rules: Readonly<Record<keyof KeyspaceSettings, Rule>> = {
  ttlMs: duration(1),
  ttlJitter: { min: 0, max: 1, whole: false },
  negativeTtlMs: duration(0),
  staleWhileRevalidateMs: duration(0),
  staleIfErrorMs: duration(0),
  nearTtlMs: duration(0),
  readTimeoutMs: duration(1),
  writeTimeoutMs: duration(1),
  maxBytes: count(Number.MAX_SAFE_INTEGER),
  maxEntries: count(16_000_000),
  maxValueBytes: count(512 * 1024 * 1024),
  maxBatchSize: count(100_000),
  batchWindowMs: { min: 0, max: 10_000, whole: false },
  cacheScope: cacheScopes,
}

/** The name of a setting. */
export type KeyspaceSetting = keyof KeyspaceSettings

/** The names of all settings. */
export const settingNames: ReadonlySet<KeyspaceSetting> = new Set(Object.keys(rules) as KeyspaceSetting[])

/**
 * Settings as callers give them, none of which is unknown: it would be without effect, and nobody would notice.
 *
 * @param beside names of what else is given with them.
 * @throws FedcacheError `BAD_USER_INPUT`
 */
export function requireSettings(given: object, beside: readonly string[] = []): void {
  if (typeof given !== 'object' || given === null) {
    throw badInput(`The settings of a keyspace are an object; received ${quote(given)}.`, { outcome: 'NONE' })
  }
  const known = [...beside, ...settingNames]
  const unknown = Object.keys(given).filter((name) => !known.includes(name))
  if (unknown.length === 0) return
  throw badInput(
    `A keyspace has no such settings here: ${unknown.map(quote).join(', ')}. Known are ${known.join(', ')}.`,
    { outcome: 'NONE' },
  )
}

/**
 * A policy with some settings changed.
 *
 * @param settings with `format` only for a keyspace that is being made: its entries are written by it.
 * @param memoryLimit what all keyspaces together may hold; `maxBytes` may not be more.
 * @throws FedcacheError `BAD_USER_INPUT` that names every setting that is out of range.
 */
export function withSettings(
  policy: KeyspacePolicy,
  settings: KeyspaceSettings & { readonly format?: ValueFormat | null },
  memoryLimit: number,
): KeyspacePolicy {
  const changed: Record<string, unknown> = {}
  const problems: string[] = []
  for (const [name, rule] of Object.entries({ ...rules, format: formats }) as [keyof typeof settings, Rule][]) {
    const value: unknown = settings[name]
    if (value === undefined || value === null) continue
    const problem = problemOf(value, name === 'maxBytes' ? count(memoryLimit) : rule)
    if (problem === undefined) changed[name] = value
    else problems.push(`${name} is ${problem}, received ${quote(value)}`)
  }
  const next: KeyspacePolicy = { ...policy, ...changed }
  // Who only makes a keyspace smaller need not know how large its values may be: none larger than it is taken.
  const isGiven = settings.maxValueBytes !== undefined && settings.maxValueBytes !== null
  if (problems.length === 0 && isGiven && next.maxValueBytes > next.maxBytes) {
    problems.push(`maxValueBytes is at most maxBytes (${next.maxBytes}), received ${next.maxValueBytes}`)
  }
  if (problems.length > 0) throw badInput(`Settings out of range: ${problems.join('; ')}.`, { outcome: 'NONE' })
  return next
}

/** What a value should be, where it is something else. */
function problemOf(value: unknown, rule: Rule): string | undefined {
  if (isWords(rule)) return rule.some((word) => word === value) ? undefined : `one of ${rule.map(quote).join(', ')}`
  const { min, max, whole } = rule
  const isRight = typeof value === 'number' && value >= min && value <= max && (!whole || Number.isInteger(value))
  return isRight ? undefined : `a ${whole ? 'whole ' : ''}number from ${min} to ${max}`
}

function isWords(rule: Rule): rule is readonly string[] {
  return Array.isArray(rule)
}
