import { existsSync } from 'node:fs'
import { type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Browser, chromium } from 'playwright-core'

const executablePath = '/usr/bin/chromium'

/** Whether there is a browser to test with. */
export const hasBrowser: boolean = existsSync(executablePath)

if (!hasBrowser) process.stderr.write(`\nBROWSER TESTS ARE SKIPPED: there is no ${executablePath}.\n\n`)

/** Starts a browser that reaches this machine and nothing else. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // Names of pages of others lead to this machine, as in DNS rebinding; everything else leads nowhere.
      '--host-resolver-rules=MAP evil.example 127.0.0.1,MAP * ~NOTFOUND,EXCLUDE localhost,EXCLUDE 127.0.0.1',
    ],
  })
}

/** A server of somebody else on this machine, with one empty page. */
export async function foreignSite(): Promise<{ readonly port: number; close(): void }> {
  const server: Server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' })
    response.end('<!doctype html><title>Elsewhere</title><body></body>')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { port, close: () => void server.close() }
}
