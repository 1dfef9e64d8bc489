import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { dnsDiscovery } from '../../src/index.ts'
import { discoveryContract, type DiscoveryFixture } from '../../src/testing.ts'
import { type DnsServer, type DnsRecords, dnsServer } from '../support/dns-server.ts'

const refreshMs = 5

function fixture(
  before: Record<string, DnsRecords>,
  servers: string[],
  after: Record<string, DnsRecords>,
  then: string[],
) {
  return async (): Promise<DiscoveryFixture> => {
    const dns = await dnsServer(before)
    return {
      discovery: dnsDiscovery({ name: 'nats.test', resolvers: [dns.address], refreshMs, port: 4333 }),
      servers,
      change: async () => {
        dns.records = after
        return then
      },
      dispose: async () => dns.close(),
    }
  }
}

const service = '_nats._tcp.nats.test'

describe.each([
  [
    'SRV records',
    fixture(
      {
        [service]: {
          srv: [
            { target: 'a.test', port: 4222 },
            { target: 'b.test', port: 4223 },
          ],
        },
        'a.test': { a: ['10.0.0.1'] },
        'b.test': { a: ['10.0.0.2'] },
      },
      ['nats://10.0.0.1:4222', 'nats://10.0.0.2:4223'],
      { [service]: { srv: [{ target: 'c.test', port: 4224 }] }, 'c.test': { aaaa: ['2001:db8:0:0:0:0:0:1'] } },
      ['nats://[2001:db8::1]:4224'],
    ),
  ],
  [
    'A and AAAA records',
    fixture(
      { 'nats.test': { a: ['10.0.0.1', '10.0.0.2'], aaaa: ['2001:db8:0:0:0:0:0:1'] } },
      ['nats://10.0.0.1:4333', 'nats://10.0.0.2:4333', 'nats://[2001:db8::1]:4333'],
      { 'nats.test': { a: ['10.0.0.3'] } },
      ['nats://10.0.0.3:4333'],
    ),
  ],
  ['nothing at first', fixture({}, [], { 'nats.test': { a: ['10.0.0.1'] } }, ['nats://10.0.0.1:4333'])],
])('dnsDiscovery with %s', (_records, make) => {
  for (const { name, run } of discoveryContract(make)) test(name, run)
})

describe('dnsDiscovery', () => {
  let dns: DnsServer
  beforeEach(async () => {
    dns = await dnsServer({ 'nats.test': { a: ['10.0.0.1'] } })
  })
  afterEach(() => dns.close())

  const discovery = (options: object = {}) =>
    dnsDiscovery({ name: 'nats.test', resolvers: [dns.address], refreshMs, timeoutMs: 100, ...options })

  test('asks for addresses only where there are no SRV records', async () => {
    dns.records = { ...dns.records, [service]: { srv: [{ target: 'a.test', port: 1 }] }, 'a.test': { a: ['10.0.0.9'] } }
    expect(await discovery().resolve()).toStrictEqual(['nats://10.0.0.9:1'])
    expect(dns.asked).not.toContain('A nats.test')
  })

  test('asks for SRV records at the name itself where it says so', async () => {
    dns.records = { '_client._tcp.x.test': { srv: [{ target: 'a.test', port: 1 }] }, 'a.test': { a: ['10.0.0.9'] } }
    expect(await discovery({ name: '_client._tcp.x.test', scheme: 'tls' }).resolve()).toStrictEqual([
      'tls://10.0.0.9:1',
    ])
    expect(await discovery({ name: '_other._tcp.x.test' }).resolve()).toStrictEqual([])
  })

  test('takes a lone dot for no service, and a target that is gone for no server', async () => {
    dns.records = {
      ...dns.records,
      [service]: {
        srv: [
          { target: '.', port: 0 },
          { target: 'gone.test', port: 1 },
        ],
      },
    }
    expect(await discovery().resolve()).toStrictEqual(['nats://10.0.0.1:4222'])
  })

  test.each(['fail', 'silent'] as const)(
    'does not take a DNS server that is %s for one that knows nothing',
    async (mode) => {
      dns.mode = mode
      await expect(discovery().resolve()).rejects.toThrow(/query/)
    },
  )

  test('keeps what it knows while the DNS server fails, tells why, and goes on when it is back', async () => {
    const found = discovery()
    const changes: (readonly string[])[] = []
    const failed = Promise.withResolvers<unknown>()
    const changed = Promise.withResolvers<void>()
    await found.watch?.((servers) => {
      changes.push(servers)
      changed.resolve()
    }, failed.resolve)
    dns.mode = 'fail'
    expect(await failed.promise).toBeInstanceOf(Error)
    expect(changes).toStrictEqual([])
    dns.records = { 'nats.test': { a: ['10.0.0.7'] } }
    dns.mode = 'answer'
    await changed.promise
    expect(changes).toStrictEqual([['nats://10.0.0.7:4222']])
    await found.close()
  })

  test('looks names up as the machine does where no DNS server is given', async () => {
    const found = await dnsDiscovery({ name: 'localhost', port: 4000 }).resolve()
    expect(found.every((server) => /^nats:\/\/(127\.0\.0\.1|\[::1\]):4000$/.test(server))).toBe(true)
    expect(found).not.toHaveLength(0)
  })

  test.each([
    [{ name: '' }, 'name'],
    [{ name: 'a b' }, 'name'],
    [{ name: 'a', port: 0 }, 'port'],
    [{ name: 'a', scheme: 'http' }, 'scheme'],
    [{ name: 'a', resolvers: ['x'] }, 'resolvers'],
    [{ name: 'a', refreshMs: 0 }, 'refreshMs'],
  ])('refuses %j', (options, option) => {
    expect(() => dnsDiscovery(options as never)).toThrow(`dnsDiscovery.${option}`)
  })
})

test.each([undefined, null, 'nats.internal'])('options that are %j are refused', (options) => {
  expect(() => dnsDiscovery(options as never)).toThrow('dnsDiscovery: needs an object with its options')
})
