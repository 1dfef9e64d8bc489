import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { type ProxySettings, sentAsReader } from '../../../src/http/trusted-proxies.ts'

const listed: ProxySettings = { trusted: ['10.0.0.0/8', '2001:db8::/32', '192.168.0.1'], headers: 'x-forwarded' }
const standard: ProxySettings = { ...listed, headers: 'forwarded' }
const two: ProxySettings = { trusted: 2, headers: 'x-forwarded' }

function read(
  settings: ProxySettings | undefined,
  remoteAddress: string | undefined,
  headers: Readonly<Record<string, string>> = {},
  encrypted = false,
): readonly unknown[] {
  const socket = { remoteAddress, ...(encrypted ? { encrypted } : {}) }
  const request = { socket, headers: { host: 'inside:4000', ...headers } } as unknown as IncomingMessage
  const { address, scheme, host } = sentAsReader(settings)(request)
  return [address, scheme, host]
}

const forged = {
  'x-forwarded-for': '1.1.1.1',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'evil.example',
  forwarded: 'for=1.1.1.1;proto=https;host=evil.example',
}

describe('without trusted proxies', () => {
  it('nothing is believed', () => {
    expect(read(undefined, '10.0.0.1', forged)).toStrictEqual(['10.0.0.1', undefined, 'inside:4000'])
    expect(read(undefined, '::ffff:10.0.0.1', forged, true)).toStrictEqual(['10.0.0.1', 'https', 'inside:4000'])
    expect(read(undefined, undefined)).toStrictEqual([undefined, undefined, 'inside:4000'])
  })
})

describe('of who is no trusted proxy', () => {
  it.each([listed, standard])('nothing is believed: %j', (settings) => {
    expect(read(settings, '9.9.9.9', forged)).toStrictEqual(['9.9.9.9', undefined, 'inside:4000'])
    expect(read(settings, '2001:db9::1', forged, true)).toStrictEqual(['2001:db9::1', 'https', 'inside:4000'])
  })

  it.each([
    [listed, forged],
    [standard, { 'x-forwarded-for': '1.1.1.1', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.example' }],
    [listed, { forwarded: 'for=1.1.1.1;proto=https;host=evil.example' }],
  ])('headers of the other kind are not looked at: %j', (settings, headers) => {
    const told = read(settings, '10.0.0.1', headers)
    expect(told[0]).toBe(settings === listed && 'x-forwarded-for' in headers ? '1.1.1.1' : '10.0.0.1')
  })
})

describe('X-Forwarded-*', () => {
  it.each([
    ['one proxy', '10.0.0.1', { 'x-forwarded-for': '1.2.3.4', 'x-forwarded-proto': 'https' }, ['1.2.3.4', 'https']],
    ['a proxy that says nothing', '10.0.0.1', {}, ['10.0.0.1', undefined]],
    [
      'two proxies, each of which adds',
      '10.0.0.1',
      { 'x-forwarded-for': '1.2.3.4, 10.0.0.2', 'x-forwarded-proto': 'https, http' },
      ['1.2.3.4', 'https'],
    ],
    [
      'two proxies, the nearer of which overwrites',
      '10.0.0.1',
      { 'x-forwarded-for': '1.2.3.4, 10.0.0.2', 'x-forwarded-proto': 'https' },
      ['1.2.3.4', 'https'],
    ],
    [
      'a client that forges before a proxy adds',
      '10.0.0.1',
      { 'x-forwarded-for': '6.6.6.6, 1.2.3.4', 'x-forwarded-proto': 'https, http' },
      ['1.2.3.4', 'http'],
    ],
    [
      'a client that says it was a trusted proxy',
      '10.0.0.1',
      { 'x-forwarded-for': '6.6.6.6, 10.9.9.9, 1.2.3.4' },
      ['1.2.3.4', undefined],
    ],
    ['nobody but proxies', '10.0.0.1', { 'x-forwarded-for': '10.0.0.3, 10.0.0.2' }, ['10.0.0.3', undefined]],
    ['an address with a port', '10.0.0.1', { 'x-forwarded-for': '1.2.3.4:5678' }, ['1.2.3.4', undefined]],
    ['IPv6', '2001:db8::5', { 'x-forwarded-for': '2002::1' }, ['2002::1', undefined]],
    ['IPv6 with a port', '192.168.0.1', { 'x-forwarded-for': '[2002::1]:443' }, ['2002::1', undefined]],
    ['IPv4 as IPv6', '::ffff:10.0.0.1', { 'x-forwarded-for': '::ffff:1.2.3.4' }, ['1.2.3.4', undefined]],
    ['no address', '10.0.0.1', { 'x-forwarded-for': '1.2.3.4, unknown' }, [undefined, undefined]],
    ['a scheme that is none', '10.0.0.1', { 'x-forwarded-proto': 'javascript' }, ['10.0.0.1', undefined]],
    ['a scheme in capitals', '10.0.0.1', { 'x-forwarded-proto': 'HTTPS' }, ['10.0.0.1', 'https']],
  ])('of %s', (_what, remote, headers, expected) => {
    expect(read(listed, remote, headers).slice(0, 2)).toStrictEqual(expected)
  })

  it.each([
    ['cache.example', 'cache.example'],
    ['cache.example:8443', 'cache.example:8443'],
    ['[2002::1]:80', '[2002::1]:80'],
    ['evil.example, cache.example', 'cache.example'],
    ['a b', 'inside:4000'],
    ['user@cache.example', 'inside:4000'],
    ['cache.example/graphql', 'inside:4000'],
    ['', 'inside:4000'],
  ])('the name %s', (told, host) => {
    expect(read(listed, '10.0.0.1', { 'x-forwarded-host': told })[2]).toBe(host)
  })
})

describe('a number of proxies', () => {
  it.each([
    ['1.2.3.4, 9.9.9.9', '1.2.3.4'],
    ['6.6.6.6, 1.2.3.4, 9.9.9.9', '1.2.3.4'],
    ['6.6.6.6, 1.2.3.4, unknown', '1.2.3.4'],
    ['9.9.9.9', '9.9.9.9'],
    ['', undefined],
  ])('%s', (told, expected) => {
    expect(read(two, '8.8.8.8', { 'x-forwarded-for': told })[0]).toBe(expected)
  })

  it('tells the scheme that the outermost saw', () => {
    expect(read(two, '8.8.8.8', { 'x-forwarded-proto': 'http, https, http' })[1]).toBe('https')
    expect(read(two, '8.8.8.8')).toStrictEqual(['8.8.8.8', undefined, 'inside:4000'])
  })
})

describe('Forwarded', () => {
  it.each([
    ['for=1.2.3.4;proto=https;host=cache.example', ['1.2.3.4', 'https', 'cache.example']],
    ['For="[2002::1]:4711";Proto=HTTP;by=10.0.0.1', ['2002::1', 'http', 'inside:4000']],
    [
      'for=6.6.6.6;host=evil.example, for=1.2.3.4;host="cache.example:444"',
      ['1.2.3.4', undefined, 'cache.example:444'],
    ],
    ['for=1.2.3.4;proto=https, for=10.0.0.2;proto=http', ['1.2.3.4', 'https', 'inside:4000']],
    ['for=_hidden;proto=https', [undefined, 'https', 'inside:4000']],
    ['proto=https', [undefined, 'https', 'inside:4000']],
    ['for="1.2.\\3.4"', ['1.2.3.4', undefined, 'inside:4000']],
    // Were it not for the open quotation mark, the client would be 6.6.6.6.
    ['for="6.6.6.6, for=1.2.3.4', ['10.0.0.1', undefined, 'inside:4000']],
    ['for="a, for="[2002::1]";proto=https', ['10.0.0.1', undefined, 'inside:4000']],
    ['for="a\\", for="[2002::1]";proto=https', ['10.0.0.1', undefined, 'inside:4000']],
    ['', ['10.0.0.1', undefined, 'inside:4000']],
  ])('%s', (forwarded, expected) => {
    expect(read(standard, '10.0.0.1', { forwarded })).toStrictEqual(expected)
  })

  it('of any length is read at once', () => {
    const startedMs = performance.now()
    for (const forwarded of ['"'.repeat(15_999), 'for="'.repeat(3000), '\\"'.repeat(8000), ',;='.repeat(5000)]) {
      read(standard, '10.0.0.1', { forwarded })
    }
    expect(performance.now() - startedMs).toBeLessThan(1000)
  })
})
