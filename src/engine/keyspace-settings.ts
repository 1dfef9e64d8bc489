import { badInput, maxDurationMs } from './input-limits.ts'
import type { KeyspacePolicy } from './policy.ts'
import type { KeyspaceSettings } from './results.ts'

interface Range {
  readonly min: number
  readonly max: number
  readonly whole: boolean
}

const duration = (min: number): Range => ({ min, max: maxDurationMs, whole: false })
const count = (max: number): Range => ({ min: 1, max, whole: true })

const ranges: Readonly<Record<Exclude<keyof KeyspaceSettings, 'cacheScope'>, Range>> = {
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
}

/** The name of a setting. */
export type KeyspaceSetting = keyof KeyspaceSettings

/** The names of all settings. */
export const settingNames: ReadonlySet<KeyspaceSetting> = new Set([
  ...(Object.keys(ranges) as KeyspaceSetting[]),
  'cacheScope',
])

/**
 * A policy with some settings changed.
 *
 * @param memoryLimit what all keyspaces together may hold; `maxBytes` may not be more.
 * @throws FedcacheError `BAD_USER_INPUT` that names every setting that is out of range.
 */
export function withSettings(policy: KeyspacePolicy, settings: KeyspaceSettings, memoryLimit: number): KeyspacePolicy {
  const changed: Record<string, unknown> = {}
  const problems: string[] = []
  for (const [name, range] of Object.entries(ranges) as [keyof typeof ranges, Range][]) {
    const value = settings[name]
    if (value === undefined || value === null) continue
    const max = name === 'maxBytes' ? memoryLimit : range.max
    const inRange = value >= range.min && value <= max && (!range.whole || Number.isInteger(value))
    if (inRange) changed[name] = value
    else
      problems.push(`${name} is ${range.whole ? 'a whole number ' : ''}from ${range.min} to ${max}, received ${value}`)
  }
  if (settings.cacheScope !== undefined && settings.cacheScope !== null) changed.cacheScope = settings.cacheScope
  const next: KeyspacePolicy = { ...policy, ...changed }
  // Who only makes a keyspace smaller need not know how large its values may be: none larger than it is taken.
  const isGiven = settings.maxValueBytes !== undefined && settings.maxValueBytes !== null
  if (problems.length === 0 && isGiven && next.maxValueBytes > next.maxBytes) {
    problems.push(`maxValueBytes is at most maxBytes (${next.maxBytes}), received ${next.maxValueBytes}`)
  }
  if (problems.length > 0) throw badInput(`Settings out of range: ${problems.join('; ')}.`, { outcome: 'NONE' })
  return next
}
