import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { type Socket, connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { type ServedCache, recordingSource, servedCache } from '../../support/served-cache.ts'

let cache: ServedCache

afterEach(async () => {
  await cache.stop()
})

/** Sends bytes as they are and gives back all that is answered. */
async function raw(port: number, text: string): Promise<string> {
  const socket: Socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.on('data', (chunk) => {
    answer += String(chunk)
  })
  socket.write(text)
  await once(socket, 'close')
  return answer
}

describe('listening', () => {
  it('tells where', async () => {
    cache = servedCache({})
    const { origin, url, port } = await cache.server.listen()
    expect([origin, url]).toEqual([`http://127.0.0.1:${port}`, `http://127.0.0.1:${port}/graphql`])
    const response = await fetch(`${origin}/health`)
    expect(await response.json()).toEqual({ status: 'alive' })
  })

  it('fails where somebody else does', async () => {
    cache = servedCache({})
    const { port } = await cache.server.listen()
    const other = servedCache({}, { port })
    await expect(other.server.listen()).rejects.toThrow('EADDRINUSE')
    await other.stop()
  })

  it('counts requests by path and status, and no path of which there could be any number', async () => {
    cache = servedCache({})
    const { origin } = await cache.server.listen()
    await fetch(`${origin}/health`)
    await fetch(`${origin}/random-${Math.random()}`)
    const aborting = new AbortController()
    const query = encodeURIComponent('subscription { clusterEvents { reason } }')
    const stream = await fetch(`${origin}/graphql?query=${query}`, {
      headers: { accept: 'text/event-stream' },
      signal: aborting.signal,
    })
    expect(stream.status).toBe(200)
    aborting.abort()
    await delay(50)
    const text = await (await fetch(`${origin}/metrics`)).text()
    expect(text).toContain('fedcache_http_request_duration_seconds_count{method="GET",path="/health",status="200"} 1')
    expect(text).toContain('fedcache_http_request_duration_seconds_count{method="GET",path="other",status="404"} 1')
    // How long a stream was open says nothing of the server.
    expect(text).not.toContain('path="/graphql"')
  })
})

describe('names', () => {
  it.each(['evil.example', 'localhost.evil.example', ''])(
    'that are not of this machine are refused: %j',
    async (host) => {
      cache = servedCache({})
      const { port } = await cache.server.listen()
      for (const path of ['/graphql?query={__typename}', '/metrics', '/health', '/']) {
        const answer = await raw(port, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
        expect(answer).toMatch(/^HTTP\/1.1 403 /)
        expect(answer).toContain('FORBIDDEN')
      }
    },
  )

  it.each(['GET http://evil.example/graphql HTTP/1.1', 'OPTIONS * HTTP/1.1', 'GET //[ HTTP/1.1'])(
    'that cannot be read are refused without telling internals: %s',
    async (line) => {
      cache = servedCache({})
      const { port } = await cache.server.listen()
      const answer = await raw(port, `${line}\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
      expect(answer).toMatch(/^HTTP\/1.1 4\d\d /)
      expect(answer).not.toMatch(/node:internal|node_modules|\.ts|\.js/)
    },
  )

  it('of a proxy are answered to when allowed', async () => {
    cache = servedCache({}, { allowedHosts: ['cache.example'] })
    const { port } = await cache.server.listen()
    const answer = await raw(port, 'GET /health HTTP/1.1\r\nHost: cache.example\r\nConnection: close\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1.1 200 /)
  })
})

describe('closing', () => {
  it('answers what is in flight, and tells clients not to come back', async () => {
    let release = (): void => undefined
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    let asked = (): void => undefined
    const arrived = new Promise<void>((resolve) => {
      asked = resolve
    })
    const source = recordingSource(async (keys) => {
      asked()
      await gate
      return keys.map(() => 'late')
    })
    cache = servedCache(
      { things: { source } },
      { readiness: () => ({ ready: false, degraded: false, reason: 'leaving' }) },
    )
    const { url, port } = await cache.server.listen()
    const agent = new Agent({ keepAlive: true })
    const query = encodeURIComponent('{ entry(keyspace: "things", key: "a") { value } }')
    const reading = new Promise<{ connection: string | undefined; body: string }>((resolve, reject) => {
      request(`${url}?query=${query}`, { agent }, (response) => {
        let body = ''
        response.on('data', (chunk) => {
          body += String(chunk)
        })
        response.on('end', () => resolve({ connection: response.headers.connection, body }))
      })
        .on('error', reject)
        .end()
    })
    await arrived
    let closed = false
    const closing = cache.server.close(10_000).then(() => {
      closed = true
    })
    await delay(50)
    expect(closed).toBe(false)
    // Whoever sends it traffic must be able to hear that it leaves.
    expect((await fetch(`http://127.0.0.1:${port}/ready`)).status).toBe(503)
    release()
    expect(await reading).toEqual({ connection: 'close', body: '{"data":{"entry":{"value":"late"}}}' })
    await closing
    await expect(fetch(`http://127.0.0.1:${port}/ready`)).rejects.toThrow('fetch failed')
    agent.destroy()
  })

  it('does not wait for idle connections', async () => {
    cache = servedCache({})
    const { port } = await cache.server.listen()
    const idle = connect(port, '127.0.0.1')
    const kept = connect(port, '127.0.0.1')
    kept.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await once(kept, 'data')
    const startedAt = performance.now()
    await cache.server.close(10_000)
    expect(performance.now() - startedAt).toBeLessThan(2000)
    idle.destroy()
    kept.destroy()
  })

  it('cuts off what takes too long', async () => {
    const source = recordingSource(() => new Promise<never>(() => undefined))
    cache = servedCache({ things: { source, readTimeoutMs: 3000 } })
    const { url } = await cache.server.listen()
    const query = encodeURIComponent('{ entry(keyspace: "things", key: "a") { value } }')
    const reading = fetch(`${url}?query=${query}`)
    const outcome = reading.then(
      () => 'answered',
      () => 'cut',
    )
    while (source.calls.length === 0) await delay(5)
    const startedAt = performance.now()
    await cache.server.close(100)
    expect(performance.now() - startedAt).toBeLessThan(1500)
    expect(await outcome).toBe('cut')
  })

  it('closes once, also what is about to listen, and then listens no more', async () => {
    cache = servedCache({})
    const listening = cache.server.listen()
    await Promise.all([cache.server.close(100), cache.server.close(100)])
    const { port } = await listening
    await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow('fetch failed')
    await expect(cache.server.listen()).rejects.toThrow('This server was closed.')
    await cache.server.close(100)
  })
})

describe('large bodies over a socket', () => {
  it('are refused while the client is still sending', async () => {
    cache = servedCache({}, { maxBodyBytes: 10_000 })
    const { port } = await cache.server.listen()
    const chunk = 'x'.repeat(5000)
    const head = 'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
    const declared = await raw(port, `${head}Connection: close\r\nContent-Length: 20000\r\n\r\n${chunk.repeat(4)}`)
    expect(declared).toMatch(/^HTTP\/1.1 413 /)
    const piece = `${chunk.length.toString(16)}\r\n${chunk}\r\n`
    const chunked = await raw(
      port,
      `${head}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n${piece.repeat(4)}0\r\n\r\n`,
    )
    expect(chunked).toMatch(/^HTTP\/1.1 413 /)
    expect(chunked).toContain('10000 bytes')
  })
})
