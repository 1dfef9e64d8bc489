import type { KeyspaceDefinition, KeyspacePolicy } from '../engine/policy.ts'
import type { Source, StoreFactory } from '../ports/index.ts'
import {
  checkDuration,
  checkFields,
  checkFunction,
  checkOneOf,
  checkShare,
  checkSize,
  checkWholeNumber,
  isPlainObject,
} from './checks.ts'
import { keyspaceDefaults } from './defaults.ts'
import type { KeyspaceConfig } from './keyspace-config.ts'
import { pathOf, Problems } from './problems.ts'
import { checkName, resolveKeyspaceSource } from './resolve-source.ts'
import { parseDuration } from './units.ts'

const hour = 3_600_000

// Ranges of a keyspace's settings. The engine holds settings that change at run time to the same ones.
const longestTtlMs = 3_650 * 24 * hour
const ttlRange = { min: 1, max: longestTtlMs }
const graceRange = { min: 0, max: longestTtlMs }
const timeoutRange = { min: 1, max: hour }
const batchWindowRange = { min: 0, max: 10_000 }
const batchSizeRange = { min: 1, max: 100_000 }
// A JavaScript Map ends at 2^24 entries.
const entriesRange = { min: 1, max: 16_000_000 }
const callsRange = { min: 1, max: 1_000_000 }

/** The fields that the config of a keyspace may have. */
const keyspaceFields: readonly (keyof KeyspaceConfig)[] = [
  'source',
  'format',
  'maxBytes',
  'maxEntries',
  'maxValueBytes',
  'ttl',
  'ttlJitter',
  'negativeTtl',
  'staleWhileRevalidate',
  'staleIfError',
  'nearTtl',
  'readTimeout',
  'writeTimeout',
  'maxBatchSize',
  'batchWindow',
  'rateLimit',
  'circuitBreaker',
  'warmKeys',
  'cacheScope',
  'expiry',
  'tags',
  'partition',
  'store',
]

/** What the config of a keyspace is read against. */
export interface KeyspaceContext {
  readonly sources: { readonly named: ReadonlyMap<string, Source>; readonly names: readonly string[] }
  /** Bytes that all keyspaces together may hold. */
  readonly memoryLimit: number
  /** How many processes share what a keyspace may hold; `memoryLimit` is the part of one. */
  readonly sharers: number
  readonly maxKeyBytes: number
  readonly defaultStore: StoreFactory
}

/** The rules of a keyspace that says nothing of its own. */
export function defaultPolicy(context: KeyspaceContext): KeyspacePolicy {
  return resolveKeyspace(new Problems(), 'default', {}, context).policy
}

/** Reads the config of one keyspace. What is wrong is noted; the result is then of no use. */
export function resolveKeyspace(
  problems: Problems,
  name: string,
  value: unknown,
  context: KeyspaceContext,
): KeyspaceDefinition {
  const path = pathOf('keyspaces', name)
  checkName(problems, path, name)
  const fields = checkFields(problems, path, value, keyspaceFields)
  const at = (field: keyof KeyspaceConfig): [Problems, string, unknown] => [problems, `${path}.${field}`, fields[field]]
  const source = resolveKeyspaceSource(...at('source'), context.sources)
  const policy: KeyspacePolicy = {
    format: checkOneOf(...at('format'), ['json', 'text', 'bytes'], keyspaceDefaults.format),
    ...resolveLimits(at, context),
    ...resolveTimes(at),
    ttlJitter: checkShare(...at('ttlJitter'), keyspaceDefaults.ttlJitter),
    maxBatchSize: checkWholeNumber(...at('maxBatchSize'), {
      ...batchSizeRange,
      fallback: keyspaceDefaults.maxBatchSize,
    }),
    rateLimit: resolveRateLimit(...at('rateLimit')),
    circuitBreaker: resolveCircuitBreaker(...at('circuitBreaker')),
    warmKeys: resolveWarmKeys(...at('warmKeys'), context.maxKeyBytes),
    cacheScope: checkOneOf(...at('cacheScope'), ['private', 'public'], keyspaceDefaults.cacheScope),
    expiry: checkFunction(...at('expiry')) ? expiryOf(fields['expiry'] as KeyspaceConfig['expiry']) : undefined,
    tags: checkFunction(...at('tags')) ? (fields['tags'] as KeyspaceConfig['tags']) : undefined,
    store: checkFunction(...at('store'))
      ? ((fields['store'] as StoreFactory | undefined) ?? context.defaultStore)
      : context.defaultStore,
  }
  if (fields['source'] === undefined && fields['warmKeys'] !== undefined) {
    problems.add(`${path}.warmKeys`, 'needs a source to load from', fields['warmKeys'])
  }
  return { name, origin: 'CONFIG', ...source, policy }
}

type FieldReader = (field: keyof KeyspaceConfig) => [Problems, string, unknown]

function resolveLimits(
  at: FieldReader,
  context: KeyspaceContext,
): Pick<KeyspacePolicy, 'maxBytes' | 'maxEntries' | 'maxValueBytes'> {
  const { memoryLimit, sharers } = context
  const partOf = (whole: number): number => Math.max(1, Math.floor(whole / sharers))
  const maxBytes = partOf(checkSize(...at('maxBytes'), { min: 1, max: Infinity, fallback: memoryLimit * sharers }))
  const [problems, path, received] = at('maxBytes')
  if (maxBytes > memoryLimit) problems.add(path, 'must not be more than memoryLimit', received)
  const fallback = Math.min(keyspaceDefaults.maxValueBytes, maxBytes)
  const maxValueBytes = checkSize(...at('maxValueBytes'), { min: 1, max: Infinity, fallback })
  if (maxValueBytes > maxBytes) {
    const [, valuePath, receivedValue] = at('maxValueBytes')
    problems.add(valuePath, 'must not be more than maxBytes, or no such value could be kept', receivedValue)
  }
  return {
    maxBytes,
    maxValueBytes,
    maxEntries: partOf(checkWholeNumber(...at('maxEntries'), { ...entriesRange, fallback: Infinity })),
  }
}

function resolveTimes(
  at: FieldReader,
): Pick<
  KeyspacePolicy,
  | 'ttlMs'
  | 'negativeTtlMs'
  | 'staleWhileRevalidateMs'
  | 'staleIfErrorMs'
  | 'nearTtlMs'
  | 'readTimeoutMs'
  | 'writeTimeoutMs'
  | 'batchWindowMs'
> {
  const [problems, ttlPath, ttl] = at('ttl')
  const isForever = ttl === 'forever' || ttl === null
  const ttlOptions = { ...ttlRange, fallback: keyspaceDefaults.ttlMs, word: "'forever' or " }
  const grace = (field: keyof KeyspaceConfig, fallback: number): number =>
    checkDuration(...at(field), { ...graceRange, fallback })
  const timeout = (field: keyof KeyspaceConfig, fallback: number): number =>
    checkDuration(...at(field), { ...timeoutRange, fallback })
  const readTimeoutMs = timeout('readTimeout', keyspaceDefaults.readTimeoutMs)
  const [, windowPath, window] = at('batchWindow')
  const batchWindowMs = checkDuration(problems, windowPath, window, {
    ...batchWindowRange,
    fallback: keyspaceDefaults.batchWindowMs,
  })
  if (batchWindowMs >= readTimeoutMs) problems.add(windowPath, 'must be less than readTimeout', window)
  return {
    ttlMs: isForever ? Infinity : checkDuration(problems, ttlPath, ttl, ttlOptions),
    negativeTtlMs: grace('negativeTtl', keyspaceDefaults.negativeTtlMs),
    staleWhileRevalidateMs: grace('staleWhileRevalidate', keyspaceDefaults.staleWhileRevalidateMs),
    staleIfErrorMs: grace('staleIfError', keyspaceDefaults.staleIfErrorMs),
    nearTtlMs: grace('nearTtl', keyspaceDefaults.nearTtlMs),
    readTimeoutMs,
    writeTimeoutMs: timeout('writeTimeout', keyspaceDefaults.writeTimeoutMs),
    batchWindowMs,
  }
}

function resolveRateLimit(problems: Problems, path: string, value: unknown): KeyspacePolicy['rateLimit'] {
  if (value === undefined) return undefined
  const fields = checkFields(problems, path, value, ['calls', 'interval'])
  if (!isPlainObject(value)) return undefined
  return {
    calls: checkWholeNumber(problems, `${path}.calls`, fields['calls'], callsRange),
    intervalMs: checkDuration(problems, `${path}.interval`, fields['interval'], timeoutRange),
  }
}

function resolveCircuitBreaker(problems: Problems, path: string, value: unknown): KeyspacePolicy['circuitBreaker'] {
  if (value === undefined) return undefined
  const fields = checkFields(problems, path, value, ['failures', 'reset'])
  if (!isPlainObject(value)) return undefined
  return {
    failures: checkWholeNumber(problems, `${path}.failures`, fields['failures'], callsRange),
    resetMs: checkDuration(problems, `${path}.reset`, fields['reset'], timeoutRange),
  }
}

function resolveWarmKeys(
  problems: Problems,
  path: string,
  value: unknown,
  maxKeyBytes: number,
): KeyspacePolicy['warmKeys'] {
  if (value === undefined) return []
  if (typeof value === 'function') return value as () => readonly string[]
  if (!Array.isArray(value)) {
    problems.add(path, 'must be a list of keys or a function that gives one', value)
    return []
  }
  for (const [index, key] of value.entries()) {
    if (typeof key === 'string' && key !== '' && Buffer.byteLength(key) <= maxKeyBytes) continue
    problems.add(`${path}[${index}]`, `must be a key: a text of 1 to ${maxKeyBytes} bytes`, key)
  }
  return value
}

/** Lets a config's `expiry` answer as `ttl` is written. What is no duration is handed on, for the engine to refuse. */
function expiryOf(expiry: KeyspaceConfig['expiry']): KeyspacePolicy['expiry'] {
  if (expiry === undefined) return undefined
  return (key, value) => {
    const lifetime = expiry(key, value)
    return lifetime === 'forever' ? Infinity : (parseDuration(lifetime) ?? (lifetime as number | undefined))
  }
}
