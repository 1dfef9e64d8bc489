import { describe, expect, test } from 'vitest'
import type { Engine } from '../../../src/engine/engine.ts'
import { FedcacheError } from '../../../src/errors.ts'
import { after, engineFixture, engineOver, failure, keyspaceDefinition } from '../../support/engine-fixture.ts'
import { answeringSource } from '../../support/scripted-source.ts'

function anEngine(): Engine {
  const empty = ['a', 'b', 'c'].map((name) => keyspaceDefinition({}, undefined, name))
  return engineFixture([
    keyspaceDefinition(
      {},
      answeringSource((key) => key),
    ),
    ...empty,
  ]).engine
}

/** What TypeScript refuses, JavaScript callers give all the same. */
async function call(engine: Engine, method: keyof Engine, ...given: readonly unknown[]): Promise<unknown> {
  return Reflect.apply(engine[method] as () => unknown, engine, given)
}

test.each([[null], [undefined], [5], [{}]])('a key that is no text is refused, and no other: %o', async (key) => {
  const { engine, clock } = engineOver(answeringSource((text) => text))
  const keys = [key, 'a', key, 'b'] as never
  const results = await after(clock, 0, engine.getMany('things', keys))
  const told = results.map((result) => (result instanceof FedcacheError ? result.code : result?.key))
  expect(told).toEqual(['BAD_USER_INPUT', 'a', 'BAD_USER_INPUT', 'b'])
  expect(await failure(call(engine, 'get', 'things', key))).toMatchObject({
    code: 'BAD_USER_INPUT',
    message: `A key is a string; received ${key === null ? 'null' : typeof key}.`,
  })
  expect(engine.readNow('things', key as never)).toBeUndefined()
})

describe('what is no list', () => {
  test.each<[keyof Engine, unknown]>([
    ['getMany', 'abc'],
    ['getMany', new Set(['x'])],
    ['getMany', 5],
    ['getMany', null],
    ['getMany', undefined],
    ['warm', 'xyz'],
    ['warm', {}],
    ['putMany', 'abc'],
    ['putMany', { length: 1 }],
    ['putMany', undefined],
    ['deleteMany', 'abc'],
    ['deleteMany', undefined],
    ['entryChanges', 'abc'],
  ])('is refused by %s: %o', async (method, given) => {
    const error = await failure(call(anEngine(), method, 'things', given))
    expect(error).toMatchObject({ code: 'BAD_USER_INPUT', message: expect.stringContaining('are a list; received') })
    expect(error.outcome).toBe(method === 'putMany' || method === 'deleteMany' ? 'NONE' : undefined)
  })

  test('is refused of `warmKeys`', async () => {
    const { engine } = engineOver(
      answeringSource((key) => key),
      { warmKeys: () => 'abc' as never },
    )
    expect((await failure(engine.warm('things'))).message).toContain('received "abc"')
  })

  test('deletes no keyspaces', async () => {
    const engine = anEngine()
    expect(await failure(call(engine, 'deleteKeyspaces', 'ab'))).toMatchObject({
      code: 'BAD_USER_INPUT',
      outcome: 'NONE',
    })
    expect(engine.keyspaces()).toHaveLength(4)
  })
})

test.each([NaN, -5, '5s', '5', true, {}])('a reader does not wait %o', async (timeoutMs) => {
  const engine = anEngine()
  for (const reading of [
    call(engine, 'get', 'things', 'a', { timeoutMs }),
    call(engine, 'getMany', 'things', ['a'], { timeoutMs }),
  ]) {
    expect(await failure(reading)).toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining('timeoutMs'),
    })
  }
})

test.each(['get', 'getMany', 'put', 'putMany', 'delete', 'deleteMany', 'clear', 'stats', 'warm'] as const)(
  '%s of no keyspace says that there is none',
  async (method) => {
    for (const name of [undefined, null, 5]) {
      const error = await failure(call(anEngine(), method, name, []))
      expect(error).toMatchObject({
        code: 'KEYSPACE_NOT_FOUND',
        message: expect.stringContaining(`keyspace ${String(name)};`),
      })
    }
  },
)

test('a put or delete of nothing changes nothing', async () => {
  const engine = anEngine()
  for (const method of ['put', 'delete'] as const) {
    expect(await failure(call(engine, method, 'things'))).toMatchObject({ code: 'BAD_USER_INPUT', outcome: 'NONE' })
  }
})

describe('a put', () => {
  test.each([
    ['null', null, 'received null'],
    ['nothing', undefined, 'received undefined'],
    ['a number', 5, 'received 5'],
    ['a lifetime that is a text', { key: 'bad', value: 1, ttlMs: '100' }, 'received "100"'],
    ['a lifetime in a list', { key: 'bad', value: 1, ttlMs: [5000] }, 'received [5000]'],
    ['a lifetime that is true', { key: 'bad', value: 1, ttlMs: true }, 'received true'],
    ['an end that is a text', { key: 'bad', value: 1, expiresAt: '2099-01-01' }, 'is a Date; received "2099-01-01"'],
    ['an end that is a number', { key: 'bad', value: 1, expiresAt: 5 }, 'is a Date; received 5'],
    ['half a character for a tag', { key: 'bad', value: 1, tags: ['\ud800'] }, 'surrogate'],
  ])('of %s fails alone', async (_, input, message) => {
    const engine = anEngine()
    const { results } = await engine.putMany('things', [input as never, { key: 'good', value: 1 }])
    expect(results).toMatchObject([
      { code: 'BAD_USER_INPUT', outcome: 'NONE', message: expect.stringContaining(message) },
      { value: 1 },
    ])
  })
})

test('half a character is no tag, and so drops no entry that has another half', async () => {
  const engine = anEngine()
  expect(await failure(engine.invalidateTags('things', ['\udfff']))).toMatchObject({
    code: 'BAD_USER_INPUT',
    outcome: 'NONE',
    message: expect.stringContaining('"\\udfff"'),
  })
})

describe('settings of a keyspace', () => {
  test.each([
    ['nothing', undefined, 'an object; received undefined'],
    ['a text', 'new', 'an object; received "new"'],
    [
      'a format that is none',
      { name: 'new', format: 'xml' },
      'format is one of "json", "text", "bytes", received "xml"',
    ],
    [
      'a scope that is none',
      { name: 'new', cacheScope: 'X' },
      'cacheScope is one of "private", "public", received "X"',
    ],
    ['a number in a text', { name: 'new', ttlMs: '500' }, 'received "500"'],
    ['a field that is none', { name: 'new', ttl: '5m' }, '"ttl". Known are name, source, format, ttlMs'],
  ])('are refused where they are %s', async (_, input, message) => {
    const engine = anEngine()
    const error = await failure(call(engine, 'createKeyspace', input))
    expect(error).toMatchObject({ code: 'BAD_USER_INPUT', outcome: 'NONE', message: expect.stringContaining(message) })
    expect(engine.keyspaces()).toHaveLength(4)
  })

  test.each([
    ['nothing', undefined],
    ['a scope that is none', { cacheScope: 'X' }],
    ['a number in a text', { ttlMs: '500' }],
    ['a field that is none', { nonsense: 1 }],
    ['a format, which cannot be changed', { format: 'text' }],
  ])('are refused in a change where they are %s', async (_, settings) => {
    const engine = anEngine()
    const before = engine.keyspace('things')
    expect(await failure(call(engine, 'updateKeyspace', 'things', settings))).toMatchObject({
      code: 'BAD_USER_INPUT',
      outcome: 'NONE',
    })
    expect(engine.keyspace('things')).toEqual(before)
  })
})
