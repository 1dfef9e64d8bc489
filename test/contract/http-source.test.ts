import type { ServerResponse } from 'node:http'
import { describe, test } from 'vitest'
import { httpSource, type HttpSourceOptions } from '../../src/adapters/source/http-source.ts'
import { type SourceFixture, sourceContract } from '../../src/testing.ts'
import { bodyOf, httpOrigin } from '../support/http-origin.ts'

describe.each<[string, (url: string) => HttpSourceOptions]>([
  ['a path per key', (url) => ({ url: `${url}/entries/{key}/value` })],
  ['a query per key', (url) => ({ url: `${url}/entries?other=1&key={key}` })],
  ['a list of keys by POST', (url) => ({ bulk: { url: `${url}/bulk` } })],
  [
    'keys in the URL, answered in any order',
    (url) => ({
      bulk: {
        url: `${url}/bulk?keys={keys}`,
        parse: (body) => (body as { items: unknown[] }).items,
        keyOf: (item) => (item as { key: string }).key,
      },
    }),
  ],
  ['an object by key', (url) => ({ bulk: { url: `${url}/object` } })],
])('httpSource with %s', (_name, options) => {
  for (const { name, run } of sourceContract(() => httpFixture(options))) test(name, run)
})

async function httpFixture(options: (url: string) => HttpSourceOptions): Promise<SourceFixture> {
  const values = new Map<string, unknown>()
  const failing = new Set<string>()
  const origin = await httpOrigin(async (request, response) => {
    const url = new URL(request.url as string, 'http://origin')
    const { pathname, searchParams } = url
    if (pathname === '/bulk' && request.method === 'GET') {
      const keys = /keys=([^&]*)/.exec(url.search)?.[1]?.split(',').map(decodeURIComponent) ?? []
      const items = keys.filter((key) => values.has(key)).map((key) => ({ key, ...(values.get(key) as object) }))
      return answer(response, 200, { items: items.toReversed() })
    }
    if (pathname === '/bulk' || pathname === '/object') {
      const keys = JSON.parse(await bodyOf(request)) as string[]
      if (pathname === '/bulk')
        return answer(
          response,
          200,
          keys.map((key) => values.get(key) ?? null),
        )
      return answer(
        response,
        200,
        Object.fromEntries(keys.filter((key) => values.has(key)).map((key) => [key, values.get(key)])),
      )
    }
    const key = searchParams.get('key') ?? decodeURIComponent(pathname.split('/')[2] as string)
    if (failing.has(key)) return answer(response, 503, null)
    return answer(response, values.has(key) ? 200 : 404, values.get(key) ?? { message: 'not found' })
  })
  const settings = options(origin.url)
  const { url, bulk } = settings
  const givesKeys = bulk?.keyOf !== undefined
  return {
    source: httpSource(settings),
    // Answers in any order say themselves which key they are for.
    ...(givesKeys
      ? { value: (text: string) => ({ key: /^(?:value|text) of ([^]*)$/.exec(text)?.[1] ?? '', text }) }
      : {}),
    seed: async (seeds) => {
      for (const [key, value] of seeds) {
        if (givesKeys) (value as { key: string }).key = key
        values.set(key, value)
      }
    },
    ...(bulk === undefined
      ? { fail: async (key: string) => void failing.add(key) }
      : { calls: () => origin.requests.length }),
    refusedKeys: url?.includes('{key}/') === true ? ['.', '..'] : [],
    dispose: () => origin.close(),
  }
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
