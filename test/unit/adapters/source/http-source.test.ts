import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { type HttpKeyOptions, httpSource } from '../../../../src/adapters/source/http-source.ts'
import { FedcacheError } from '../../../../src/errors.ts'
import type { LoadResult, Source } from '../../../../src/ports/index.ts'
import { sourceEntry } from '../../../../src/ports/index.ts'
import { bodyOf, type HttpOrigin, httpOrigin } from '../../../support/http-origin.ts'
import { deferred, loadAll, loadContext, problemsOf } from '../../../support/load-context.ts'

const origins: HttpOrigin[] = []

afterEach(async () => {
  await Promise.all(origins.splice(0).map((origin) => origin.close()))
})

async function serving(
  handle: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
): Promise<HttpOrigin> {
  const origin = await httpOrigin(handle)
  origins.push(origin)
  return origin
}

function keyed(origin: HttpOrigin, options: Partial<HttpKeyOptions> = {}): Source {
  return httpSource({ url: `${origin.url}/things/{key}?token=secret-token`, ...options })
}

async function failureOf(source: Source, key = 'one'): Promise<Error> {
  const [answer] = await loadAll(source, [key])
  expect(answer).toBeInstanceOf(Error)
  return answer as Error
}

function everythingOf(error: Error): string {
  const cause = error.cause instanceof Error ? everythingOf(error.cause) : ''
  return `${error.stack} ${JSON.stringify(error)} ${cause}`
}

describe('statuses', () => {
  test.each([404, 410, 204])('%d means not found', async (status) => {
    const origin = await serving((_request, response) => void response.writeHead(status).end())
    expect(await loadAll(keyed(origin), ['one'])).toStrictEqual([null])
  })

  test.each([301, 400, 401, 403, 429, 500, 503])('%d fails the key and keeps the body to itself', async (status) => {
    const origin = await serving((_request, response) => void response.writeHead(status).end('the body'))
    const error = await failureOf(keyed(origin))
    expect(error.message).toBe(`GET ${origin.url}/things/{key} answered with status ${status}`)
  })

  test('notFoundStatuses replaces what means not found', async () => {
    const origin = await serving(({ url }, response) => {
      response.writeHead(url?.startsWith('/things/gone') === true ? 410 : 403).end()
    })
    const [forbidden, gone] = await loadAll(keyed(origin, { notFoundStatuses: [403] }), ['forbidden', 'gone'])
    expect(forbidden).toBeNull()
    expect(gone).toBeInstanceOf(Error)
  })
})

describe('what errors tell', () => {
  const handlers: Record<string, (request: IncomingMessage, response: ServerResponse) => void> = {
    'a status': (_request, response) => void response.writeHead(500).end('secret-body'),
    'a redirect to elsewhere': (_request, response) =>
      void response.writeHead(302, { location: 'https://secret-body.example/secret-token' }).end(),
    'bad JSON': (_request, response) => void response.end('secret-body'),
    'a large body': (_request, response) => void response.end('secret-body'.repeat(1000)),
    'a closed connection': (request) => void request.socket.destroy(),
  }
  test.each(Object.entries(handlers))('%s: nothing secret', async (_name, handle) => {
    const origin = await serving(handle)
    const url = `${origin.url.replace('//', '//secret-user:secret-word@')}/things/{key}?token=secret-token`
    const source = httpSource({ url, headers: { 'x-api-key': 'secret-header' }, maxResponseBytes: 1000 })
    const error = await failureOf(source, 'secret-key')
    expect(everythingOf(error)).toContain(`GET ${origin.url}/things/{key} `)
    expect(everythingOf(error)).not.toMatch(/secret-/)
  })

  test('nobody listens', async () => {
    const origin = await serving(() => undefined)
    await origin.close()
    const error = await failureOf(keyed(origin))
    expect(error.message).toBe(`GET ${origin.url}/things/{key} got no response: ECONNREFUSED`)
    expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' })
    expect(everythingOf(error)).not.toContain('secret-')
  })
})

describe('requests', () => {
  test('send user name and password as basic authentication', async () => {
    const origin = await serving((_request, response) => void response.end('{}'))
    await loadAll(httpSource({ url: `${origin.url.replace('//', '//us%40er:p%3Ass@')}/{key}` }), ['one'])
    const sent = `Basic ${Buffer.from('us@er:p:ss').toString('base64')}`
    expect(origin.requests[0]?.headers.authorization).toBe(sent)
  })

  test('carry headers, those of a function made anew for each load', async () => {
    const origin = await serving((_request, response) => void response.end('{}'))
    let loads = 0
    const source = keyed(origin, {
      headers: async ({ keyspace }) => ({ 'X-Load': `${keyspace} ${++loads}`, ACCEPT: 'a/b' }),
    })
    await loadAll(source, ['one', 'two'])
    await loadAll(source, ['three'])
    expect(origin.requests.map(({ headers }) => headers['x-load'])).toStrictEqual(['test 1', 'test 1', 'test 2'])
    expect(origin.requests[0]?.headers.accept).toBe('a/b')
  })

  test('never leave the path of the template', async () => {
    const origin = await serving((_request, response) => void response.end('1'))
    const source = httpSource({ url: `${origin.url}/a/b/{key}` })
    const answers = await loadAll(source, ['.', '..', '../c', '%2e%2e', '\ud800', 'fine'])
    const refused = answers.map((answer) => answer instanceof FedcacheError && answer.code === 'BAD_USER_INPUT')
    expect(refused).toStrictEqual([true, true, false, false, true, false])
    expect(new Set(origin.requests.map(({ url }) => url))).toStrictEqual(
      new Set(['/a/b/%252e%252e', '/a/b/..%2Fc', '/a/b/fine']),
    )
  })

  test('run so many at a time, over all loads', async () => {
    const arrived: ServerResponse[] = []
    let atOnce = deferred()
    const origin = await serving((_request, response) => {
      arrived.push(response)
      if (arrived.length === 3) atOnce.resolve()
    })
    const source = keyed(origin, { concurrency: 3 })
    const loads = Promise.all([loadAll(source, ['1', '2', '3', '4']), loadAll(source, ['5', '6', '7', '8', '9'])])
    let most = 0
    for (let batch = 0; batch < 3; batch++) {
      await atOnce.promise
      atOnce = deferred()
      most = Math.max(most, arrived.length)
      for (const response of arrived.splice(0)) response.end('"x"')
    }
    expect((await loads).flat()).toStrictEqual(Array.from({ length: 9 }, () => 'x'))
    expect(most).toBe(3)
    expect(origin.requests).toHaveLength(9)
  })
})

describe('redirects', () => {
  test('are followed within the origin', async () => {
    const origin = await serving(({ url }, response) => {
      if (url === '/things/one?token=secret-token') response.writeHead(307, { location: '/moved' }).end('elsewhere')
      else response.end(JSON.stringify(url))
    })
    expect(await loadAll(keyed(origin), ['one'])).toStrictEqual(['/moved'])
  })

  test('to another origin are not followed', async () => {
    const other = await serving((_request, response) => void response.end('"other"'))
    const origin = await serving((_request, response) => void response.writeHead(302, { location: other.url }).end())
    const error = await failureOf(keyed(origin))
    expect(error.message).toContain('was redirected to another origin')
    expect(other.requests).toHaveLength(0)
  })

  test('that go round end', async () => {
    const origin = await serving((_request, response) => void response.writeHead(302, { location: '/again' }).end())
    const error = await failureOf(keyed(origin))
    expect(error.message).toContain('status 302')
    expect(origin.requests).toHaveLength(6)
  })

  test('of bulk requests are not followed', async () => {
    const origin = await serving((_request, response) => void response.writeHead(307, { location: '/again' }).end())
    await expect(loadAll(httpSource({ bulk: { url: origin.url } }), ['one'])).rejects.toThrow('status 307')
    expect(origin.requests).toHaveLength(1)
  })
})

describe('bodies', () => {
  test.each<['json' | 'text' | 'bytes', LoadResult]>([
    ['json', '北京'],
    ['text', '"北京"'],
    ['bytes', new Uint8Array(Buffer.from('"北京"'))],
  ])('as %s', async (format, expected) => {
    const origin = await serving((_request, response) => void response.end('"北京"'))
    expect(await loadAll(keyed(origin, { format }), ['one'])).toStrictEqual([expected])
  })

  test.each([
    ['json', Buffer.from('{"a":'), 'JSON'],
    ['json', Buffer.from(''), 'JSON'],
    ['json', Buffer.from([0x22, 0xff, 0x22]), 'JSON'],
    ['text', Buffer.from([0xff]), 'UTF-8'],
  ] as const)('that are no %s (%s) fail the key', async (format, body, what) => {
    const origin = await serving((_request, response) => void response.end(body))
    expect((await failureOf(keyed(origin, { format }))).message).toContain(`${body.length} bytes that are not ${what}`)
  })

  test('of JSON null mean not found', async () => {
    const origin = await serving((_request, response) => void response.end('null'))
    expect(await loadAll(keyed(origin, { parse: () => 'parsed' }), ['one'])).toStrictEqual([null])
  })

  test('are taken up to maxResponseBytes', async () => {
    const origin = await serving((_request, response) => void response.end(JSON.stringify('x'.repeat(998))))
    expect(await loadAll(keyed(origin, { maxResponseBytes: 1000 }), ['one'])).toStrictEqual(['x'.repeat(998)])
    expect((await failureOf(keyed(origin, { maxResponseBytes: 999 }))).message).toContain('more than 999 bytes')
  })

  test('are measured unpacked', async () => {
    const packed = gzipSync(Buffer.alloc(1_000_000, ' '))
    const origin = await serving((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed)
    })
    const error = await failureOf(keyed(origin, { maxResponseBytes: 100_000 }))
    expect(error.message).toContain('more than 100000 bytes')
  })

  test('without end are cut off', async () => {
    const closed = deferred()
    const origin = await serving((_request, response) => {
      const write = () => {
        while (response.write(Buffer.alloc(10_000, 32)));
      }
      response.on('drain', write).on('close', closed.resolve)
      write()
    })
    expect((await failureOf(keyed(origin, { maxResponseBytes: 50_000 }))).message).toContain('more than 50000 bytes')
    await closed.promise
  })

  test('go through parse, which may fail its own key', async () => {
    const origin = await serving(({ url }, response) => {
      response.writeHead(200, { 'x-ttl': '5' }).end(JSON.stringify({ data: url }))
    })
    const source = keyed(origin, {
      parse: (body, { key, status, headers }) => {
        if (key === 'bad') throw new Error('cannot read this')
        return sourceEntry({ body, status }, { ttlMs: Number(headers.get('x-ttl')) })
      },
    })
    const [good, bad] = await loadAll(source, ['good', 'bad'])
    const body = { data: '/things/good?token=secret-token' }
    expect(good).toStrictEqual(sourceEntry({ body, status: 200 }, { ttlMs: 5 }))
    expect(bad).toStrictEqual(new Error('cannot read this'))
  })
})

describe('time', () => {
  test('a request that takes too long fails its key as a timeout', async () => {
    const origin = await serving(({ url }, response) => {
      if (url?.startsWith('/things/fast') === true) response.end('1')
      else if (url?.startsWith('/things/half') === true) response.write('[')
    })
    const [fast, hung, half] = await loadAll(keyed(origin, { timeoutMs: 100 }), ['fast', 'hung', 'half'])
    expect(fast).toBe(1)
    expect(hung).toMatchObject({ code: 'SOURCE_TIMEOUT', message: 'The source did not answer within 100 ms.' })
    expect(half).toMatchObject({ code: 'SOURCE_TIMEOUT' })
  })

  test('an aborted load ends its requests and makes no new ones', async () => {
    const arrived = deferred<IncomingMessage>()
    const origin = await serving((request) => arrived.resolve(request))
    const abort = new AbortController()
    const load = loadAll(keyed(origin, { concurrency: 1 }), ['one', 'two'], loadContext(abort.signal))
    const request = await arrived.promise
    const closed = once(request.socket, 'close')
    abort.abort(new Error('nobody waits'))
    expect(await load).toStrictEqual([new Error('nobody waits'), new Error('nobody waits')])
    await closed
    expect(origin.requests).toHaveLength(1)
  })
})

describe('bulk', () => {
  test('posts what body makes, with the method given, and as JSON', async () => {
    const bodies: string[] = []
    const origin = await serving(async (request, response) => {
      bodies.push(`${request.method} ${request.headers['content-type']} ${await bodyOf(request)}`)
      response.end('[1,2]')
    })
    const bulk = { url: `${origin.url}/bulk`, method: 'put', body: (keys: readonly string[]) => ({ ids: keys }) }
    expect(await loadAll(httpSource({ bulk }), ['a', 'b'])).toStrictEqual([1, 2])
    expect(bodies).toStrictEqual(['PUT application/json {"ids":["a","b"]}'])
  })

  test('puts keys into the URL so that commas in keys stay apart', async () => {
    const origin = await serving((_request, response) => void response.end('[1,2]'))
    await loadAll(httpSource({ bulk: { url: `${origin.url}/things/{keys}` } }), ['a,b', "c'd"])
    expect(origin.requests[0]?.method).toBe('GET')
    expect(origin.requests[0]?.url).toBe('/things/a%2Cb,c%27d')
  })

  test.each([
    ['a Map', () => new Map([['b', 2]]), [null, 2]],
    ['an object', () => ({ b: 2, c: 3 }), [null, 2]],
    ['a list', () => [1, 2], [1, 2]],
  ])('takes %s', async (_name, parse, expected) => {
    const origin = await serving((_request, response) => void response.end('{}'))
    expect(await loadAll(httpSource({ bulk: { url: origin.url, parse } }), ['a', 'b'])).toStrictEqual(expected)
  })

  test('matches a list by key, whatever else is in it', async () => {
    const items = [{ id: 3 }, null, { id: 2, n: 'b' }, { id: 4 }, { id: 4 }]
    const origin = await serving((_request, response) => void response.end(JSON.stringify(items)))
    const bulk = { url: origin.url, keyOf: (item: unknown) => (item as { id: number }).id }
    const [one, two, four] = await loadAll(httpSource({ bulk }), ['1', '2', '4'])
    expect(one).toBeNull()
    expect(two).toStrictEqual({ id: 2, n: 'b' })
    expect(four).toStrictEqual(new Error('more than one value was found for "4"'))
  })

  test.each(['null', '"text"', '5'])('fails the load for %s', async (body) => {
    const origin = await serving((_request, response) => void response.end(body))
    await expect(loadAll(httpSource({ bulk: { url: origin.url } }), ['a'])).rejects.toThrow('neither a list')
  })

  test('fails the load for a 404', async () => {
    const origin = await serving((_request, response) => void response.writeHead(404).end('[null]'))
    await expect(loadAll(httpSource({ bulk: { url: origin.url } }), ['a'])).rejects.toThrow('status 404')
  })
})

describe('options', () => {
  test.each<[string, unknown, string[]]>([
    ['neither URL nor bulk', {}, ['url']],
    ['both', { url: 'https://a.example/{key}', bulk: { url: 'https://a.example' } }, ['url']],
    ['no {key}', { url: 'https://a.example/' }, ['url']],
    ['{key} as host', { url: 'https://{key}.example/' }, ['url']],
    ['{key} as password', { url: 'https://user:{key}@a.example/{key}' }, ['url']],
    ['{key} as fragment', { url: 'https://a.example/#{key}' }, ['url']],
    ['no URL', { url: 'a.example/{key}' }, ['url']],
    ['another scheme', { url: 'file:///etc/{key}' }, ['url']],
    ['a bulk without URL', { bulk: {} }, ['bulk.url']],
    ['a bulk that is null', { bulk: null }, ['bulk']],
    ['a bulk that is text', { bulk: 'https://a.example' }, ['bulk']],
    ['a method that is none', { bulk: { url: 'https://a.example', method: 'B AD' } }, ['bulk.method']],
    ['a method without a body', { bulk: { url: 'https://a.example', method: 'head' } }, ['bulk.method']],
    ['a method that is not sent', { bulk: { url: 'https://a.example', method: 'TRACE' } }, ['bulk.method']],
    ['headers that are null', { url: 'https://a.example/{key}', headers: null }, ['headers']],
    ['headers in a list', { url: 'https://a.example/{key}', headers: [['a', 'b']] }, ['headers']],
    ['Headers', { url: 'https://a.example/{key}', headers: new Headers({ a: 'b' }) }, ['headers']],
    [
      'headers that HTTP cannot carry',
      { url: 'https://a.example/{key}', headers: { 'a b': 'c', a: 'b\nc', b: '北京', c: 5, d: undefined, e: 'é' } },
      ['headers', 'headers', 'headers', 'headers', 'headers'],
    ],
    ['statuses as text', { url: 'https://a.example/{key}', notFoundStatuses: ['404'] }, ['notFoundStatuses']],
    ['statuses that are none', { url: 'https://a.example/{key}', notFoundStatuses: [404, 99] }, ['notFoundStatuses']],
    [
      'a bulk that is off',
      { bulk: { url: 'https://a.example', method: 5, body: [], parse: 1, keyOf: 'id' } },
      ['bulk.method', 'bulk.body', 'bulk.parse', 'bulk.keyOf'],
    ],
    [
      'numbers',
      { url: 'https://a.example/{key}', timeoutMs: 0, concurrency: 1.5, maxResponseBytes: '1mb' },
      ['timeoutMs', 'concurrency', 'maxResponseBytes'],
    ],
    [
      'kinds',
      { url: 'https://a.example/{key}', name: '', format: 'xml', headers: 'a', notFoundStatuses: 404, parse: 5 },
      ['name', 'headers', 'format', 'notFoundStatuses', 'parse'],
    ],
  ])('%s', (_name, options, expected) => {
    expect(problemsOf(() => httpSource(options as HttpKeyOptions))).toStrictEqual(expected)
  })

  test.each<[unknown, string]>([
    [{}, 'url: give exactly one of url and bulk; received nothing'],
    [{ url: 'http://x/' }, 'url: must have {key} where the key goes; received "http://x/"'],
    [
      { url: 'ftp://user:secret@a.example/{key}?token=secret' },
      'url: must be an http or https URL; received "ftp://***@a.example/{key}?token=***"',
    ],
    [
      { url: 'https://{key}.example/' },
      'url: may have {key} in its path and query only; received "https://{key}.example/"',
    ],
    [
      { url: 'https://a.example/{key}', headers: 'Bearer secret' },
      'headers: must be an object or a function; received "***"',
    ],
    [
      { url: 'https://a.example/{key}', headers: { authorization: 'secret\nsecret' } },
      'headers: has "authorization" with what HTTP cannot carry; received an object with authorization',
    ],
  ])('problems show what was received, and no secrets: %j', (options, message) => {
    expect(() => httpSource(options as HttpKeyOptions)).toThrow(`httpSource.${message}`)
  })
})
