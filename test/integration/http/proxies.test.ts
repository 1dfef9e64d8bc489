import { request } from 'node:http'
import { createClient } from 'graphql-ws'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { createFedcache, type Fedcache, type HttpConfig, type RequestHead } from '../../../src/index.ts'

let fedcache: Fedcache
let url = ''
let seen: Pick<RequestHead, 'url' | 'clientAddress'>[] = []

/** Reached from 127.0.0.1, where the proxy is, and from 127.0.0.2, where it is not. */
async function serve(http: HttpConfig): Promise<void> {
  seen = []
  fedcache = createFedcache({
    port: 0,
    memoryLimit: '16mb',
    log: { level: 'silent' },
    keyspaces: { things: {} },
    http: { allowedHosts: ['cache.example'], ...http },
    auth: (head) => {
      seen.push({ url: head.url, clientAddress: head.clientAddress })
      return { scopes: ['*'] }
    },
  })
  ;({ url } = await fedcache.listen())
}

afterEach(() => fedcache.stop())

const proxy = '127.0.0.1'
const stranger = '127.0.0.2'
const body = JSON.stringify({ query: '{ keyspaces { name } }' })

type Headers = Readonly<Record<string, string>>

interface Way {
  readonly name: string
  send(from: string, headers: Headers): Promise<number>
}

function http(from: string, method: string, path: string, headers: Headers, sent = ''): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(new URL(path, url), { method, headers, localAddress: from, agent: false })
    asked.on('error', reject)
    asked.on('response', (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
    })
    asked.end(sent)
  })
}

/** Resolves with 101 where the socket is let in, and then asked something over it. */
async function webSocket(from: string, headers: Headers): Promise<number> {
  let status = 0
  class Socket extends WebSocket {
    constructor(address: string, protocols?: string | string[]) {
      super(address, protocols, { headers, localAddress: from })
      this.on('unexpected-response', (asked, { statusCode = 0 }) => {
        status = statusCode
        asked.destroy()
        this.emit('close', 1006, Buffer.alloc(0))
      })
    }
  }
  const client = createClient({ url: url.replace('http', 'ws'), webSocketImpl: Socket, retryAttempts: 0 })
  try {
    await client.iterate({ query: '{ __typename }' }).next()
    return 101
  } catch {
    return status
  } finally {
    await client.dispose()
  }
}

const json = { 'content-type': 'application/json' }
const ways: readonly Way[] = [
  { name: 'POST, prepared', send: (from, headers) => http(from, 'POST', '/graphql', { ...json, ...headers }, body) },
  {
    name: 'POST, general',
    send: (from, headers) =>
      http(from, 'POST', '/graphql', { 'content-type': 'application/json;charset=UTF-8', ...headers }, body),
  },
  { name: 'GET, prepared', send: (from, headers) => http(from, 'GET', '/graphql?query={__typename}', headers) },
  { name: 'GET, general', send: (from, headers) => http(from, 'GET', '/graphql/?query={__typename}', headers) },
  { name: 'metrics', send: (from, headers) => http(from, 'GET', '/metrics', headers) },
  { name: 'WebSocket', send: webSocket },
]

const told = {
  'x-forwarded-for': '6.6.6.6, 1.2.3.4',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'cache.example',
}

describe.each(ways)('over $name', ({ send }) => {
  const isIn = (status: number) => [200, 101].includes(status)

  test('a trusted proxy tells who asked, how and under which name; nobody else does', async () => {
    await serve({ trustedProxies: [proxy] })
    expect(isIn(await send(proxy, told))).toBe(true)
    expect(seen.length).toBeGreaterThan(0)
    for (const head of seen) {
      expect(head.clientAddress).toBe('1.2.3.4')
      expect(head.url).toMatch(/^https:\/\/cache\.example\//)
    }
    seen = []
    expect(isIn(await send(stranger, told))).toBe(true)
    for (const head of seen) {
      expect(head.clientAddress).toBe(stranger)
      expect(head.url).toMatch(/^http:\/\/127\.0\.0\.1:/)
    }
  })

  test('it is told in the header that is configured', async () => {
    await serve({ trustedProxies: ['127.0.0.1/32'], forwardedHeaders: 'forwarded' })
    await send(proxy, { ...told, forwarded: 'for="[2001:db8::7]:99";proto=https;host=cache.example' })
    expect(seen[0]).toMatchObject({ clientAddress: '2001:db8::7', url: expect.stringMatching(/^https:\/\/cache\.ex/) })
  })

  test('nothing is believed where no proxy is trusted', async () => {
    await serve({})
    await send(proxy, told)
    expect(seen[0]).toMatchObject({ clientAddress: proxy, url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:/) })
  })

  test('pages are of the same origin by what the proxy tells, and by nothing that others do', async () => {
    await serve({ trustedProxies: 1 })
    expect(isIn(await send(proxy, { ...told, origin: 'https://cache.example' }))).toBe(true)
    for (const origin of ['http://cache.example', 'https://evil.example', 'https://cache.example:8443', 'null', url]) {
      expect([origin, await send(proxy, { ...told, origin })]).toStrictEqual([origin, 403])
    }
    await fedcache.stop()
    await serve({ trustedProxies: [proxy] })
    expect(await send(stranger, { ...told, origin: 'https://cache.example' })).toBe(403)
    expect(isIn(await send(stranger, { ...told, origin: new URL(url).origin }))).toBe(true)
  })

  test('a name that points at the proxy by itself is none of the server', async () => {
    await serve({ trustedProxies: [proxy] })
    const evil = { ...told, 'x-forwarded-host': 'evil.example', origin: 'https://evil.example' }
    expect(await send(proxy, evil)).toBe(403)
  })
})

test('a request without a socket has no address, and is believed nothing', async () => {
  await serve({ trustedProxies: [proxy] })
  await fedcache.fetch(new Request('http://localhost/graphql', { method: 'POST', headers: { ...json, ...told }, body }))
  expect(seen).toStrictEqual([{ url: 'http://localhost/graphql', clientAddress: undefined }])
})
