import { once } from 'node:events'
import { type Socket, connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { ServerLimits, ServerTimeouts } from '../../../src/http/server-limits.ts'
import type { Source } from '../../../src/ports/index.ts'
import { eventually } from '../../support/cluster-world.ts'
import { heapInUseBytes } from '../../support/heap.ts'
import { type ServedCache, servedCache } from '../../support/served-cache.ts'

let cache: ServedCache
let url = ''
let port = 0
const open: (Socket | WebSocket)[] = []

async function serve(
  timeouts: Partial<ServerTimeouts>,
  sources: Readonly<Record<string, Source>> = {},
  limits: Partial<ServerLimits> = {},
): Promise<void> {
  const sourced = Object.fromEntries(Object.entries(sources).map(([name, source]) => [name, { source }]))
  const things = { maxBytes: 256 * 2 ** 20, maxValueBytes: 64 * 2 ** 20 }
  cache = servedCache({ things, ...sourced }, { timeouts, limits })
  ;({ url, port } = await cache.server.listen())
}

afterEach(async () => {
  for (const one of open.splice(0))
    if ('terminate' in one) one.terminate()
    else one.destroy()
  await cache.stop()
})

async function dialled(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  open.push(socket)
  await once(socket, 'connect')
  return socket
}

/** All that a connection is answered until it is closed. */
async function answered(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
  socket.resume()
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
  return text
}

async function reading(name: string): Promise<number> {
  const response = await fetch(url.replace('/graphql', '/metrics'))
  return Number(new RegExp(`^fedcache_http_${name} (\\d+)$`, 'm').exec(await response.text())?.[1])
}

const becomes = (name: string, value: number) =>
  eventually(
    () => reading(name),
    (found) => found === value,
    `${name} did not become ${value}`,
  )

const slowLines = () => cache.logged.filter(({ message }) => message.includes('reads too slowly'))

describe('a client that is slow to ask', () => {
  const timeouts = { headersMs: 150, requestMs: 300 }

  test.each([
    ['says nothing', ''],
    ['stops within the first line', 'GET /graphql HT'],
    ['stops within the head', 'GET /graphql?query={__typename} HTTP/1.1\r\nHost: localhost\r\nX: '],
  ])('and %s is cut off', async (_what, text) => {
    await serve(timeouts)
    const socket = await dialled()
    socket.write(text)
    expect(await answered(socket)).toMatch(/^(HTTP\/1\.1 408 |$)/)
  })

  test.each([
    ['prepared', 'application/json'],
    ['general', 'application/json;charset=UTF-8'],
  ])('and sends its body byte by byte is cut off, and takes up nothing: %s', async (_lane, type) => {
    await serve(timeouts)
    const socket = await dialled()
    socket.write(`POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\nContent-Length: 1000\r\n\r\n`)
    const dribbling = setInterval(() => socket.write(' '), 20)
    await becomes('operations', 1)
    expect(await answered(socket)).toMatch(/^(HTTP\/1\.1 408 |$)/)
    clearInterval(dribbling)
    await becomes('operations', 0)
  })

  test('and does not come back is let go', async () => {
    await serve({ keepAliveMs: 100 })
    const socket = await dialled()
    socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n')
    expect(await answered(socket)).toContain('alive')
  })

  test('of a WebSocket and does not begin is closed', async () => {
    await serve(timeouts)
    const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws')
    open.push(socket)
    const [code] = (await once(socket, 'close')) as [number]
    expect(code).toBe(4408)
  })

  test('of a WebSocket and does not answer pings is cut off', async () => {
    await serve({ pingMs: 100 })
    const mute = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws', { autoPong: false })
    const there = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws')
    open.push(mute, there)
    for (const socket of open) socket.once('open', () => (socket as WebSocket).send('{"type":"connection_init"}'))
    const [code] = (await once(mute, 'close')) as [number]
    expect(code).toBe(1006)
    // Two more pings: the other one answers them.
    await once(there, 'ping')
    await once(there, 'ping')
    expect(there.readyState).toBe(there.OPEN)
  })
})

const megabyte = 2 ** 20
const large = 'GET /graphql?query={entry(keyspace:"things",key:"large"){value}} HTTP/1.1\r\nHost: localhost\r\n'

/** Puts a value of so many bytes under `large`. */
async function putLarge(bytes: number): Promise<void> {
  await cache.engine.put('things', { key: 'large', value: 'x'.repeat(bytes) })
}

/** Sends a request and reads nothing of the answer. */
async function deaf(head: string): Promise<Socket> {
  const socket = await dialled()
  socket.pause()
  socket.write(`${head}\r\n`)
  return socket
}

describe('a client that does not read its answer', () => {
  const timeouts = { slowClientMs: 300, minBytesPerSecond: 1e12 }

  test.each([
    ['prepared', ''],
    ['general', 'Apollo-Federation-Include-Trace: ftv1\r\n'],
  ])('is cut off, and the log says so: %s', async (_lane, header) => {
    await serve(timeouts)
    await putLarge(32 * megabyte)
    const socket = await deaf(large + header)
    await becomes('slow_clients_total', 1)
    await becomes('operations', 0)
    // What was on its way comes, and no more.
    const text = await answered(socket)
    expect(text).toMatch(/^HTTP\/1\.1 200 /)
    expect(text.length).toBeLessThan(32 * megabyte)
    const [line, ...others] = slowLines()
    expect(line).toMatchObject({ level: 'warn', fields: { clientAddress: '127.0.0.1' } })
    expect(line?.fields['waitingBytes']).toBeGreaterThan(16 * megabyte)
    expect(others).toStrictEqual([])
  })

  test('leaves no memory behind, and its like are logged at a bounded rate', async () => {
    await serve(timeouts)
    await putLarge(8 * megabyte)
    const residentBytes = () => {
      heapInUseBytes()
      return process.memoryUsage().rss
    }
    // They stay: a client that goes would take what waits for it along.
    const round = async (count: number) => {
      const before = await reading('slow_clients_total')
      for (let index = 0; index < count; index++) await deaf(large)
      await eventually(
        () => reading('slow_clients_total'),
        (found) => found >= before + count,
        `${count} more were not found slow`,
      )
    }
    await round(10)
    const before = residentBytes()
    for (let count = 0; count < 5; count++) await round(10)
    expect(residentBytes() - before).toBeLessThan(150 * megabyte)
    expect(slowLines()).toHaveLength(1)
  })

  test('but reads slowly has the time that its answer takes at the least pace', async () => {
    await serve({ slowClientMs: 100, minBytesPerSecond: megabyte })
    await putLarge(12 * megabyte)
    const socket = await deaf(`${large}Connection: close\r\n`)
    let bytes = 0
    const resting = setInterval(() => {
      bytes += (socket.read() as Buffer | null)?.length ?? 0
    }, 20)
    await once(socket, 'end')
    clearInterval(resting)
    expect(bytes).toBeGreaterThan(12 * megabyte)
    expect(await reading('slow_clients_total')).toBe(0)
  })

  test('is not one whose answer is slow to come, nor one whose stream is silent', async () => {
    let release = (): void => {}
    const gate = new Promise<void>((resolve) => (release = resolve))
    await serve(
      { ...timeouts, keepAliveMs: 100 },
      { late: { name: 'late', loadMany: () => gate.then(() => ['late']) } },
    )
    await putLarge(16 * megabyte)
    const late = fetch(`${url}?query={entry(keyspace:"late",key:"a"){value}}`)
    const stream = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: 'subscription { entryChanges(keyspace: "things") { key } }' }),
    })
    for (const count of [1, 2, 3]) {
      await deaf(large)
      await becomes('slow_clients_total', count)
    }
    release()
    expect(await (await late).json()).toStrictEqual({ data: { entry: { value: 'late' } } })
    await cache.engine.put('things', { key: 'a', value: 1 })
    const { value } = await stream.body!.getReader().read()
    expect(Buffer.from(value!).toString()).toMatch(/event: next|^:/)
    expect(await reading('slow_clients_total')).toBe(3)
  })
})

describe('a subscriber that does not read', () => {
  const query = 'subscription { entryChanges(keyspace: "things") { key version } }'

  /** Changes entries until the condition holds. */
  async function changeUntil(isEnough: () => Promise<boolean>): Promise<void> {
    for (let round = 0; !(await isEnough()); round++) {
      const keys = Array.from({ length: 1000 }, (_, index) => `${round % 3}-${index}-${'k'.repeat(900)}`)
      await cache.engine.deleteMany('things', keys)
    }
  }

  const isCutOff = async () => (await reading('slow_clients_total')) === 1

  test('of events over HTTP is cut off, and its subscription ends', async () => {
    await serve({ slowClientMs: 300, minBytesPerSecond: 1e12 })
    const body = JSON.stringify({ query })
    const socket = await deaf(
      `POST /graphql HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${body.length}\r\n\r\n${body}`,
    )
    await becomes('subscriptions', 1)
    await changeUntil(isCutOff)
    await becomes('subscriptions', 0)
    expect(slowLines()).toHaveLength(1)
    // What waited was bounded: by then far more had happened.
    expect(slowLines()[0]?.fields['waitingBytes']).toBeLessThan(megabyte)
    const text = await answered(socket)
    expect(text).toContain('event: next')
  })

  async function subscribed(): Promise<WebSocket> {
    const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws')
    open.push(socket)
    await once(socket, 'open')
    socket.send('{"type":"connection_init"}')
    await once(socket, 'message')
    socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query } }))
    await becomes('subscriptions', 1)
    socket.pause()
    return socket
  }

  test('over a WebSocket is closed with a reason, and its subscription ends', async () => {
    await serve({ slowClientMs: 1000, minBytesPerSecond: 1e12 })
    const socket = await subscribed()
    await changeUntil(isCutOff)
    const closed = once(socket, 'close')
    socket.resume()
    const [code, reason] = (await closed) as [number, Buffer]
    expect([code, reason.toString()]).toStrictEqual([1013, expect.stringMatching(/^Reads too slowly: \d+ bytes/)])
    expect(slowLines()[0]?.fields['waitingBytes']).toBeLessThan(megabyte)
    await becomes('subscriptions', 0)
  })

  test('over a WebSocket, and does not read on either, is cut off', async () => {
    await serve({ slowClientMs: 200, minBytesPerSecond: 1e12 })
    await subscribed()
    await changeUntil(isCutOff)
    await becomes('websockets', 0)
    await becomes('subscriptions', 0)
  })
})

test('a WebSocket for which too much waits is closed with a reason', async () => {
  await serve({}, {}, { maxWaitingBytes: 4 * megabyte })
  await putLarge(8 * megabyte)
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws')
  open.push(socket)
  await once(socket, 'open')
  socket.send('{"type":"connection_init"}')
  await once(socket, 'message')
  socket.pause()
  const payload = { query: '{ entry(keyspace: "things", key: "large") { value } }' }
  for (let id = 0; id < 10; id++) socket.send(JSON.stringify({ type: 'subscribe', id: `${id}`, payload }))
  await eventually(
    () => slowLines().length,
    (count) => count === 1,
    'it was not closed',
  )
  const closed = once(socket, 'close')
  socket.resume()
  const [code, reason] = (await closed) as [number, Buffer]
  expect([code, reason.toString()]).toStrictEqual([1013, expect.stringMatching(/^Reads too slowly: \d+ bytes/)])
  // One answer more than may wait, and not ten.
  expect(slowLines()[0]?.fields['waitingBytes']).toBeLessThan(20 * megabyte)
})
