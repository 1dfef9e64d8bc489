import { once } from 'node:events'
import { connect as connectSocket } from 'node:net'
import { connect as connectNats, type NatsConnection } from 'nats'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { createFedcache, type Fedcache } from '../../src/index.ts'
import { subjects } from '../../src/cluster/subjects.ts'
import { eventually } from '../support/cluster-world.ts'
import { heapInUseBytes } from '../support/heap.ts'
import { type HostileInput, overBus, overHttp, overPost, overWebSocket } from '../support/hostile-inputs.ts'
import { type NatsServer, natsServer } from '../support/nats-server.ts'

let fedcache: Fedcache
let nats: NatsServer
let stranger: NatsConnection
let url = ''
let port = 0
const bugs: string[] = []
const unhandled = (error: unknown) => void bugs.push(`unhandled: ${String(error)}`)

beforeAll(async () => {
  process.on('unhandledRejection', unhandled)
  process.on('uncaughtException', unhandled)
  nats = await natsServer()
  const nothing = () => {}
  const error = (fields: object, message: string) => {
    if (message === 'unexpected error') bugs.push(JSON.stringify(fields))
  }
  const logger = { debug: nothing, info: nothing, warn: nothing, error, child: () => logger }
  fedcache = createFedcache({
    port: 0,
    memoryLimit: '32mb',
    log: { logger },
    cluster: { peerId: 'victim', nats: nats.url },
    keyspaces: { things: {} },
  })
  ;({ url } = await fedcache.listen())
  port = Number(new URL(url).port)
  stranger = await connectNats({ servers: nats.url })
})

afterAll(async () => {
  await stranger.close()
  await fedcache.stop()
  await nats.dispose()
  process.off('unhandledRejection', unhandled)
  process.off('uncaughtException', unhandled)
})

/** What everything is to leave as it was: it lives, answers and has logged no bug. */
async function expectWell(): Promise<void> {
  const key = `well-${performance.now()}`
  await fedcache.engine.put('things', { key, value: 1 })
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: `{ entry(keyspace: "things", key: "${key}") { value } }` }),
  })
  expect(await response.json()).toEqual({ data: { entry: { value: 1 } } })
  expect(bugs).toStrictEqual([])
  expect(Object.prototype).not.toHaveProperty('polluted')
}

const cases = (inputs: readonly HostileInput[]) => inputs.map((input) => [input.name, input.input] as const)

test('there are at least 200 of them, each under a name of its own', () => {
  for (const inputs of [overHttp, overPost, overWebSocket, overBus]) {
    expect(new Set(inputs.map(({ name }) => name)).size).toBe(inputs.length)
  }
  expect(overHttp.length + overPost.length + overWebSocket.length + overBus.length).toBeGreaterThanOrEqual(200)
})

describe('HTTP', () => {
  test.each(cases(overHttp))('%s', async (_name, input) => {
    const socket = connectSocket(port, '127.0.0.1')
    socket.on('error', () => {})
    await once(socket, 'connect')
    socket.write(input)
    // Whoever has said all they will: the server has to let go of them.
    socket.end()
    socket.resume()
    // Not `once`: a connection that is reset is closed as well.
    await new Promise((resolve) => socket.on('close', resolve))
    await expectWell()
  })
})

describe('POST', () => {
  test.each(cases(overPost))('%s', async (_name, input) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: input.toString(),
    })
    const text = await response.text()
    expect(response.status).toBeLessThan(500)
    expect(text).not.toMatch(/INTERNAL_SERVER_ERROR|node_modules|at \w+ \(/)
    // What is quoted is cut off.
    expect(text.length).toBeLessThan(2_000_000)
    await expectWell()
  })
})

describe('WebSocket', () => {
  test.each(cases(overWebSocket))('%s', async (_name, input) => {
    const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws')
    socket.on('error', () => {})
    await once(socket, 'open')
    for (const message of input.toString().split('\n')) if (socket.readyState === socket.OPEN) socket.send(message)
    // Behind everything else: when it is answered, or the socket closed, all was read.
    const answered = Promise.race([once(socket, 'pong'), once(socket, 'close')])
    if (socket.readyState === socket.OPEN) socket.ping()
    await answered
    socket.terminate()
    await expectWell()
  })
})

describe('bus', () => {
  const victim = subjects('fedcache', 'victim')
  const others = subjects('fedcache', 'stranger')
  const places = [
    others.broadcast('member'),
    others.broadcast('inv'),
    others.broadcast('keyspace'),
    others.request('rpc', 'victim'),
    others.request('ctl', 'victim'),
    // In its own name.
    victim.broadcast('member'),
    victim.broadcast('inv'),
  ]
  test.each(cases(overBus))('%s', async (_name, input) => {
    const data = Buffer.from(input)
    for (const place of places) stranger.publish(place, data, { reply: 'nobody' })
    for (const place of places) stranger.publish(place, data)
    await stranger.flush()
    await expectWell()
    expect(fedcache.engine.cluster().peers.map(({ id }) => id)).toStrictEqual(['victim'])
  })

  test('what did not parse was counted', async () => {
    const text = await (await fetch(url.replace('/graphql', '/metrics'))).text()
    const [, count] = /^fedcache_\w*refused\w* (\d+)$/m.exec(text) ?? []
    expect(Number(count)).toBeGreaterThan(overBus.length)
  })
})

test('nothing is left behind: no connection, and no memory, after many rounds of what is largest', async () => {
  const largest = [...overPost].toSorted((one, other) => other.input.length - one.input.length).slice(0, 5)
  const round = async () => {
    for (const { input } of largest) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: input.toString(),
      })
      await response.text()
    }
  }
  for (let count = 0; count < 5; count++) await round()
  const before = heapInUseBytes()
  for (let count = 0; count < 15; count++) await round()
  const after = heapInUseBytes()
  expect(after - before).toBeLessThan(8 * 2 ** 20)
  await eventually(
    async () => (await (await fetch(url.replace('/graphql', '/metrics'))).text()).length,
    (length) => length > 0,
    'it does not answer any more',
  )
})
