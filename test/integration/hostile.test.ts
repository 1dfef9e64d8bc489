import { once } from 'node:events'
import { type Socket, connect as connectSocket } from 'node:net'
import { setTimeout as passed } from 'node:timers/promises'
import { connect as connectNats, type NatsConnection } from 'nats'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { createFedcache, type Fedcache, type LogFields } from '../../src/index.ts'
import { subjects } from '../../src/cluster/subjects.ts'
import { eventually } from '../support/cluster-world.ts'
import { heapInUseBytes } from '../support/heap.ts'
import {
  forgedHeaders,
  type HostileInput,
  manifoldOverHttp,
  overBus,
  overHttp,
  overPost,
  overWebSocket,
  overWebSocketFrames,
  slowlyOverHttp,
} from '../support/hostile-inputs.ts'
import { type NatsServer, natsServer } from '../support/nats-server.ts'

let fedcache: Fedcache
let guarded: Fedcache
let nats: NatsServer
let stranger: NatsConnection
let url = ''
let guardedUrl = ''
let port = 0
const bugs: string[] = []
const warned: string[] = []
const unhandled = (error: unknown) => void bugs.push(`unhandled: ${String(error)}`)

beforeAll(async () => {
  process.on('unhandledRejection', unhandled)
  process.on('uncaughtException', unhandled)
  vi.spyOn(console, 'error').mockImplementation((...line) => void bugs.push(`on standard error: ${line.join(' ')}`))
  nats = await natsServer()
  const nothing = () => {}
  const error = (fields: LogFields, message: string) => void bugs.push(`${message} ${JSON.stringify(fields)}`)
  const warn = (_fields: LogFields, message: string) => void warned.push(message)
  const logger = { debug: nothing, info: nothing, warn, error, child: () => logger }
  fedcache = createFedcache({
    port: 0,
    memoryLimit: '32mb',
    log: { logger },
    cluster: { peerId: 'victim', nats: nats.url },
    keyspaces: { things: {} },
    http: { timeouts: { headers: '1s', request: '2s', keepAlive: '500ms', slowClient: '1s' } },
  })
  ;({ url } = await fedcache.listen())
  port = Number(new URL(url).port)
  guarded = createFedcache({
    port: 0,
    memoryLimit: '16mb',
    log: { logger },
    keyspaces: { things: {} },
    auth: {
      tokens: [{ token: 'sesame', scopes: ['*'] }],
      jwt: { jwksUrl: `${url.replace('/graphql', '/jwks')}`, issuer: 'https://issuer.example', audience: 'fedcache' },
    },
  })
  guardedUrl = (await guarded.listen()).url
  stranger = await connectNats({ servers: nats.url })
})

afterAll(async () => {
  await stranger.close()
  await guarded.stop()
  await fedcache.stop()
  await nats.dispose()
  process.off('unhandledRejection', unhandled)
  process.off('uncaughtException', unhandled)
})

const json = { 'content-type': 'application/json' }

/** What everything is to leave as it was: it lives, answers, has logged no bug, and written nothing elsewhere. */
async function expectWell(): Promise<void> {
  const key = `well-${performance.now()}`
  await fedcache.engine.put('things', { key, value: 1 })
  const query = `{ entry(keyspace: "things", key: "${key}") { value } }`
  const response = await fetch(url, { method: 'POST', headers: json, body: JSON.stringify({ query }) })
  expect(await response.json()).toEqual({ data: { entry: { value: 1 } } })
  expect(bugs).toStrictEqual([])
  expect(Object.prototype).not.toHaveProperty('polluted')
}

/** A connection of which no error matters. */
async function dialled(): Promise<Socket> {
  const socket = connectSocket(port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.resume()
  return socket
}

/** Not `once`: a connection that is reset is closed as well. */
async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.on('close', resolve))
}

async function sendOverHttp({ input }: HostileInput): Promise<void> {
  const socket = await dialled()
  socket.write(input)
  // Whoever has said all they will: the server has to let go of them.
  socket.end()
  await closed(socket)
}

async function sendPost({ input }: HostileInput): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(url, { method: 'POST', headers: json, body: input.toString() })
  return { status: response.status, text: await response.text() }
}

async function sendOverWebSocket({ input }: HostileInput): Promise<void> {
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws')
  socket.on('error', () => {})
  await once(socket, 'open')
  for (const message of input.toString().split('\n')) if (socket.readyState === socket.OPEN) socket.send(message)
  // Behind everything else: when it is answered, or the socket closed, all was read.
  const answered = Promise.race([once(socket, 'pong'), once(socket, 'close')])
  if (socket.readyState === socket.OPEN) socket.ping()
  await answered
  socket.terminate()
}

async function sendFrames({ input }: HostileInput): Promise<void> {
  const socket = await dialled()
  const upgraded = once(socket, 'data')
  socket.write(
    'GET /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n',
  )
  expect(String((await upgraded)[0])).toMatch(/^HTTP\/1\.1 101 /)
  socket.write(input)
  socket.end()
  await closed(socket)
}

const victim = subjects('fedcache', 'victim')
const others = subjects('fedcache', 'stranger')
const places = [
  others.broadcast('member'),
  others.broadcast('inv'),
  others.broadcast('keyspace'),
  others.request('rpc', 'victim'),
  others.request('ctl', 'victim'),
  // Under names that no peer can have.
  `${others.prefix}bcast.member.a$b`,
  `${others.prefix}node.victim.rpc.${'n'.repeat(100)}`,
]
// In its own name: what can be read there is what a second process with its name would say.
const own = [victim.broadcast('member'), victim.broadcast('inv')]

async function sendOverBus({ name, input }: HostileInput): Promise<void> {
  const data = Buffer.from(input)
  const there = name.startsWith('well-formed') ? places : [...places, ...own]
  for (const place of there) stranger.publish(place, data, { reply: 'nobody' })
  for (const place of there) stranger.publish(place, data)
  await stranger.flush()
}

const cases = <Input extends HostileInput>(inputs: readonly Input[]) =>
  inputs.map((input) => [input.name, input] as const)

test('there are at least 200 of them, each under a name of its own', () => {
  const lists = [
    overHttp,
    overPost,
    overWebSocket,
    overWebSocketFrames,
    overBus,
    slowlyOverHttp,
    manifoldOverHttp,
    forgedHeaders.map(([name]) => ({ name })),
  ]
  for (const inputs of lists) expect(new Set(inputs.map(({ name }) => name)).size).toBe(inputs.length)
  expect(lists.flat().length).toBeGreaterThanOrEqual(200)
})

describe('HTTP', () => {
  test.each(cases(overHttp))('%s', async (_name, input) => {
    await sendOverHttp(input)
    await expectWell()
  })
})

describe('HTTP, slowly', () => {
  test.concurrent.each(cases(slowlyOverHttp))('%s', async (_name, { input, pieceBytes, pauseMs }) => {
    const socket = await dialled()
    const bytes = Buffer.from(input)
    const gone = closed(socket)
    for (let at = 0; !socket.closed; at += pieceBytes) {
      if (at < bytes.length && socket.writable) socket.write(bytes.subarray(at, at + pieceBytes))
      await Promise.race([gone, passed(pauseMs)])
    }
  })

  test('leaves it well', () => expectWell())
})

describe('HTTP, many', () => {
  test.each(cases(manifoldOverHttp))('%s', async (_name, { input, connections }) => {
    const sockets = await Promise.all(Array.from({ length: connections }, () => dialled()))
    for (const socket of sockets) socket.write(input)
    await Promise.all(sockets.map((socket) => closed(socket)))
    await expectWell()
  })
})

describe('POST', () => {
  test.each(cases(overPost))('%s', async (_name, input) => {
    const { status, text } = await sendPost(input)
    expect(status).toBeLessThan(500)
    expect(text).not.toMatch(/INTERNAL_SERVER_ERROR|node_modules|at \w+ \(/)
    // What is quoted is cut off.
    expect(text.length).toBeLessThan(2_000_000)
    await expectWell()
  })
})

describe('WebSocket', () => {
  test.each(cases(overWebSocket))('%s', async (_name, input) => {
    await sendOverWebSocket(input)
    await expectWell()
  })
})

describe('WebSocket, frames', () => {
  test.each(cases(overWebSocketFrames))('%s', async (_name, input) => {
    await sendFrames(input)
    await expectWell()
  })
})

describe('forged', () => {
  const query = JSON.stringify({ query: '{ keyspaces { name } }' })
  const post = 'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n'

  test.each(forgedHeaders)('%s', async (_name, headers) => {
    const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
    const socket = connectSocket(Number(new URL(guardedUrl).port), '127.0.0.1')
    let answer = ''
    socket.on('error', () => {})
    socket.on('data', (chunk) => (answer += String(chunk)))
    socket.write(`${post}${lines}Content-Length: ${query.length}\r\n\r\n${query}`)
    await closed(socket)
    // 503: its keys cannot be had, so that nobody is let in who needs them.
    expect(answer).toMatch(/^HTTP\/1\.1 (401|503|431|400) /)
    expect(answer).not.toMatch(/things|node_modules/)
    expect(bugs.splice(0).filter((bug) => !bug.startsWith('keys of tokens cannot be had'))).toStrictEqual([])
  })

  test('while the right one is let in', async () => {
    const headers = { ...json, authorization: 'Bearer sesame' }
    const response = await fetch(guardedUrl, { method: 'POST', headers, body: query })
    expect(await response.json()).toEqual({ data: { keyspaces: [{ name: 'things' }] } })
  })
})

async function metric(pattern: RegExp): Promise<number> {
  const text = await (await fetch(url.replace('/graphql', '/metrics'))).text()
  return Number(pattern.exec(text)?.[1])
}

const refusedMessages = /^fedcache_\w*refused\w* (\d+)$/m

describe('bus', () => {
  test.each(cases(overBus))('%s', async (_name, input) => {
    await sendOverBus(input)
    await expectWell()
    expect(fedcache.engine.cluster().peers.map(({ id }) => id)).toStrictEqual(['victim'])
    expect(fedcache.engine.keyspaces().map(({ name }) => name)).toStrictEqual(['things'])
  })

  test('what cannot be read is counted, and logged at a bounded rate', async () => {
    const before = await metric(refusedMessages)
    warned.length = 0
    for (let count = 0; count < 5000; count++) stranger.publish(places[count % places.length]!, 'nonsense')
    await stranger.flush()
    await eventually(
      () => metric(refusedMessages),
      (count) => count >= before + 5000,
      'they were not counted',
    )
    expect(warned.filter((line) => line.includes('cannot be read')).length).toBeLessThanOrEqual(2)
  })
})

test('nothing is left behind: no connection, no operation and no memory, after rounds of everything', async () => {
  const connections = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
  const round = async () => {
    for (const input of overHttp) await sendOverHttp(input)
    for (const input of overPost) await sendPost(input)
    for (const input of overWebSocket) await sendOverWebSocket(input)
    for (const input of overWebSocketFrames) await sendFrames(input)
    for (const input of overBus) await sendOverBus(input)
    // What was sent over the bus has been read when this has come back.
    await expectWell()
  }
  for (let count = 0; count < 2; count++) await round()
  const [heapBefore, connectionsBefore] = [heapInUseBytes(), connections()]
  for (let count = 0; count < 4; count++) await round()
  expect(heapInUseBytes() - heapBefore).toBeLessThan(8 * 2 ** 20)
  for (const open of ['operations', 'subscriptions', 'websockets']) {
    await eventually(
      () => metric(new RegExp(`^fedcache_http_${open} (\\d+)$`, 'm')),
      // The scrape is no operation.
      (count) => count === 0,
      `${open} were left behind`,
    )
  }
  await eventually(connections, (count) => count <= connectionsBefore + 5, 'connections were left behind')
}, 180_000)
