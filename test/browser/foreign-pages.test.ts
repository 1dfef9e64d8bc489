import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ServedCache, recordingSource, servedCache } from '../support/served-cache.ts'
import { foreignSite, hasBrowser, launchBrowser } from './browser.ts'

const query = '{ entry(keyspace: "things", key: "a") { value } }'
const mutation = 'mutation { putEntry(input: { keyspace: "mine", key: "k", value: "stolen" }) { entry { key } } }'

/** Runs in the page: tries to fetch, and tells what it could read. */
async function attempt([address, init]: readonly [string, RequestInit]): Promise<string> {
  try {
    const response = await fetch(address, init)
    return `${response.type} ${response.status} ${await response.text()}`
  } catch {
    return 'blocked'
  }
}

/** Runs in the page: tries to subscribe over a WebSocket, and tells what came of it. */
function attemptWebSocket(address: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(address, 'graphql-transport-ws')
    socket.addEventListener('open', () => resolve('open'))
    socket.addEventListener('error', () => resolve('blocked'))
  })
}

describe.skipIf(!hasBrowser)('a page of another origin', () => {
  const source = recordingSource((keys) => keys.map(() => 'secret'))
  let cache: ServedCache
  let browser: Browser
  let site: Awaited<ReturnType<typeof foreignSite>>
  let page: Page
  let url = ''
  let port = 0

  beforeAll(async () => {
    cache = servedCache({ things: { source }, mine: {} })
    ;({ port } = await cache.server.listen())
    url = `http://localhost:${port}/graphql`
    site = await foreignSite()
    browser = await launchBrowser()
  })

  afterAll(async () => {
    await browser?.close()
    site?.close()
    await cache.stop()
  })

  beforeEach(async () => {
    await cache.engine.put('mine', { key: 'k', value: 'untouched' })
  })

  async function expectUntouched(): Promise<void> {
    expect((await cache.engine.get('mine', 'k'))?.value).toBe('untouched')
    expect(source.calls).toEqual([])
  }

  // Another port of this machine is same-site, another name is cross-site.
  describe.each(['localhost', '127.0.0.1', 'evil.example'])('at %s', (host) => {
    beforeEach(async () => {
      page = await browser.newPage()
      await page.goto(`http://${host}:${site.port}/`)
    })

    it.each([
      ['a GET', `?query=${encodeURIComponent(query)}`, {}],
      ['a GET without CORS', `?query=${encodeURIComponent(query)}`, { mode: 'no-cors' }],
      [
        'a POST of JSON',
        '',
        { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query: mutation }) },
      ],
      [
        'a POST of JSON without CORS',
        '',
        {
          method: 'POST',
          mode: 'no-cors',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ query: mutation }),
        },
      ],
      [
        'a POST of text',
        '',
        {
          method: 'POST',
          mode: 'no-cors',
          headers: { 'content-type': 'text/plain' },
          body: JSON.stringify({ query: mutation }),
        },
      ],
      ['a GET of a mutation', `?query=${encodeURIComponent(mutation)}`, { mode: 'no-cors' }],
    ] as const)('neither reads nor writes with %s', async (_what, path, init) => {
      const outcome = await page.evaluate(attempt, [url + path, init] as const)
      // An opaque answer is one that the page cannot look into.
      expect(outcome).toMatch(/^(blocked|opaque 0 )$/)
      await expectUntouched()
      await page.close()
    })

    it.each(['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'])(
      'does not write with a form of %s',
      async (type) => {
        const answered = page.waitForResponse((response) => response.request().method() === 'POST')
        await page.evaluate(
          ([action, enctype, value]) => {
            const form = Object.assign(document.createElement('form'), { action, enctype, method: 'POST' })
            const input = Object.assign(document.createElement('input'), { name: 'query', value })
            form.append(input)
            document.body.append(form)
            form.submit()
          },
          [url, type, mutation] as const,
        )
        expect((await answered).status()).toBe(403)
        await expectUntouched()
        await page.close()
      },
    )

    it('gets nothing by an image, a script or a frame', async () => {
      const address = `${url}?query=${encodeURIComponent(query)}`
      const outcomes = await page.evaluate(async (source) => {
        const load = (name: 'img' | 'script') =>
          new Promise<string>((resolve) => {
            const element = document.createElement(name)
            element.addEventListener('load', () => resolve('loaded'))
            element.addEventListener('error', () => resolve('blocked'))
            element.src = source
            document.body.append(element)
          })
        const frame = document.createElement('iframe')
        frame.src = source
        document.body.append(frame)
        await new Promise((resolve) => frame.addEventListener('load', resolve))
        return [await load('img'), await load('script'), frame.contentDocument === null ? 'blocked' : 'loaded']
      }, address)
      expect(outcomes).toEqual(['blocked', 'blocked', 'blocked'])
      await expectUntouched()
      await page.close()
    })

    it('cannot open a WebSocket or an event stream', async () => {
      const socket = await page.evaluate(attemptWebSocket, url.replace('http', 'ws'))
      expect(socket).toBe('blocked')
      const stream = await page.evaluate(
        (address) =>
          new Promise((resolve) => {
            const events = new EventSource(address)
            events.addEventListener('open', () => resolve('open'))
            events.addEventListener('error', () => resolve('blocked'))
          }),
        `${url}?query=${encodeURIComponent('subscription { entryChanges(keyspace: "mine") { key } }')}`,
      )
      expect(stream).toBe('blocked')
      await page.close()
    })
  })

  it('that rebinds its name to this machine gets nothing', async () => {
    page = await browser.newPage()
    const response = await page.goto(`http://evil.example:${port}/graphql`)
    expect(response?.status()).toBe(403)
    // The page is of the server's own origin now, so the browser would let it do anything.
    const outcome = await page.evaluate(attempt, [
      `http://evil.example:${port}/graphql`,
      { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query: mutation }) },
    ] as const)
    expect(outcome).toMatch(/^basic 403 /)
    const socket = await page.evaluate(attemptWebSocket, `ws://evil.example:${port}/graphql`)
    expect(socket).toBe('blocked')
    await expectUntouched()
    await page.close()
  })

  it('is no danger to a page of the same origin, which reads and writes', async () => {
    page = await browser.newPage()
    await page.goto(`http://localhost:${port}/health`)
    const outcome = await page.evaluate(attempt, [
      url,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: '{ __typename }' }),
      },
    ] as const)
    expect(outcome).toBe('basic 200 {"data":{"__typename":"Query"}}')
    expect(await page.evaluate(attemptWebSocket, url.replace('http', 'ws'))).toBe('open')
    await page.close()
  })
})
