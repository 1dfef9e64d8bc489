import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ServedCache, recordingSource, servedCache } from '../support/served-cache.ts'
import { hasBrowser, launchBrowser } from './browser.ts'

describe.skipIf(!hasBrowser)('GraphiQL in a browser', () => {
  const source = recordingSource((keys) => keys.map((key) => ({ key, city: '北京' })))
  const tabs = [
    { query: 'query Cities { entries(keyspace: "cities", keys: ["a", "b"]) { key value servedFrom } }' },
    { query: 'query Second($key: String!) { entry(keyspace: "cities", key: $key) { key } }', variables: { key: 'a' } },
  ]
  let cache: ServedCache
  let browser: Browser
  let url = ''

  beforeAll(async () => {
    cache = servedCache({ cities: { source } }, { graphiql: { tabs } })
    ;({ url } = await cache.server.listen())
    browser = await launchBrowser()
  })

  afterAll(async () => {
    await browser?.close()
    await cache.stop()
  })

  it('opens with its tabs, runs the query, knows the schema, and needs nothing from elsewhere', async () => {
    const page = await browser.newPage()
    const elsewhere: string[] = []
    const broken: string[] = []
    page.on('request', (request) => {
      if (/^https?:/.test(request.url()) && !request.url().startsWith(new URL(url).origin))
        elsewhere.push(request.url())
    })
    page.on('pageerror', (error) => broken.push(error.message))
    await page.goto(url)
    await page.getByText('Second').first().waitFor()
    expect(source.calls).toEqual([])
    await page.locator('.graphiql-execute-button').click()
    await page.locator('.result-window', { hasText: 'SOURCE' }).waitFor()
    expect(source.calls).toEqual([['a', 'b']])
    const result = await page.locator('.result-window').innerText()
    expect(result).toContain('北京')
    await page
      .getByRole('button', { name: /documentation/i })
      .first()
      .click()
    await page.getByText('query: Query').waitFor()
    expect(elsewhere).toEqual([])
    expect(broken).toEqual([])
    await page.close()
  })

  it('runs nothing by itself, not even what an address asks for', async () => {
    const page = await browser.newPage()
    const clear = 'mutation { clearKeyspace(input: { name: "cities" }) { keyspace { name } } }'
    await cache.engine.getMany('cities', ['a'])
    const sent: (string | null)[] = []
    page.on('request', (request) => sent.push(request.postData()))
    // The page asks for the schema once it has started; whatever it would run by itself it would run before.
    const started = page.waitForResponse((response) => response.request().postData()?.includes('__schema') === true)
    await page.goto(`${url}?query=${encodeURIComponent(clear)}`)
    await page.getByText('clearKeyspace').first().waitFor()
    await started
    expect(sent.filter((body) => body?.includes('clearKeyspace') === true)).toEqual([])
    expect((await cache.engine.get('cities', 'a'))?.servedFrom).toBe('OWNER')
    await page.close()
  })
})
