import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import { natsBus } from '../../src/adapters/bus/nats.ts'
import type { NatsBusOptions } from '../../src/adapters/bus/nats-bus-options.ts'
import type { Bus, BusError, BusStatus } from '../../src/ports/index.ts'
import { bytes, collect, nextStatus, recordingLogger, textOf } from '../support/bus-worlds.ts'
import { type FaultProxy, faultProxy } from '../support/fault-proxy.ts'
import { knowsServers, type NatsServer, natsServer, natsServerCluster } from '../support/nats-server.ts'

const longMs = 60_000
const ends: (() => Promise<unknown>)[] = []

afterEach(async () => {
  // In reverse: buses before the servers that they hang on.
  for (const end of ends.splice(0).toReversed()) await end()
})

function bus(servers: NatsBusOptions['servers'], options: Partial<NatsBusOptions> = {}): Bus {
  const made = natsBus({
    servers,
    name: 'test',
    inboxPrefix: 'inbox.test',
    logger: recordingLogger(),
    reconnectWaitMs: 10,
    closeTimeoutMs: 500,
    ...options,
  })
  ends.push(() => made.close())
  // It connects when it is used.
  made.onStatus(() => {})
  return made
}

async function server(options: Parameters<typeof natsServer>[0] = {}): Promise<NatsServer> {
  const started = await natsServer(options)
  ends.push(() => started.dispose())
  return started
}

async function proxyOf({ port }: NatsServer): Promise<FaultProxy> {
  const proxy = await faultProxy(port)
  ends.push(() => proxy.close())
  return proxy
}

const through = ({ port }: FaultProxy) => [`nats://127.0.0.1:${port}`]

function statusesOf(of: Bus): BusStatus['type'][] {
  const types: BusStatus['type'][] = []
  of.onStatus(({ type }) => types.push(type))
  return types
}

describe('a NATS server', () => {
  test('may come after the bus, and come back on the same port', async () => {
    const nats = await server()
    await nats.kill()
    const logger = recordingLogger()
    const a = bus([nats.url], { logger })
    const received = collect(a, 'x')
    const statuses = statusesOf(a)
    await nats.start()
    await a.ready()
    const disconnected = nextStatus(a, 'disconnected')
    await nats.stop()
    await disconnected
    expect(() => a.publish('x', bytes('lost'))).toThrow(expect.objectContaining({ kind: 'DISCONNECTED' }))
    await nats.start()
    await a.ready()
    a.publish('x', bytes('found'))
    await received.until(1)
    expect(received.texts).toEqual(['found'])
    expect(statuses).toEqual(['connected', 'disconnected', 'reconnected'])
    expect(a.server).toEqual({
      address: `127.0.0.1:${nats.port}`,
      name: expect.any(String),
      version: expect.any(String),
    })
    // One line for each outage, not one for each attempt.
    expect(logger.lines.filter(({ message }) => message.startsWith('no NATS server')).length).toBeLessThanOrEqual(2)
  })

  test('that stops answering is given up, and what is in flight with it', async () => {
    const nats = await server()
    const a = bus([nats.url], { pingIntervalMs: 50 })
    collect(a, 'x')
    await a.ready()
    const request = a.request('x', bytes(''), { timeoutMs: longMs }).catch((error: unknown) => error)
    nats.pause()
    expect(await nextStatus(a, 'disconnected')).toEqual({
      type: 'disconnected',
      reason: 'the server does not answer any more',
    })
    expect(await request).toMatchObject({ kind: 'DISCONNECTED' })
    nats.resume()
    await a.ready()
  })

  test('can move to where discovery finds it', async () => {
    const [old, young] = [await server(), await server()]
    let servers: readonly string[] = []
    let asked = 0
    const logger = recordingLogger()
    const a = bus(
      async () => {
        asked++
        if (asked === 2) throw new Error('discovery failed')
        if (asked === 3) return ['http://nonsense']
        return servers
      },
      { logger, reconnectWaitMs: 1 },
    )
    while (asked < 4) await new Promise((resolve) => setImmediate(resolve))
    servers = [old.url]
    await a.ready()
    const disconnected = nextStatus(a, 'disconnected')
    servers = [young.url]
    await old.kill()
    await disconnected
    await a.ready()
    expect(a.server?.address).toBe(`127.0.0.1:${young.port}`)
    expect(logger.lines.filter(({ message }) => message.startsWith('discovery'))).toHaveLength(2)
  })

  test('that is in the list must be one', () => {
    const options = { name: 'x', inboxPrefix: 'inbox.x', logger: recordingLogger() }
    expect(() => natsBus({ ...options, servers: [] })).toThrow(RangeError)
    expect(() => natsBus({ ...options, servers: ['http://user:secret@host'] })).toThrow(/^((?!secret).)*$/)
    expect(() => natsBus({ ...options, servers: ['nats://host'], inboxPrefix: 'a.*' })).toThrow(RangeError)
  })
})

describe('a network', () => {
  test('that is a black hole is noticed by pings, however much waits to be sent', async () => {
    const proxy = await proxyOf(await server())
    const a = bus(through(proxy), { pingIntervalMs: 50, connectTimeoutMs: 100 })
    await a.ready()
    const disconnected = nextStatus(a, 'disconnected')
    proxy.blackhole()
    // More than the buffers of the kernel take: what is behind it is never written.
    for (let index = 0; index < 64; index++) a.publish('x', new Uint8Array(a.maxPayload))
    await disconnected
    proxy.heal()
    await a.ready()
  })

  test('that takes connections and says nothing costs no more than one at a time', async () => {
    const proxy = await proxyOf(await server())
    proxy.blackhole()
    const a = bus(through(proxy), { connectTimeoutMs: 20, reconnectWaitMs: 1 })
    let most = 0
    while (proxy.accepted < 10) {
      most = Math.max(most, proxy.connections)
      await new Promise((resolve) => setImmediate(resolve))
    }
    // The proxy learns a moment late that a connection is over.
    expect(most).toBeLessThanOrEqual(2)
    await a.close()
    while (proxy.connections > 0) await new Promise((resolve) => setImmediate(resolve))
  })

  test('that is slow delays, and loses nothing', async () => {
    const nats = await server()
    const proxy = await proxyOf(nats)
    const a = bus(through(proxy))
    const b = bus([nats.url])
    const received = collect(a, 'x')
    await a.ready()
    await b.ready()
    await a.flush()
    proxy.delay(50)
    const startMs = performance.now()
    const inTime = a.request('y', bytes(''), { timeoutMs: 20 })
    await expect(inTime).rejects.toMatchObject({ kind: 'TIMEOUT' })
    for (let index = 0; index < 100; index++) b.publish('x', bytes(String(index)))
    await received.until(100)
    expect(performance.now() - startMs).toBeGreaterThan(45)
    expect(received.texts).toEqual(Array.from({ length: 100 }, (_, index) => String(index)))
  })

  test('that breaks while a flush is under way ends that too', async () => {
    const proxy = await proxyOf(await server())
    const a = bus(through(proxy))
    await a.ready()
    proxy.blackhole()
    const flushed = a.flush().catch((error: unknown) => error)
    proxy.cut()
    expect(await flushed).toMatchObject({ kind: 'DISCONNECTED' })
  })

  test('may break while the bus closes', async () => {
    const proxy = await proxyOf(await server())
    const a = bus(through(proxy), { closeTimeoutMs: 100 })
    a.subscribe('x', () => new Promise(() => {}))
    await a.ready()
    a.publish('x', bytes(''))
    await a.flush()
    proxy.blackhole()
    await a.close()
    expect(a.connected).toBe(false)
  })

  test('that breaks for good while the bus closes is not waited for', async () => {
    const proxy = await proxyOf(await server())
    const a = bus(through(proxy), { closeTimeoutMs: longMs })
    collect(a, 'x')
    await a.ready()
    proxy.blackhole()
    const closing = a.close()
    proxy.cut()
    await closing
  })
})

describe('a slow consumer', () => {
  test('is cut off by the server, and takes up again', async () => {
    const nats = await server({ config: 'write_deadline: "100ms"\nmax_pending: 1048576' })
    const proxy = await proxyOf(nats)
    const slow = bus(through(proxy))
    const fast = bus([nats.url])
    const received = collect(slow, 'x')
    await Promise.all([slow.ready(), fast.ready()])
    await slow.flush()
    const lost = nextStatus(slow, 'disconnected')
    const cutOff = nats.logged(/Slow Consumer Detected/)
    proxy.blackhole()
    const chunk = new Uint8Array(256 * 1024)
    let detected = false
    void cutOff.then(() => (detected = true))
    while (!detected) {
      fast.publish('x', chunk)
      await fast.flush()
    }
    proxy.heal()
    await lost
    await slow.ready()
    await slow.flush()
    const before = received.messages.length
    fast.publish('x', bytes('after'))
    await received.until(before + 1)
    expect(received.texts.at(-1)).toBe('after')
  })
})

describe('a cluster of NATS servers', () => {
  async function cluster(): Promise<NatsServer[]> {
    const servers = await natsServerCluster(3)
    ends.push(() => Promise.all(servers.map((each) => each.dispose())))
    return servers
  }

  /** Asks until somebody answers; on other servers a new subscription is not known at once. */
  async function answered(from: Bus, subject: string): Promise<{ reply: string; kinds: Set<string> }> {
    const kinds = new Set<string>()
    for (;;) {
      try {
        return { reply: textOf(await from.request(subject, bytes(''), { timeoutMs: 500 })), kinds }
      } catch (error) {
        kinds.add((error as BusError).kind)
      }
    }
  }

  test('carries requests between its servers, and says 503 at worst until it knows a subscription', async () => {
    const servers = await cluster()
    const buses = servers.map(({ url }) => bus([url]))
    await Promise.all(buses.map((each) => each.ready()))
    for (const [index, each] of buses.entries()) {
      each.subscribe(`at.${index}`, ({ respond }) => respond?.(bytes(String(index))))
    }
    await Promise.all(buses.map((each) => each.flush()))
    for (const from of buses) {
      for (const index of buses.keys()) {
        const { reply, kinds } = await answered(from, `at.${index}`)
        expect(reply).toBe(String(index))
        expect([...kinds].filter((kind) => kind !== 'NO_RESPONDERS')).toEqual([])
      }
    }
  })

  test('loses a server, and its clients go on at another that they were never told of', async () => {
    const servers = await cluster()
    const first = servers[0] as NatsServer
    const a = bus([first.url])
    const b = bus([(servers[1] as NatsServer).url])
    a.subscribe('x', ({ respond }) => respond?.(bytes('a')))
    await Promise.all([a.ready(), b.ready()])
    await answered(b, 'x')
    const disconnected = nextStatus(a, 'disconnected')
    await first.kill()
    await disconnected
    await a.ready()
    expect(a.server?.name).toMatch(/^server-[12]$/)
    const { reply, kinds } = await answered(b, 'x')
    expect(reply).toBe('a')
    expect([...kinds].filter((kind) => kind !== 'NO_RESPONDERS' && kind !== 'TIMEOUT')).toEqual([])

    // And back, when the others go.
    await first.start()
    await knowsServers(first, 3)
    await Promise.all(servers.slice(1).map((each) => each.kill()))
    await a.ready()
    while (a.server?.name !== 'server-0') await nextStatus(a, 'reconnected')
  })
})

describe('being somebody', () => {
  const config = `
    authorization {
      users = [
        { user: "a", password: "s3cret", permissions: { publish: ["x", "inbox.>"], subscribe: ["x", "inbox.a.>"] } }
        { user: "b", password: "s3cret" }
      ]
    }`

  test('is proved by what is in the address, or beside it', async () => {
    const nats = await server({ config })
    const host = `127.0.0.1:${nats.port}`
    await bus([`nats://b:s3cret@${host}`]).ready()
    await bus([host], { auth: { user: 'b', password: 's3cret' } }).ready()
    const logger = recordingLogger()
    const wrong = bus([`nats://b:guessed@${host}`], { logger })
    const refused = nats.logged(/authentication error/)
    await refused
    await refused
    expect(wrong.connected).toBe(false)
    await wrong.close()
    expect(JSON.stringify(logger.lines)).not.toContain('guessed')
  })

  test('is proved by a token', async () => {
    const nats = await server({ config: 'authorization { token: "t0ken" }' })
    await bus([`nats://t0ken@127.0.0.1:${nats.port}`]).ready()
    await bus([nats.url], { auth: { token: 't0ken' } }).ready()
  })

  test('goes on when it was refused at first', async () => {
    const nats = await server({ config: 'authorization { token: "old" }' })
    const a = bus([nats.url], { auth: { token: 'new' } })
    await nats.logged(/authentication error/)
    await nats.logged(/authentication error/)
    await nats.kill()
    const other = await server({ port: nats.port, config: 'authorization { token: "new" }' })
    await a.ready()
    expect(other.running).toBe(true)
  })

  test('without permission is logged, and harms nothing else', async () => {
    const nats = await server({ config })
    const logger = recordingLogger()
    const a = bus([`nats://a:s3cret@127.0.0.1:${nats.port}`], { logger, inboxPrefix: 'inbox.a' })
    const received = collect(a, 'x')
    collect(a, 'forbidden')
    await a.ready()
    a.publish('forbidden', bytes(''))
    await a.flush()
    a.publish('x', bytes('allowed'))
    await received.until(1)
    await expect(a.request('x', bytes(''), { timeoutMs: 10 })).rejects.toMatchObject({ kind: 'TIMEOUT' })
    expect(a.connected).toBe(true)
    const complaints = logger.lines.map(({ level, message }) => `${level}: ${message}`)
    expect(complaints).toContain('error: NATS ended a subscription')
    expect(complaints).toContain('warn: NATS reports an error')
  })
})

describe('TLS', () => {
  /** A certificate for 127.0.0.1, signed by itself. */
  async function certificate(): Promise<{ cert: string; key: string }> {
    const directory = await mkdtemp(join(tmpdir(), 'fedcache-tls-'))
    ends.push(() => rm(directory, { recursive: true }))
    const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')]
    const what = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
    const whose = ['-subj', '/CN=fedcache test', '-addext', 'subjectAltName=IP:127.0.0.1']
    await promisify(execFile)('openssl', ['req', ...what, ...whose, '-keyout', key, '-out', cert])
    return { cert, key }
  }

  test('is insisted on by a tls:// address, and by the option', async () => {
    const nats = await server({ config: 'authorization { token: "t0ken" }' })
    const proxy = await proxyOf(nats)
    const host = `127.0.0.1:${proxy.port}`
    const buses = [bus([`tls://t0ken@${host}`]), bus([`nats://t0ken@${host}`], { tls: {} })]
    while (proxy.accepted < 10) await new Promise((resolve) => setImmediate(resolve))
    for (const each of buses) expect(each.connected).toBe(false)
  })

  test('checks the certificate for the address that was dialled', async () => {
    const { cert, key } = await certificate()
    const nats = await server({ config: `tls { cert_file: "${cert}", key_file: "${key}" }` })
    await bus([`tls://127.0.0.1:${nats.port}`], { tls: { caFile: cert } }).ready()
    const logger = recordingLogger()
    const strange = bus([`tls://127.0.0.1:${nats.port}`], { logger })
    const elsewhere = bus([`tls://localhost:${nats.port}`], { logger, tls: { caFile: cert } })
    while (logger.lines.length < 2) await new Promise((resolve) => setImmediate(resolve))
    for (const each of [strange, elsewhere]) expect(each.connected).toBe(false)
    const codes = logger.lines.map(({ fields }) => (fields['error'] as { code?: string }).code)
    expect(new Set(codes)).toEqual(new Set(['DEPTH_ZERO_SELF_SIGNED_CERT', 'ERR_TLS_CERT_ALTNAME_INVALID']))
  })
})

describe('the NATS service', () => {
  test('is listed while the bus is there, again after a reconnection, and not when withdrawn', async () => {
    const nats = await server()
    const proxy = await proxyOf(nats)
    const a = bus(through(proxy))
    const asking = bus([nats.url])
    const service = { name: 'fedcache-test', version: '1.2.3', description: 'a test', metadata: { peer: 'a' } }
    const withdraw = a.advertise?.(service)
    await Promise.all([a.ready(), asking.ready()])
    await a.flush()
    const ping = async () => {
      const reply = await asking.request('$SRV.PING.fedcache-test', bytes(''), { timeoutMs: longMs })
      return JSON.parse(textOf(reply)) as unknown
    }
    const listed = { name: 'fedcache-test', version: '1.2.3', metadata: { peer: 'a' } }
    expect(await ping()).toMatchObject(listed)
    const disconnected = nextStatus(a, 'disconnected')
    proxy.cut()
    await disconnected
    proxy.heal()
    await a.ready()
    await a.flush()
    expect(await ping()).toMatchObject(listed)
    withdraw?.()
    let error: unknown
    while (error === undefined)
      error = await ping().then(
        () => undefined,
        (failure: unknown) => failure,
      )
    expect(error).toMatchObject({ kind: 'NO_RESPONDERS' })
  })

  test('that is malformed is logged, and harms nothing else', async () => {
    const nats = await server()
    const logger = recordingLogger()
    const a = bus([nats.url], { logger })
    await a.ready()
    a.advertise?.({ name: 'not a name', version: 'one', description: '', metadata: {} })
    await a.flush()
    expect(logger.lines).toMatchObject([{ level: 'error', message: 'the NATS service cannot be registered' }])
  })
})
