import {
  ConfigError,
  createFedcache,
  functionSource,
  type Fedcache,
  type LogFields,
  type Logger,
  type Source,
} from 'fedcache'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'
import { eventually } from '../support/cluster-world.ts'

const running: Fedcache[] = []
afterEach(async () => {
  for (const fedcache of running.splice(0)) await fedcache.stop()
})

function created(config: Parameters<typeof createFedcache>[0]): Fedcache {
  const fedcache = createFedcache({ port: 0, log: { level: 'silent' }, ...config })
  running.push(fedcache)
  return fedcache
}

function request(query: string): Request {
  return new Request('http://localhost/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  })
}

/** A source that notes what is done with it. */
function noting(): { readonly source: Source; readonly notes: string[] } {
  const notes: string[] = []
  const source: Source = {
    name: 'noting',
    start: async () => void notes.push('start'),
    loadMany: async (keys) => {
      notes.push(`load ${keys.join()}`)
      return keys
    },
    close: async () => void notes.push('close'),
  }
  return { source, notes }
}

const reading = '{ entry(keyspace: "things", key: "a") { value } }'
const answer = { data: { entry: { value: 'a' } } }

describe('createFedcache', () => {
  it('refuses a wrong config at once', () => {
    expect(() => createFedcache({ port: -1 })).toThrow(ConfigError)
    expect(() => createFedcache({ memoryLimit: '1000000gb' })).toThrow('of memory that this process can have')
  })

  it('does not read the environment', async () => {
    const fedcache = created({ cluster: { peerId: 'own' } })
    expect(await (await fedcache.fetch(request('{ cluster { name self { id } } }'))).json()).toEqual({
      data: { cluster: { name: 'fedcache', self: { id: 'own' } } },
    })
  })

  it('answers a request without listening, and opens its sources once', async () => {
    const { source, notes } = noting()
    const { fetch, stop } = created({ keyspaces: { things: { source } } })
    expect(notes).toEqual([])
    const answers = await Promise.all([fetch(request(reading)), fetch(request(reading))])
    expect(await Promise.all(answers.map((response) => response.json()))).toEqual([answer, answer])
    expect(notes).toEqual(['start', 'load a'])
    await Promise.all([stop(), stop()])
    expect(notes).toEqual(['start', 'load a', 'close'])
  })

  it('tries again to start when a source could not be opened', async () => {
    const { source, notes } = noting()
    let failures = 1
    const failing: Source = {
      ...source,
      start: async () => {
        if (failures-- > 0) throw new Error('connection refused')
        notes.push('start')
      },
    }
    const { fetch } = created({ keyspaces: { things: { source: failing } } })
    await expect(fetch(request(reading))).rejects.toThrow('connection refused')
    expect(await (await fetch(request(reading))).json()).toEqual(answer)
    expect(notes).toEqual(['start', 'load a'])
  })

  it('does not listen when it is stopped meanwhile, nor afterwards', async () => {
    const { listen, stop, fetch } = created({})
    const listening = listen()
    await stop()
    await expect(listening).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(listen()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(fetch(request(reading))).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  it('listens once, however often it is told to', async () => {
    const { listen } = created({})
    const listening = await Promise.all([listen(), listen()])
    expect(listening[0]).toEqual(listening[1])
    expect(await listen()).toEqual(listening[0])
  })

  it('opens no connection to NATS before it is started', async () => {
    const nats = createServer().listen(0, '127.0.0.1')
    await once(nats, 'listening')
    let connections = 0
    nats.on('connection', (socket) => {
      connections++
      socket.destroy()
    })
    const { port } = nats.address() as AddressInfo
    const { listen } = created({ cluster: { nats: `nats://127.0.0.1:${port}` } })
    // One that was made first would be accepted first.
    const own = connect(port, '127.0.0.1')
    await once(own, 'close')
    expect(connections).toBe(1)
    const connected = once(nats, 'connection')
    void listen().catch(() => {})
    await connected
    nats.close()
  })

  it('answers with what the runtime knows as a response', async () => {
    const { fetch } = created({})
    const response = await fetch(request('{ __typename }'))
    expect(response).toBeInstanceOf(Response)
    expect(await text(Readable.fromWeb(response.body as never))).toBe('{"data":{"__typename":"Query"}}')
  })

  it.each<readonly [string, (response: Response, leaving: AbortController) => unknown]>([
    ['the answer is given up before anything was read', ({ body }) => body!.cancel()],
    ['its reader goes', ({ body }) => body!.getReader().cancel()],
    [
      'its reader goes while it waits',
      async ({ body }) => {
        const reader = body!.getReader()
        await reader.read()
        const waiting = reader.read()
        await reader.cancel()
        await waiting
      },
    ],
    ['it is read as a stream of Node that is destroyed', ({ body }) => Readable.fromWeb(body as never).destroy()],
    [
      'the request is aborted',
      async ({ body }, leaving) => {
        const reader = body!.getReader()
        await reader.read()
        const waiting = reader.read()
        leaving.abort()
        await expect(waiting).rejects.toThrow('aborted')
      },
    ],
  ])('ends a subscription when %s', async (_how, leave) => {
    const { fetch } = created({ keyspaces: { things: {} }, http: { maxSubscriptions: 1 } })
    const leaving = new AbortController()
    const subscription = new Request(request('subscription { entryChanges(keyspace: "things") { key } }'), {
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      signal: leaving.signal,
    })
    const response = await fetch(subscription)
    expect(response.status).toBe(200)
    await leave(response, leaving)
    await eventually(
      async () => (await fetch(new Request('http://localhost/metrics'))).text(),
      (metrics) => metrics.includes('fedcache_http_subscriptions 0\n'),
      'the subscription did not end',
    )
  })

  it('listens, and tells where', async () => {
    const { source } = noting()
    const { listen } = created({ keyspaces: { things: { source } } })
    const { url } = await listen()
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*\/graphql$/)
    expect(await (await fetch(`${url}?query=${encodeURIComponent(reading)}`)).json()).toEqual(answer)
  })

  it('is not ready before it is started, and says so', async () => {
    let opened = (): void => {}
    const source: Source = {
      ...functionSource({ load: (key: string) => key }),
      start: () => new Promise((resolve) => (opened = resolve)),
    }
    const { fetch } = created({ keyspaces: { things: { source } } })
    let isAnswered = false
    const ready = fetch(new Request('http://localhost/ready')).finally(() => (isAnswered = true))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(isAnswered).toBe(false)
    opened()
    expect((await ready).status).toBe(200)
  })

  it('tells why it cannot start, every time', async () => {
    const source: Source = {
      name: 'gone',
      loadMany: () => Promise.resolve([]),
      start: () => Promise.reject(new Error('gone')),
    }
    const { fetch, listen } = created({ keyspaces: { things: { source } } })
    await expect(listen()).rejects.toThrow('gone')
    await expect(fetch(request(reading))).rejects.toThrow('gone')
  })

  it('does not start again once it was stopped, and closes nothing that it did not open', async () => {
    const { source, notes } = noting()
    const { fetch, listen, stop } = created({ keyspaces: { things: { source } } })
    await stop()
    await expect(fetch(request(reading))).rejects.toThrow('This fedcache was stopped')
    await expect(listen()).rejects.toThrow('This fedcache was stopped')
    expect(notes).toEqual([])
  })

  it('logs where it is told to', async () => {
    const lines: string[] = []
    const write = (_fields: LogFields, message: string): void => void lines.push(message)
    const logger: Logger = { debug: write, info: write, warn: write, error: write, child: () => logger }
    const { source } = noting()
    const { fetch } = created({ keyspaces: { things: { source } }, log: { logger } })
    await fetch(request(reading))
    expect(lines).toContain('loaded')
  })

  it('holds to the limits of its config', async () => {
    const { source } = noting()
    const { fetch } = created({
      keyspaces: { things: { source } },
      maxKeysPerCall: 2,
      maxKeyBytes: 3,
      http: { bodyLimit: '1kb' },
    })
    const codeOf = async (query: string): Promise<unknown> => {
      const { errors } = (await (await fetch(request(query))).json()) as {
        readonly errors: { readonly extensions: { readonly code: string } }[]
      }
      return errors[0]?.extensions.code
    }
    expect(await codeOf('{ entries(keyspace: "things", keys: ["a", "b", "c"]) { key } }')).toBe('TOO_MANY_KEYS')
    expect(await codeOf('{ entry(keyspace: "things", key: "abcd") { key } }')).toBe('BAD_USER_INPUT')
    expect((await fetch(request(`{ keyspaces { name } } #${'x'.repeat(2000)}`))).status).toBe(413)
  })
})
