import { once } from 'node:events'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectSecurely } from 'node:tls'
import { createClient } from 'graphql-ws'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { createFedcache, type Fedcache, type Logger } from '../../src/index.ts'
import { CertificateAuthority } from '../support/certificates.ts'
import { eventually } from '../support/cluster-world.ts'

let folder = ''
let authority: CertificateAuthority
let fedcache: Fedcache
let url = ''
const logged: string[] = []

const log = (_fields: object, message: string) => void logged.push(message)
const logger: Logger = { debug: log, info: log, warn: log, error: log, child: () => logger }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedcache-https-'))
  authority = await CertificateAuthority.make(folder, 'ca')
  await use('first')
  const tls = { cert: join(folder, 'used.pem'), key: join(folder, 'used-key.pem') }
  fedcache = createFedcache({
    port: 0,
    memoryLimit: '128mb',
    log: { logger },
    keyspaces: { things: {} },
    http: { tls, timeouts: { headers: '500ms', slowClient: '500ms' }, minReadRate: '1gb' },
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
  await eventually(
    () => logged,
    (lines) => lines.some((line) => line.includes('cannot be used')),
    'nothing was logged',
  )
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

test('who does not agree on TLS in time is cut off, and so is who does not read', async () => {
  const port = Number(new URL(url).port)
  const silent = connect(port, '127.0.0.1')
  await once(silent, 'close')

  const value = 'x'.repeat(2 ** 20)
  const keys = Array.from({ length: 32 }, (_, index) => `${index}`)
  await fedcache.engine.putMany(
    'things',
    keys.map((key) => ({ key, value })),
  )
  const list = keys.map((key) => `"${key}"`).join(' ')
  const query = encodeURIComponent(`{ entries(keyspace: "things", keys: [${list}]) { value } }`)
  const deaf = connectSecurely({ port, host: '127.0.0.1', rejectUnauthorized: false })
  deaf.on('error', () => {})
  await once(deaf, 'secureConnect')
  deaf.pause()
  deaf.write(`GET /graphql?query=${query} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  await eventually(
    () => logged,
    (lines) => lines.includes('a client that reads too slowly was cut off'),
    'it was not cut off',
  )
  deaf.destroy()
})

test('WebSockets over it are closed in order when the server stops', async () => {
  const tls = { cert: join(folder, 'first.pem'), key: join(folder, 'first-key.pem') }
  const stopping = createFedcache({ port: 0, memoryLimit: '16mb', log: { level: 'silent' }, http: { tls } })
  const address = (await stopping.listen()).url.replace('https', 'wss')
  const socket = new WebSocket(address, 'graphql-transport-ws', { rejectUnauthorized: false })
  await once(socket, 'open')
  const [[code]] = await Promise.all([once(socket, 'close') as Promise<[number]>, stopping.stop()])
  expect(code).toBe(1001)
})

test.each<readonly [string, string, string, RegExp]>([
  ['a certificate', 'missing.pem', 'used-key.pem', /^http\.tls\.cert cannot be read: ENOENT.*missing\.pem/],
  ['a key', 'used.pem', 'missing-key.pem', /^http\.tls\.key cannot be read: ENOENT.*missing-key\.pem/],
  [
    'a key of its certificate',
    'used.pem',
    'ca-key.pem',
    /^http\.tls: .*used\.pem and .*ca-key\.pem cannot be used together: error:/,
  ],
])('does not start without %s, and says so', async (_what, cert, key, problem) => {
  const tls = { cert: join(folder, cert), key: join(folder, key) }
  const without = createFedcache({ port: 0, memoryLimit: '16mb', log: { level: 'silent' }, http: { tls } })
  await expect(without.listen()).rejects.toThrow(problem)
  await without.stop()
})
