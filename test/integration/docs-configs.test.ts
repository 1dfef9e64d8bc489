import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server, request as httpsRequest } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { type Config, createFedcache, type Fedcache, loadConfig } from '../../src/index.ts'
import { CertificateAuthority } from '../support/certificates.ts'
import { eventually } from '../support/cluster-world.ts'
import { kubernetesApi } from '../support/kubernetes-api.ts'
import { asMachine } from '../support/machine.ts'
import { type NatsServer, natsServer } from '../support/nats-server.ts'
import { type Answer, codesOf, post } from '../support/served-cache.ts'

// The configurations of the pages are used as they are written there, on machines that have what they name: servers,
// files, variables. Only the port is another, and the memory less.

let folder = ''
let authority: CertificateAuthority
const running: Fedcache[] = []
const cleanups: (() => unknown)[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedcache-docs-configs-'))
  authority = await CertificateAuthority.make(folder, 'ca')
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((fedcache) => fedcache.stop()))
  for (const cleanup of cleanups.splice(0)) await cleanup()
})
afterAll(() => rm(folder, { recursive: true }))

let loaded = 0

/** A configuration of a page, by its place there. */
async function configOf(page: string, index = 0): Promise<Config> {
  const text = readFileSync(fileURLToPath(new URL(`../../${page}`, import.meta.url)), 'utf8')
  const blocks = Array.from(text.matchAll(/^```ts\n(.*?)^```$/gms), ([, block]) => block!)
  const path = join(folder, `${loaded++}.config.ts`)
  await writeFile(path, blocks[index]!)
  return loadConfig(path)
}

function made(config: Config, changes: Config = {}): Fedcache {
  const fedcache = createFedcache({ ...config, port: 0, memoryLimit: '16mb', log: { level: 'silent' }, ...changes })
  running.push(fedcache)
  return fedcache
}

async function ask(fedcache: Fedcache, query: string, headers: Readonly<Record<string, string>> = {}) {
  const response = await fedcache.fetch(post({ query }, headers))
  return { status: response.status, ...((await response.json()) as Answer) }
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const read = '{ entry(keyspace: "cities", key: "a") { value } }'
const write = 'mutation { putEntry(input: { keyspace: "cities", key: "a", value: 1 }) { entry { value } } }'

/** Files by name in a folder of their own. */
async function filesOf(files: Readonly<Record<string, string | Buffer>>): Promise<string> {
  const into = await mkdtemp(join(folder, 'files-'))
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(into, name), text)))
  return into
}

describe('docs/auth-tokens.md', () => {
  test('lets the website read and the importer write', async () => {
    vi.stubEnv('CITIES_READER_TOKEN', 'of-the-website')
    asMachine({ folders: { '/run/secrets': await filesOf({ 'importer-token': 'of-the-importer\n' }) } })
    const fedcache = made(await configOf('docs/auth-tokens.md'))
    expect((await ask(fedcache, read)).status).toBe(401)
    expect((await ask(fedcache, write, bearer('of-the-importer'))).data).toStrictEqual({
      putEntry: { entry: { value: 1 } },
    })
    expect((await ask(fedcache, read, bearer('of-the-website'))).data).toStrictEqual({ entry: { value: 1 } })
    expect(codesOf(await ask(fedcache, write, bearer('of-the-website')))).toStrictEqual(['FORBIDDEN'])
  })
})

describe('docs/auth-jwt.md', () => {
  test('lets in who brings a token of the issuer', async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256')
    const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256' }] }
    const issuer = await secureServer('login.example.com', JSON.stringify(keys))
    asMachine({ servers: { 'login.example.com:443': issuer } })
    const token = (audience: string) =>
      new SignJWT({ scope: 'openid read:cities' })
        .setProtectedHeader({ alg: 'RS256', kid: 'one' })
        .setIssuer('https://login.example.com/')
        .setAudience(audience)
        .setExpirationTime('5m')
        .sign(privateKey)
    const fedcache = made(await configOf('docs/auth-jwt.md'))
    expect(await ask(fedcache, read, bearer(await token('fedcache')))).toMatchObject({ data: { entry: null } })
    expect(codesOf(await ask(fedcache, write, bearer(await token('fedcache'))))).toStrictEqual(['FORBIDDEN'])
    expect((await ask(fedcache, read, bearer(await token('others')))).status).toBe(401)
  })
})

/** Serves one answer over HTTPS under a name that this process now believes; gives its port. */
async function secureServer(name: string, answer: string): Promise<number> {
  const { cert, key } = await authority.sign(name, { alternatives: `DNS:${name}` })
  const server: Server = createServer({ cert: await readFile(cert), key: await readFile(key) }, (_request, response) =>
    response.end(answer),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const believed = getCACertificates('default')
  setDefaultCACertificates([...believed, await readFile(authority.ca, 'utf8')])
  cleanups.push(
    () => server.closeAllConnections(),
    () => server.close(),
    () => setDefaultCACertificates(believed),
  )
  return (server.address() as AddressInfo).port
}

describe('docs/auth-function.md', () => {
  test('knows whom the proxy tells of, keeps tenants apart, and asks the hook', async () => {
    const fedcache = made(await configOf('docs/auth-function.md'))
    const [ann, bob] = [{ 'x-authenticated-user': 'ann@acme' }, { 'x-authenticated-user': 'bob@other' }]
    const put = (key: string) =>
      `mutation { putEntry(input: { keyspace: "notes", key: "${key}", value: 1 }) { entry { value } } }`
    const note = '{ entry(keyspace: "notes", key: "a") { value } }'
    expect((await ask(fedcache, note)).status).toBe(401)
    expect((await ask(fedcache, put('a'), ann)).data).toBeTruthy()
    expect((await ask(fedcache, note, ann)).data).toStrictEqual({ entry: { value: 1 } })
    expect((await ask(fedcache, note, bob)).data).toStrictEqual({ entry: null })
    expect(codesOf(await ask(fedcache, put('frozen'), ann))).toStrictEqual(['FORBIDDEN'])
    expect(codesOf(await ask(fedcache, write, ann))).toStrictEqual(['FORBIDDEN'])
  })
})

describe('docs/http.md', () => {
  test('limits what is asked', async () => {
    vi.stubEnv('CITIES_READER_TOKEN', 'of-the-website')
    const fedcache = made(await configOf('docs/http.md'))
    expect((await ask(fedcache, read)).status).toBe(401)
    expect((await ask(fedcache, read, bearer('of-the-website'))).data).toStrictEqual({ entry: null })
    const schema = await ask(fedcache, '{ __schema { queryType { name } } }', bearer('of-the-website'))
    expect(new Set(codesOf(schema))).toStrictEqual(new Set(['GRAPHQL_VALIDATION_FAILED']))
    const page = await fedcache.fetch(new Request('http://localhost/graphql', { headers: { accept: 'text/html' } }))
    expect(page.status).toBe(401)
    expect((await ask(fedcache, `{ # ${'x'.repeat(2 ** 20)}\n __typename }`, bearer('of-the-website'))).status).toBe(
      413,
    )
  })

  test('speaks HTTPS with the files that are named', async () => {
    const { cert, key } = await authority.sign('server', { alternatives: 'DNS:localhost,IP:127.0.0.1' })
    const files = { 'server.pem': await readFile(cert), 'server-key.pem': await readFile(key) }
    asMachine({ folders: { '/etc/fedcache/tls': await filesOf(files) } })
    const { url } = await made(await configOf('docs/http.md', 1)).listen()
    const ca = await readFile(authority.ca)
    const status = await new Promise((resolve, reject) => {
      httpsRequest(url.replace('/graphql', '/health'), { ca }, ({ statusCode }) => resolve(statusCode))
        .on('error', reject)
        .end()
    })
    expect(status).toBe(200)
  })
})

async function readiness(fedcache: Fedcache): Promise<number> {
  return (await fedcache.fetch(new Request('http://localhost/ready'))).status
}

const becomesReady = (fedcache: Fedcache) =>
  eventually(
    () => readiness(fedcache),
    (status) => status === 200,
    'it did not become ready',
  )

async function nats(): Promise<NatsServer> {
  const server = await natsServer()
  cleanups.push(() => server.dispose())
  return server
}

describe.each([
  ['docs/discovery-static.md', 'nats-2.internal:4222', {}],
  ['docs/discovery-dns.md', '127.0.0.9:4222', { 'nats.internal': '127.0.0.9' }],
])('%s', (page, address, names) => {
  test('finds NATS', async () => {
    const server = await nats()
    asMachine({ servers: { 'nats-1.internal:4222': 1, [address]: server.port }, names })
    const fedcache = made(await configOf(page))
    void fedcache.listen()
    await becomesReady(fedcache)
  })
})

describe('docs/discovery-kubernetes.md', () => {
  test('finds NATS', async () => {
    const server = await nats()
    const api = await kubernetesApi()
    cleanups.push(() => api.close())
    api.namespace = 'messaging'
    api.set('nats-a', { service: 'nats', addresses: ['10.1.2.3'] })
    const kubeconfig = join(await filesOf({}), 'config')
    await api.kubeconfig(kubeconfig)
    vi.stubEnv('KUBECONFIG', kubeconfig)
    asMachine({ servers: { '10.1.2.3:4222': server.port } })
    const fedcache = made(await configOf('docs/discovery-kubernetes.md'))
    void fedcache.listen()
    await becomesReady(fedcache)
  })
})

describe('docs/discovery-nats.md', () => {
  test('waits for the other peer', async () => {
    const server = await nats()
    asMachine({ servers: { 'nats-1.internal:4222': server.port, 'nats-2.internal:4222': 1 } })
    const config = await configOf('docs/discovery-nats.md')
    const first = made(config)
    void first.listen()
    await eventually(
      () => first.engine.cluster(),
      ({ settled }) => settled,
      'it did not join',
    )
    expect(await readiness(first)).toBe(503)
    const second = made(config, { cluster: { ...config.cluster, peerId: 'shop-2' } })
    void second.listen()
    await becomesReady(first)
    await becomesReady(second)
  })
})

describe('docs/discovery-standalone.md', () => {
  test('needs no NATS', async () => {
    const fedcache = made(await configOf('docs/discovery-standalone.md'))
    await fedcache.listen()
    expect(await readiness(fedcache)).toBe(200)
  })
})

/** NATS with the configuration that deploy/ has, and certificates made here. */
async function deployedNats(names: string): Promise<NatsServer> {
  await authority.sign('nats', { file: 'server', alternatives: names })
  const written = await readFile(new URL('../../deploy/nats/nats.conf', import.meta.url), 'utf8')
  const text = written.replaceAll('/etc/nats/tls', folder).replaceAll(/^(?:http|port): .*$/gm, '')
  const server = await natsServer({ config: text })
  cleanups.push(() => server.dispose())
  return server
}

/** The certificates of peers, as files in a folder of their own. */
async function certificatesOf(...peerIds: string[]): Promise<string> {
  const files: Record<string, Buffer> = { 'ca.pem': await readFile(authority.ca) }
  for (const id of peerIds) {
    const { cert, key } = await authority.sign(id)
    files[`${id}.pem`] = await readFile(cert)
    files[`${id}-key.pem`] = await readFile(key)
  }
  return filesOf(files)
}

describe('SECURITY.md', () => {
  test('speaks to NATS by TLS, as deploy/nats has it', async () => {
    const server = await deployedNats('DNS:nats-1.internal')
    const folders = { '/etc/fedcache/nats': await certificatesOf('fedcache-0') }
    asMachine({ folders, servers: { 'nats-1.internal:4222': server.port } })
    const fedcache = made(await configOf('SECURITY.md'))
    void fedcache.listen()
    await becomesReady(fedcache)
  })
})

describe('deploy/kubernetes', () => {
  test('has the configuration of peers that find NATS, prove who they are, and are one cache', async () => {
    const server = await deployedNats('DNS:nats')
    const { cert, key } = await authority.sign('kubernetes', { alternatives: 'IP:127.0.0.1' })
    const api = await kubernetesApi({ cert: await readFile(cert), key: await readFile(key) })
    cleanups.push(() => api.close())
    api.namespace = 'cache'
    api.token = 'account'
    api.set('nats-a', { service: 'nats', addresses: ['10.1.2.3'] })
    vi.stubEnv('KUBECONFIG', '')
    vi.stubEnv('HOME', await filesOf({}))
    vi.stubEnv('KUBERNETES_SERVICE_HOST', '127.0.0.1')
    vi.stubEnv('KUBERNETES_SERVICE_PORT', String(api.port))
    asMachine({
      folders: {
        '/var/run/secrets/kubernetes.io/serviceaccount': await filesOf({
          token: 'account',
          namespace: 'cache',
          'ca.crt': await readFile(authority.ca),
        }),
        '/etc/fedcache/nats': await certificatesOf('fedcache-0', 'fedcache-1'),
        '/etc/fedcache/tokens': await filesOf({ token: 'of-clients\n', 'metrics-token': 'of-prometheus\n' }),
      },
      servers: { '10.1.2.3:4222': server.port },
    })
    const manifests = readFileSync(
      fileURLToPath(new URL('../../deploy/kubernetes/fedcache.yaml', import.meta.url)),
      'utf8',
    )
    const objects = parseAllDocuments(manifests).map(
      (one) => one.toJS() as { kind: string; data: Record<string, string> },
    )
    const configMap = objects.find(({ kind }) => kind === 'ConfigMap')!
    const peers: Fedcache[] = []
    for (const id of ['fedcache-0', 'fedcache-1']) {
      vi.stubEnv('FEDCACHE_PEER_ID', id)
      const path = join(folder, `${id}.config.ts`)
      await writeFile(path, configMap.data['fedcache.config.ts']!)
      peers.push(made(await loadConfig(path)))
    }
    for (const one of peers) void one.listen()
    await Promise.all(peers.map((one) => becomesReady(one)))
    const put = 'mutation { putEntry(input: { keyspace: "sessions", key: "a", value: 1 }) { confirmedBy { id } } }'
    expect((await ask(peers[0]!, put)).status).toBe(401)
    const { data } = await ask(peers[0]!, put, bearer('of-clients'))
    expect(data.putEntry.confirmedBy).toHaveLength(2)
    const got = await ask(peers[1]!, '{ entry(keyspace: "sessions", key: "a") { value } }', bearer('of-clients'))
    expect(got.data).toStrictEqual({ entry: { value: 1 } })
    const scraped = await peers[1]!.fetch(new Request('http://localhost/metrics', { headers: bearer('of-prometheus') }))
    expect(scraped.status).toBe(200)
  })
})
