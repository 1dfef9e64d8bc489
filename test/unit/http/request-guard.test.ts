import { describe, expect, it } from 'vitest'
import { hostGuard, isForeign } from '../../../src/http/request-guard.ts'

describe('hostGuard', () => {
  it.each(['localhost', 'localhost:4000', 'LOCALHOST:4000', '127.0.0.1:4000', '127.9.9.9', '[::1]:4000'])(
    'on a loopback address answers to %s',
    (host) => {
      expect(hostGuard('127.0.0.1', undefined)(host)).toBe(true)
      expect(hostGuard('::1', undefined)(host)).toBe(true)
    },
  )

  it.each([
    undefined,
    '',
    'evil.example',
    'evil.example:4000',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '[',
  ])('on a loopback address refuses %s', (host) => {
    expect(hostGuard('127.0.0.1', undefined)(host)).toBe(false)
    expect(hostGuard('localhost', undefined)(host)).toBe(false)
  })

  it('answers to the names it was given, beside those of the machine', () => {
    const isNamed = hostGuard('127.0.0.1', ['Cache.Example'])
    expect(['cache.example', 'CACHE.EXAMPLE:80', 'localhost:1'].map(isNamed)).toEqual([true, true, true])
    expect(isNamed('other.example')).toBe(false)
  })

  it('on another address answers to any name, unless it was given names', () => {
    expect(hostGuard('0.0.0.0', undefined)('anything.example')).toBe(true)
    expect(hostGuard('10.0.0.5', ['cache.example'])('anything.example')).toBe(false)
    expect(hostGuard('10.0.0.5', ['cache.example'])('10.0.0.5:4000')).toBe(true)
  })
})

describe('isForeign', () => {
  it.each([
    { origin: null, site: null },
    { origin: undefined, site: undefined },
    { origin: null, site: 'same-origin' },
    { origin: null, site: 'none' },
    { origin: 'http://localhost:4000', site: 'same-origin' },
    { origin: 'https://localhost:4000', site: null },
  ])('takes $origin with $site for its own', (sender) => {
    expect(isForeign({ ...sender, host: 'localhost:4000' })).toBe(false)
  })

  it.each([
    { origin: 'http://localhost:3000', site: 'same-site' },
    { origin: 'http://localhost:3000', site: null },
    { origin: 'http://127.0.0.1:4000', site: null },
    { origin: 'https://evil.example', site: 'cross-site' },
    { origin: 'null', site: 'cross-site' },
    { origin: 'null', site: null },
    { origin: '', site: null },
    { origin: null, site: 'cross-site' },
    { origin: null, site: 'same-site' },
  ])('takes $origin with $site for foreign', (sender) => {
    expect(isForeign({ ...sender, host: 'localhost:4000' })).toBe(true)
  })
})
