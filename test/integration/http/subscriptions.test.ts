import { setTimeout as delay } from 'node:timers/promises'
import { createClient } from 'graphql-ws'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type Answer, type ServedCache, codesOf, servedCache } from '../../support/served-cache.ts'

let cache: ServedCache
let url = ''
let webSocketUrl = ''

beforeEach(async () => {
  cache = servedCache({ things: {} })
  ;({ url } = await cache.server.listen())
  webSocketUrl = url.replace('http', 'ws')
})

afterEach(async () => {
  await cache.stop()
})

const changes = `subscription ($keys: [String!]) {
  entryChanges(keyspace: "things", keys: $keys) { keyspace key kind version }
}`

async function put(key: string): Promise<void> {
  await cache.engine.put('things', { key, value: 1 })
}

/** Reads server-sent events until `enough` of one name have come, or the stream ends. */
async function events(response: Response, enough: number): Promise<readonly { event: string; data: string }[]> {
  const found: { event: string; data: string }[] = []
  let buffer = ''
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    buffer += chunk
    const blocks = buffer.split('\n\n')
    buffer = blocks.pop() ?? ''
    for (const block of blocks) {
      const event = /^event: (.*)$/m.exec(block)?.[1]
      if (event !== undefined) found.push({ event, data: /^data: ?(.*)$/m.exec(block)?.[1] ?? '' })
    }
    if (found.length >= enough) break
  }
  return found
}

function subscribeOverSse(query: string, variables: object, signal?: AbortSignal): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query, variables }),
    ...(signal === undefined ? {} : { signal }),
  })
}

describe('subscriptions over server-sent events', () => {
  it('deliver changes of the keys asked for, and of the keyspace', async () => {
    const response = await subscribeOverSse(changes, { keys: ['a'] })
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    const reading = events(response, 3)
    await put('a')
    await put('b')
    await cache.engine.delete('things', 'a')
    await cache.engine.clear('things')
    const found = (await reading).map(({ data }) => (JSON.parse(data) as Answer).data.entryChanges)
    expect(found).toMatchObject([
      { keyspace: 'things', key: 'a', kind: 'PUT', version: expect.stringMatching(/^\d+$/) },
      { key: 'a', kind: 'DELETED' },
      { key: null, kind: 'CLEARED' },
    ])
  })

  it('say why they cannot begin', async () => {
    const response = await subscribeOverSse(`subscription { entryChanges(keyspace: "none") { key } }`, {})
    const [next] = await events(response, 1)
    expect(codesOf(JSON.parse(next?.data ?? '{}') as Answer)).toEqual(['KEYSPACE_NOT_FOUND'])
  })

  it('end at the engine when the client goes away', async () => {
    let returned = 0
    const { entryChanges } = cache.engine
    cache.engine.entryChanges = (keyspace, keys) => {
      const iterator = entryChanges.call(cache.engine, keyspace, keys)
      const end = iterator.return?.bind(iterator)
      iterator.return = async () => {
        returned++
        return (await end?.()) ?? { done: true, value: undefined }
      }
      return iterator
    }
    const aborting = new AbortController()
    const response = await subscribeOverSse(changes, {}, aborting.signal)
    await put('a')
    aborting.abort()
    await response.body?.cancel().catch(() => undefined)
    for (let waits = 0; returned === 0 && waits < 100; waits++) await delay(20)
    expect(returned).toBe(1)
  })

  it('are cut when the server closes', async () => {
    const response = await subscribeOverSse(changes, {})
    const reading = events(response, Infinity)
    const startedAt = performance.now()
    const closing = cache.server.close(20_000)
    await expect(reading).rejects.toThrow('terminated')
    await closing
    expect(performance.now() - startedAt).toBeLessThan(5000)
  })
})

describe('subscriptions over WebSockets', () => {
  it('deliver changes', async () => {
    const client = createClient({ url: webSocketUrl, webSocketImpl: WebSocket })
    const subscription = client.iterate<{ entryChanges: unknown }>({ query: changes, variables: {} })
    const first = subscription.next()
    // There is no telling when the subscription has begun, but by its first event.
    const putting = setInterval(() => void put('a'), 20)
    const { value } = await first
    clearInterval(putting)
    expect(value.data.entryChanges).toMatchObject({ keyspace: 'things', key: 'a', kind: 'PUT' })
    await subscription.return?.()
    await client.dispose()
  })

  it('answer queries and mutations too', async () => {
    const client = createClient({ url: webSocketUrl, webSocketImpl: WebSocket })
    const mutation = `mutation { putEntry(input: { keyspace: "things", key: "k", value: "北京" }) { entry { value } } }`
    const { value } = await client.iterate({ query: mutation }).next()
    expect(value).toEqual({ data: { putEntry: { entry: { value: '北京' } } } })
    await client.dispose()
  })

  it.each([
    ['GRAPHQL_PARSE_FAILED', '{ entry('],
    ['GRAPHQL_VALIDATION_FAILED', '{ nothing }'],
    ['BAD_USER_INPUT', 'query ($k: String!) { entry(keyspace: "things", key: $k) { key } }'],
    ['KEYSPACE_NOT_FOUND', 'subscription { entryChanges(keyspace: "none") { key } }'],
    ['KEYSPACE_NOT_FOUND', '{ entry(keyspace: "none", key: "k") { key } }'],
  ])('say %s of %s, and nothing of HTTP', async (code, query) => {
    const client = createClient({ url: webSocketUrl, webSocketImpl: WebSocket })
    const answer = await client
      .iterate({ query })
      .next()
      .then(
        ({ value }) => value as Answer,
        (errors: Answer['errors']): Answer => ({ errors: errors ?? [] }),
      )
    expect(codesOf(answer)).toEqual([code])
    expect(answer.errors?.[0]?.extensions).not.toHaveProperty('http')
    await client.dispose()
  })

  it('mask bugs', async () => {
    cache.engine.cluster = () => {
      throw new Error('secret detail')
    }
    const client = createClient({ url: webSocketUrl, webSocketImpl: WebSocket })
    const { value } = await client.iterate({ query: '{ cluster { name } }' }).next()
    expect(codesOf(value as Answer)).toEqual(['INTERNAL_SERVER_ERROR'])
    expect(JSON.stringify(value)).not.toMatch(/secret|unexpected"/)
    await client.dispose()
  })

  it('are closed with 1001 when the server closes', async () => {
    const socket = new WebSocket(webSocketUrl, 'graphql-transport-ws')
    await new Promise((resolve) => socket.once('open', resolve))
    const closed = new Promise<number>((resolve) => socket.once('close', resolve))
    await cache.server.close(5000)
    expect(await closed).toBe(1001)
  })

  it.each([
    [403, 'https://evil.example', '/graphql'],
    [403, 'http://localhost:1', '/graphql'],
    [403, 'null', '/graphql'],
    [404, undefined, '/elsewhere'],
  ])('are refused with %d to %s at %s', async (status, origin, path) => {
    const address = new URL(path, webSocketUrl)
    const socket = new WebSocket(address, 'graphql-transport-ws', origin === undefined ? {} : { origin })
    const refusal = await new Promise((resolve) => {
      socket.once('unexpected-response', (_request, response) => resolve(response.statusCode))
      socket.once('open', () => resolve('open'))
      socket.on('error', resolve)
    })
    expect(refusal).toBe(status)
    socket.terminate()
  })

  it('are refused under a name that is not this machine', async () => {
    const socket = new WebSocket(webSocketUrl, 'graphql-transport-ws', {
      headers: { host: 'evil.example' },
      origin: 'http://evil.example',
    })
    const refusal = await new Promise((resolve) => {
      socket.once('unexpected-response', (_request, response) => resolve(response.statusCode))
      socket.once('open', () => resolve('open'))
      socket.on('error', resolve)
    })
    expect(refusal).toBe(403)
    socket.terminate()
  })

  it('are open to a page of the same origin', async () => {
    const socket = new WebSocket(webSocketUrl, 'graphql-transport-ws', { origin: new URL(url).origin })
    await new Promise((resolve, reject) => {
      socket.once('open', resolve)
      socket.once('error', reject)
    })
    socket.terminate()
  })
})
