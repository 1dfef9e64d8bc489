import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'graphql-ws'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { createFedcache, type Fedcache } from '../../src/index.ts'
import { CertificateAuthority } from '../support/certificates.ts'
import { eventually } from '../support/cluster-world.ts'

let folder = ''
let authority: CertificateAuthority
let fedcache: Fedcache
let url = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedcache-https-'))
  authority = await CertificateAuthority.make(folder, 'ca')
  await use('first')
  const tls = { cert: join(folder, 'used.pem'), key: join(folder, 'used-key.pem') }
  fedcache = createFedcache({
    port: 0,
    memoryLimit: '16mb',
    log: { level: 'silent' },
    keyspaces: { things: {} },
    http: { tls },
  })
  ;({ url } = await fedcache.listen())
})

afterAll(async () => {
  await fedcache.stop()
  await rm(folder, { recursive: true })
})

async function use(name: string): Promise<void> {
  const { cert, key } = await authority.sign(name, { alternatives: 'DNS:localhost,IP:127.0.0.1' })
  await cp(key, join(folder, 'used-key.pem'))
  await cp(cert, join(folder, 'used.pem'))
}

/** The name in the certificate that a new connection is shown, and the answer. */
async function asked(): Promise<{ readonly name: string; readonly text: string }> {
  const ca = await readFile(authority.ca)
  return new Promise((resolve, reject) => {
    const sent = request(`${url}?query={__typename}`, { ca, agent: false, headers: { accept: 'application/json' } })
    sent.on('error', reject)
    sent.on('response', (response) => {
      const { CN } = (
        response.socket as unknown as { getPeerCertificate(): { subject: { CN: string } } }
      ).getPeerCertificate().subject
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () => resolve({ name: CN, text }))
    })
    sent.end()
  })
}

test('answers over TLS, says so in its URL, and uses a new certificate without a restart', async () => {
  expect(url).toMatch(/^https:/)
  expect(await asked()).toStrictEqual({ name: 'first', text: '{"data":{"__typename":"Query"}}' })
  await use('second')
  await eventually(asked, ({ name }) => name === 'second', 'the certificate is not used')
  // What cannot be used changes nothing.
  await writeFile(join(folder, 'used.pem'), 'nonsense')
  await new Promise((resolve) => setTimeout(resolve, 2500))
  expect((await asked()).name).toBe('second')
})

test('WebSockets go over it as well, and clear HTTP does not', async () => {
  const client = createClient({
    url: url.replace('https', 'wss'),
    webSocketImpl: class extends WebSocket {
      constructor(address: string, protocols?: string | string[]) {
        super(address, protocols, { rejectUnauthorized: false })
      }
    },
  })
  const { value } = await client.iterate({ query: '{ __typename }' }).next()
  expect(value).toEqual({ data: { __typename: 'Query' } })
  await client.dispose()
  await expect(fetch(url.replace('https', 'http'))).rejects.toThrow('fetch failed')
})

test('does not start without its certificate', async () => {
  const tls = { cert: join(folder, 'missing.pem'), key: join(folder, 'missing-key.pem') }
  const missing = createFedcache({ port: 0, memoryLimit: '16mb', log: { level: 'silent' }, http: { tls } })
  await expect(missing.listen()).rejects.toThrow('missing.pem')
  await missing.stop()
})
