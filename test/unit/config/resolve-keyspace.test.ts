import { describe, expect, it } from 'vitest'
import type { KeyspaceConfig } from '../../../src/config/keyspace-config.ts'
import type { KeyspaceDefinition, KeyspacePolicy } from '../../../src/engine/policy.ts'
import { defaultStore, problemsOf, resolveAnything, source, writableSource } from './fixtures.ts'

const durationForm = "a duration such as '250ms', '30s', '5m' or '1h'"
const sizeForm = "must be a size such as '64kb', '256mb' or '2gb', at least 1b"

function definitionOf(keyspace: KeyspaceConfig): KeyspaceDefinition {
  const { keyspaces } = resolveAnything({ sources: { shared: source }, keyspaces: { cities: keyspace } })
  const [definition] = keyspaces
  if (definition === undefined) throw new Error('there is no keyspace')
  return definition
}

function policyOf(keyspace: KeyspaceConfig): KeyspacePolicy {
  return definitionOf(keyspace).policy
}

describe('a keyspace', () => {
  it('reads every option in milliseconds and bytes', () => {
    const tags = (): readonly string[] => []
    const store = (): never => defaultStore({ maxBytes: 0, maxEntries: 0, onEvict: () => {} }) as never
    const warmKeys = (): readonly string[] => ['a']
    const definition = definitionOf({
      source: writableSource,
      format: 'bytes',
      maxBytes: '16mb',
      maxEntries: 1000,
      maxValueBytes: '1mb',
      ttl: '1h',
      ttlJitter: 0.25,
      negativeTtl: 0,
      staleWhileRevalidate: '1m',
      staleIfError: '2h',
      nearTtl: '3s',
      readTimeout: '2s',
      writeTimeout: '4s',
      maxBatchSize: 50,
      batchWindow: '5ms',
      rateLimit: { calls: 10, interval: '1s' },
      circuitBreaker: { failures: 5, reset: '30s' },
      warmKeys,
      cacheScope: 'public',
      tags,
      store,
    })
    expect(definition).toEqual({
      name: 'cities',
      origin: 'CONFIG',
      sourceName: 'writable',
      source: writableSource,
      policy: {
        format: 'bytes',
        maxBytes: 16 * 2 ** 20,
        maxEntries: 1000,
        maxValueBytes: 2 ** 20,
        ttlMs: 3_600_000,
        ttlJitter: 0.25,
        negativeTtlMs: 0,
        staleWhileRevalidateMs: 60_000,
        staleIfErrorMs: 7_200_000,
        nearTtlMs: 3000,
        readTimeoutMs: 2000,
        writeTimeoutMs: 4000,
        maxBatchSize: 50,
        batchWindowMs: 5,
        rateLimit: { calls: 10, intervalMs: 1000 },
        circuitBreaker: { failures: 5, resetMs: 30_000 },
        warmKeys,
        cacheScope: 'public',
        expiry: undefined,
        tags,
        store,
      },
    })
  })

  it.each(['forever', null] as const)('lives for ever with ttl %j', (ttl) => {
    expect(policyOf({ ttl }).ttlMs).toBe(Infinity)
  })

  it('holds values no larger than it may hold in all', () => {
    expect(policyOf({ maxBytes: '1mb' }).maxValueBytes).toBe(2 ** 20)
    expect(policyOf({ maxBytes: '100mb' }).maxValueBytes).toBe(8 * 2 ** 20)
  })

  it('takes a source itself, by the name it has in sources, or by that name', () => {
    expect(definitionOf({ source: writableSource })).toMatchObject({ sourceName: 'writable', source: writableSource })
    expect(definitionOf({ source })).toMatchObject({ sourceName: 'shared', source })
    expect(definitionOf({ source: 'shared' })).toMatchObject({ sourceName: 'shared', source })
    expect(definitionOf({})).toMatchObject({ sourceName: undefined, source: undefined })
  })

  it('may be warmed by a list', () => {
    expect(policyOf({ source, warmKeys: ['a', 'ä'.repeat(512)] }).warmKeys).toHaveLength(2)
  })
})

describe('the expiry of a keyspace', () => {
  const lifetimeOf = (lifetime: unknown): number | undefined =>
    policyOf({ expiry: () => lifetime as number }).expiry?.('a', 1)

  it.each([
    [undefined, undefined],
    ['forever', Infinity],
    ['5m', 300_000],
    [250, 250],
    [0, 0],
    [-1, -1],
  ])('may answer %j', (lifetime, expected) => {
    expect(lifetimeOf(lifetime)).toBe(expected)
  })

  it.each([
    ['soon', 'soon'],
    [null, null],
    [NaN, NaN],
    ['0', '0'],
  ])('hands on %j, for the engine to tell', (lifetime, handedOn) => {
    expect(lifetimeOf(lifetime)).toBe(handedOn)
  })

  it('is given key and value', () => {
    const expiry = (key: string, value: unknown): number => key.length + Number(value)
    expect(policyOf({ expiry }).expiry?.('abc', 4)).toBe(7)
  })
})

describe('what is wrong with a keyspace', () => {
  it.each<[Record<string, unknown>, string, string]>([
    [{ ttll: 1 }, 'ttll', 'is no option. Did you mean "ttl"?; received 1'],
    [
      { refresh: 1 },
      'refresh',
      expect.stringMatching(/^is no option\. Known are source, format, .*, store; received 1$/),
    ],
    [
      { source: 'shard' },
      'source',
      'must name one of the config\'s sources, which are shared. Did you mean "shared"?; received "shard"',
    ],
    [{ source: 'other' }, 'source', 'must name one of the config\'s sources, which are shared; received "other"'],
    [{ source: null }, 'source', 'must be a source: an object with a name and a method loadMany; received null'],
    [
      { source: {} },
      'source',
      'must be a source: an object with a name and a method loadMany; received an empty object',
    ],
    [{ format: 'xml' }, 'format', "must be 'json' or 'text' or 'bytes'; received \"xml\""],
    [{ format: 5 }, 'format', "must be 'json' or 'text' or 'bytes'; received 5"],
    [{ maxBytes: '16' }, 'maxBytes', `${sizeForm}; received "16"`],
    [{ maxBytes: 0 }, 'maxBytes', `${sizeForm}; received 0`],
    [{ maxBytes: '600mb' }, 'maxBytes', 'must not be more than memoryLimit; received "600mb"'],
    [{ maxEntries: 16_000_001 }, 'maxEntries', 'must be a whole number from 1 to 16000000; received 16000001'],
    [{ maxValueBytes: -1 }, 'maxValueBytes', `${sizeForm}; received -1`],
    [
      { maxBytes: '1mb', maxValueBytes: '2mb' },
      'maxValueBytes',
      'must not be more than maxBytes, or no such value could be kept; received "2mb"',
    ],
    [{ ttl: '10 minutes' }, 'ttl', `must be 'forever' or ${durationForm}, from 1ms to 87600h; received "10 minutes"`],
    [{ ttl: '-5m' }, 'ttl', `must be 'forever' or ${durationForm}, from 1ms to 87600h; received "-5m"`],
    [{ ttl: 0 }, 'ttl', `must be 'forever' or ${durationForm}, from 1ms to 87600h; received 0`],
    [{ ttl: '3651d' }, 'ttl', `must be 'forever' or ${durationForm}, from 1ms to 87600h; received "3651d"`],
    [{ ttlJitter: 1.1 }, 'ttlJitter', 'must be a number from 0 to 1; received 1.1'],
    [{ ttlJitter: '10%' }, 'ttlJitter', 'must be a number from 0 to 1; received "10%"'],
    [{ negativeTtl: -1 }, 'negativeTtl', `must be ${durationForm}, from 0ms to 87600h; received -1`],
    [
      { staleWhileRevalidate: null },
      'staleWhileRevalidate',
      `must be ${durationForm}, from 0ms to 87600h; received null`,
    ],
    [{ staleIfError: 'long' }, 'staleIfError', `must be ${durationForm}, from 0ms to 87600h; received "long"`],
    [{ nearTtl: true }, 'nearTtl', `must be ${durationForm}, from 0ms to 87600h; received true`],
    [{ readTimeout: 0 }, 'readTimeout', `must be ${durationForm}, from 1ms to 1h; received 0`],
    [{ writeTimeout: '2h' }, 'writeTimeout', `must be ${durationForm}, from 1ms to 1h; received "2h"`],
    [{ maxBatchSize: 0 }, 'maxBatchSize', 'must be a whole number from 1 to 100000; received 0'],
    [
      { batchWindow: '11s', readTimeout: '1m' },
      'batchWindow',
      `must be ${durationForm}, from 0ms to 10s; received "11s"`,
    ],
    [{ batchWindow: '2s', readTimeout: '2s' }, 'batchWindow', 'must be less than readTimeout; received "2s"'],
    [{ rateLimit: 5 }, 'rateLimit', 'must be an object; received 5'],
    [{ rateLimit: { calls: 5 } }, 'rateLimit.interval', `must be ${durationForm}, from 1ms to 1h; received nothing`],
    [
      { rateLimit: { calls: 0, interval: 1 } },
      'rateLimit.calls',
      'must be a whole number from 1 to 1000000; received 0',
    ],
    [{ circuitBreaker: 5 }, 'circuitBreaker', 'must be an object; received 5'],
    [
      { circuitBreaker: { reset: 5 } },
      'circuitBreaker.failures',
      'must be a whole number from 1 to 1000000; received nothing',
    ],
    [
      { circuitBreaker: { failures: 5, reset: 5, after: 1 } },
      'circuitBreaker.after',
      'is no option. Known are failures, reset; received 1',
    ],
    [{ source, warmKeys: 'a' }, 'warmKeys', 'must be a list of keys or a function that gives one; received "a"'],
    [{ source, warmKeys: ['a', ''] }, 'warmKeys[1]', 'must be a key: a text of 1 to 1024 bytes; received ""'],
    [{ source, warmKeys: [5] }, 'warmKeys[0]', 'must be a key: a text of 1 to 1024 bytes; received 5'],
    [
      { source, warmKeys: ['ä'.repeat(513)] },
      'warmKeys[0]',
      `must be a key: a text of 1 to 1024 bytes; received "${'ä'.repeat(120)}…"`,
    ],
    [{ warmKeys: ['a'] }, 'warmKeys', 'needs a source to load from; received a list of 1'],
    [
      { cacheScope: 'Public' },
      'cacheScope',
      'must be \'private\' or \'public\'. Did you mean "public"?; received "Public"',
    ],
    [{ expiry: '5m' }, 'expiry', 'must be a function; received "5m"'],
    [{ tags: ['a'] }, 'tags', 'must be a function; received a list of 1'],
    [{ store: {} }, 'store', 'must be a function; received an empty object'],
  ])('is told of %j', (keyspace, field, message) => {
    const problems = problemsOf({ sources: { shared: source }, keyspaces: { cities: keyspace } })
    expect(problems).toEqual([expect.objectContaining({ path: `keyspaces.cities.${field}`, message })])
  })

  it('is told of a source that is not there when there are none', () => {
    expect(problemsOf({ keyspaces: { a: { source: 'b' } } })).toEqual([
      {
        path: 'keyspaces.a.source',
        message: 'must name one of the config\'s sources, there are none; received "b"',
        received: 'b',
      },
    ])
  })

  it('is not told again of a source that is wrong', () => {
    const problems = problemsOf({ sources: { b: 5 }, keyspaces: { a: { source: 'b' } } })
    expect(problems.map(({ path }) => path)).toEqual(['sources.b'])
  })

  it.each(['', '1a', 'a b', 'ä', '-a', 'a/b', 'x'.repeat(65), '__proto__'])('is told of the name %j', (name) => {
    const problems = problemsOf({ keyspaces: Object.fromEntries([[name, {}]]) })
    expect(problems).toEqual([
      expect.objectContaining({ received: name, message: expect.stringContaining('must have a name') }),
    ])
  })

  it.each(['a', 'A9', 'a.b-c_d', 'x'.repeat(64)])('takes the name %j', (name) => {
    expect(problemsOf({ keyspaces: { [name]: {} } })).toEqual([])
  })

  it.each(['a keyspace', 5, null, [], new Map(), Promise.resolve({})])(
    'is told of %j in place of a keyspace',
    (keyspace) => {
      expect(problemsOf({ keyspaces: { cities: keyspace } })).toEqual([
        expect.objectContaining({
          path: 'keyspaces.cities',
          message: expect.stringMatching(/^must be an object; received /),
        }),
      ])
    },
  )
})
