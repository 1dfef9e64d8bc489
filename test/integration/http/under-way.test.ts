import { once } from 'node:events'
import { type Client, createClient } from 'graphql-ws'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { ServerLimits } from '../../../src/http/server-limits.ts'
import { eventually } from '../../support/cluster-world.ts'
import {
  type Answer,
  type ServedCache,
  codesOf,
  post,
  recordingSource,
  servedCache,
} from '../../support/served-cache.ts'

let cache: ServedCache
let url = ''
const clients: Client[] = []
let release = (): void => {}
let gate = new Promise<void>(() => {})

/** A cache whose reads of `slow` wait until they are released. */
async function serve(limits: Partial<ServerLimits>): Promise<void> {
  gate = new Promise((resolve) => (release = resolve))
  const source = recordingSource(async (keys) => {
    await gate
    return keys.map(() => 'late')
  })
  cache = servedCache({ slow: { source }, things: {} }, { limits })
  ;({ url } = await cache.server.listen())
}

afterEach(async () => {
  release()
  for (const client of clients.splice(0)) await client.dispose()
  await cache.stop()
})

const slow = (key: string) => ({ query: `{ entry(keyspace: "slow", key: "${key}") { value } }` })
const quick = { query: '{ __typename }' }
const changes = { query: 'subscription { entryChanges(keyspace: "things") { key } }' }

type Send = (body: object, signal?: AbortSignal) => Promise<Response>

const sendAs =
  (headers: Readonly<Record<string, string>>): Send =>
  (body, signal) =>
    fetch(url, { method: 'POST', headers, body: JSON.stringify(body), ...(signal === undefined ? {} : { signal }) })

const prepared = sendAs({ 'content-type': 'application/json' })
const general = sendAs({ 'content-type': 'application/json;charset=UTF-8' })
const stream = sendAs({ 'content-type': 'application/json', accept: 'text/event-stream' })

function client(): Client {
  const made = createClient({ url: url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0, lazy: true })
  clients.push(made)
  return made
}

/** The first that is answered. */
async function over(webSocket: Client, body: { readonly query: string }): Promise<Answer> {
  return webSocket
    .iterate<unknown>(body)
    .next()
    .then(
      ({ value }) => value as Answer,
      (errors: Answer['errors']): Answer => ({ errors: errors ?? [] }),
    )
}

/** Subscribes over a WebSocket, and goes without a word after so long. */
async function subscribeAndLeave(afterMs: number): Promise<void> {
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws')
  socket.on('error', () => {})
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.once('open', () => {
    socket.send('{"type":"connection_init"}')
    socket.on('message', () => {
      socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: changes }))
      setTimeout(() => socket.terminate(), afterMs)
    })
  })
  await closed
}

async function reading(name: string): Promise<number> {
  const response = await fetch(url.replace('/graphql', '/metrics'))
  expect(response.status).toBe(200)
  return Number(new RegExp(`^fedcache_http_${name} (\\d+)$`, 'm').exec(await response.text())?.[1])
}

const becomes = (name: string, value: number) =>
  eventually(
    () => reading(name),
    (found) => found === value,
    `${name} did not become ${value}`,
  )

async function expectBusy(response: Response): Promise<void> {
  expect([response.status, response.headers.get('retry-after')]).toStrictEqual([503, '1'])
  expect(codesOf((await response.json()) as Answer)).toStrictEqual(['BUSY'])
}

describe('operations', () => {
  test('beyond the limit are refused in every lane, and taken again when others have ended', async () => {
    await serve({ maxOperations: 3 })
    const socket = client()
    const waiting = [prepared(slow('a')), general(slow('b'))]
    const overSocket = over(socket, slow('c'))
    await becomes('operations', 3)

    await expectBusy(await prepared(quick))
    await expectBusy(await general(quick))
    await expectBusy(await fetch(`${url}?query={__typename}`))
    await expectBusy(await fetch(`${url}/?query={__typename}`))
    await expectBusy(await stream(changes))
    await expectBusy(await cache.fetch(post(quick)))
    expect(codesOf(await over(socket, quick))).toStrictEqual(['BUSY'])
    for (const path of ['/health', '/ready', '/metrics']) {
      expect((await fetch(url.replace('/graphql', path))).status).toBe(200)
    }
    expect(await reading('busy_total')).toBe(7)

    release()
    for (const response of await Promise.all(waiting)) {
      expect(((await response.json()) as Answer).data).toStrictEqual({ entry: { value: 'late' } })
    }
    expect((await overSocket).data).toStrictEqual({ entry: { value: 'late' } })
    await becomes('operations', 0)
    for (const send of [prepared, general]) expect((await send(quick)).status).toBe(200)
    expect((await over(socket, quick)).data).toStrictEqual({ __typename: 'Query' })
    expect((await cache.fetch(post(quick))).status).toBe(200)
  })

  test('whose clients have gone take up nothing', async () => {
    await serve({ maxOperations: 4 })
    const leaving = new AbortController()
    const left = [prepared, prepared, general, general].map((send, index) => send(slow(`${index}`), leaving.signal))
    const outcomes = Promise.allSettled(left)
    await becomes('operations', 4)
    leaving.abort()
    await outcomes
    await becomes('operations', 0)
  })

  test('on one WebSocket have a limit of their own', async () => {
    await serve({ maxOperationsPerWebSocket: 2 })
    const socket = client()
    const waiting = [over(socket, slow('a')), over(socket, slow('b'))]
    await becomes('operations', 2)
    expect(codesOf(await over(socket, quick))).toStrictEqual(['BUSY'])
    expect((await over(client(), quick)).data).toStrictEqual({ __typename: 'Query' })
    release()
    await Promise.all(waiting)
    expect((await over(socket, quick)).data).toStrictEqual({ __typename: 'Query' })
  })
})

describe('subscriptions', () => {
  test('beyond the limit are refused, and take up no place of operations', async () => {
    await serve({ maxOperations: 1, maxSubscriptions: 2 })
    const leaving = new AbortController()
    const streaming = await stream(changes, leaving.signal)
    expect(streaming.status).toBe(200)
    const socket = client()
    const events = socket.iterate<unknown>(changes)
    const first = events.next()
    await becomes('subscriptions', 2)
    await becomes('operations', 0)

    const refused = await stream(changes)
    expect([refused.status, refused.headers.get('retry-after')]).toStrictEqual([503, '1'])
    expect(await refused.text()).toContain('"code":"BUSY"')
    expect(codesOf(await over(socket, changes))).toStrictEqual(['BUSY'])
    expect((await prepared(quick)).status).toBe(200)

    leaving.abort()
    await streaming.body?.cancel().catch(() => {})
    await becomes('subscriptions', 1)
    const next = client()
    const others = next.iterate<unknown>(changes)
    const other = others.next()
    await becomes('subscriptions', 2)
    // One goes by unsubscribing, one with its WebSocket.
    await events.return?.()
    await first
    await becomes('subscriptions', 1)
    next.terminate()
    await other.catch(() => {})
    await becomes('subscriptions', 0)
  })

  test.each([prepared, stream])('that cannot begin take up nothing', async (send) => {
    await serve({ maxSubscriptions: 1 })
    for (let count = 0; count < 5; count++) {
      const text = await (await send({ query: 'subscription { entryChanges(keyspace: "none") { key } }' })).text()
      expect(text).not.toContain('BUSY')
    }
    await becomes('subscriptions', 0)
  })

  test.each([
    'application/json',
    'application/graphql-response+json',
    'multipart/mixed, application/json',
    'text/plain',
  ])('whose events nobody would take take up nothing: %s', async (accept) => {
    await serve({ maxSubscriptions: 2 })
    const send = sendAs({ 'content-type': 'application/json', accept })
    for (let count = 0; count < 5; count++) {
      const response = await send(changes)
      expect(response.status).toBe(406)
      const [error] = ((await response.json()) as Answer).errors!
      expect(error!.extensions['code']).toBe('BAD_REQUEST')
      expect(error!.message).toContain(`received "${accept}".`)
    }
    await becomes('subscriptions', 0)
    expect((await stream(changes)).status).toBe(200)
  })

  test('that are left at once leave nothing behind', async () => {
    await serve({})
    for (let count = 0; count < 50; count++) {
      const leaving = new AbortController()
      const left = stream(changes, leaving.signal)
      setTimeout(() => leaving.abort(), count / 10)
      await left.then((response) => response.text()).catch(() => {})
      await subscribeAndLeave(count / 10)
    }
    await becomes('websockets', 0)
    await becomes('subscriptions', 0)
    await becomes('operations', 0)
  })
})

test('WebSockets beyond the limit are refused, and taken when others have gone', async () => {
  await serve({ maxWebSockets: 1 })
  const kept = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws')
  await once(kept, 'open')
  const refused = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws')
  const [status, later] = await new Promise<readonly unknown[]>((resolve) => {
    refused.on('error', () => {})
    refused.once('unexpected-response', (asked, { statusCode, headers }) => {
      asked.destroy()
      resolve([statusCode, headers['retry-after']])
    })
  })
  expect([status, later]).toStrictEqual([503, '1'])
  kept.terminate()
  await becomes('websockets', 0)
  expect((await over(client(), quick)).data).toStrictEqual({ __typename: 'Query' })
})
