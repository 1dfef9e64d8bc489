import { GraphQLError } from 'graphql'
import { afterEach, describe, expect, it } from 'vitest'
import { mappingErrors } from '../../../resolvers/errors.ts'
import { FedcacheError } from '../../../src/errors.ts'
import { type ServedCache, servedCache } from '../../support/served-cache.ts'

const cause = new Error('secret cause')

describe('mappingErrors', () => {
  it('maps what is thrown and what is rejected, without the cause', async () => {
    const failing = mappingErrors({
      throws: () => {
        throw new FedcacheError('BUSY', 'Too much.', { cause })
      },
      rejects: async () => {
        throw new FedcacheError('UNAVAILABLE', 'Not now.', { outcome: 'UNKNOWN', cause })
      },
      bug: () => {
        throw cause
      },
      subscription: {
        subscribe: () => {
          throw new FedcacheError('KEYSPACE_NOT_FOUND', 'None.')
        },
        resolve: () => 1,
      },
    })
    expect(() => failing.throws()).toThrow(new GraphQLError('Too much.', { extensions: { code: 'BUSY' } }))
    const rejected = await failing.rejects().then(undefined, (error: unknown) => error as GraphQLError)
    expect(rejected).toBeInstanceOf(GraphQLError)
    expect(rejected).toMatchObject({ message: 'Not now.', extensions: { code: 'UNAVAILABLE', outcome: 'UNKNOWN' } })
    expect(rejected?.cause).toBeUndefined()
    expect(rejected?.originalError).toBeUndefined()
    expect(() => failing.bug()).toThrow(cause)
    expect(() => failing.subscription.subscribe()).toThrow(GraphQLError)
    expect(failing.subscription.resolve()).toBe(1)
  })
})

describe('a bug', () => {
  let cache: ServedCache

  afterEach(async () => {
    await cache.stop()
  })

  it('is masked, and logged once with its stack', async () => {
    cache = servedCache({ things: {} })
    cache.engine.cluster = () => {
      throw new TypeError('secret detail')
    }
    const answer = await cache.graphql(`{ cluster { name } }`)
    expect(answer).toMatchObject({
      data: null,
      errors: [{ message: 'Unexpected error.', path: ['cluster'], extensions: { code: 'INTERNAL_SERVER_ERROR' } }],
    })
    expect(JSON.stringify(answer)).not.toContain('secret')
    const errors = cache.logged.filter(({ level }) => level === 'error')
    expect(errors).toHaveLength(1)
    expect(errors[0]?.fields).toMatchObject({
      error: { message: 'secret detail', stack: expect.stringContaining('errors.test.ts') },
      path: ['cluster'],
    })
  })
})
