import { describe, expect, it } from 'vitest'
import { didYouMean, suggestion } from '../../../src/config/suggestion.ts'

const known = ['port', 'host', 'keyspaces', 'memoryLimit', 'ttl']

describe('suggestion', () => {
  it.each([
    ['prot', 'port'],
    ['hosts', 'host'],
    ['keyspace', 'keyspaces'],
    ['memorylimit', 'memoryLimit'],
    ['memoryLimt', 'memoryLimit'],
    ['tll', 'ttl'],
    ['TTL', 'ttl'],
  ])('takes %s for %s', (received, expected) => {
    expect(suggestion(received, known)).toBe(expected)
  })

  it.each(['', 'x', 'cluster', 'toast', 'postal'])('takes %j for nothing', (received) => {
    expect(suggestion(received, known)).toBeUndefined()
  })

  it('prefers the nearest, not the first', () => {
    expect(suggestion('batchSizes', ['batchSixes1', 'batchSize'])).toBe('batchSize')
  })

  it('becomes a sentence to put behind a message, or nothing', () => {
    expect(didYouMean('prot', known)).toBe(' Did you mean "port"?')
    expect(didYouMean('cluster', known)).toBe('')
  })
})
