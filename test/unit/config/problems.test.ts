import { describe, expect, test } from 'vitest'
import { Problems } from '../../../src/config/problems.ts'
import { ConfigError } from '../../../src/errors.ts'

function problemOf(path: string, received: unknown): unknown {
  const problems = new Problems()
  problems.add(path, 'Wrong', received)
  try {
    problems.throwIfAny()
  } catch (error) {
    if (error instanceof ConfigError) return error.problems[0]!.received
    throw error
  }
  throw new Error('nothing was noted')
}

describe('what is told of a value that was received', () => {
  test.each([
    ['port', 70_000, 70_000],
    ['auth.tokens[0].token', 'open sesame', '***'],
    ['auth.tokens[0].token', { text: 'open sesame' }, { text: '***' }],
    ['auth.tokens', [{ token: 'open sesame', scopes: 3 }], [{ token: '***', scopes: 3 }]],
    ['cluster', { nats: 'nats://me:open@host', tls: { key: 5 } }, { nats: 'nats://***@host', tls: { key: 5 } }],
    ['cluster.auth', { user: ['open', { sesame: 'open' }] }, { user: ['***', { sesame: '***' }] }],
  ])('holds no secret: %s', (path, received, shown) => {
    expect(problemOf(path, received)).toEqual(shown)
  })

  test('keeps what is no plain data as it is', () => {
    const source = new (class Source {
      readonly password = 'not looked into'
    })()
    expect(problemOf('keyspaces.a.source', source)).toBe(source)
    expect(problemOf('keyspaces.a.source', null)).toBe(null)
  })
})
