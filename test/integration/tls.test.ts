import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type NatsConnection } from 'nats'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createFedcache, type ClusterConfig, type Fedcache, functionSource, type LogFields } from '../../src/index.ts'
import { CertificateAuthority, type CertificateFiles } from '../support/certificates.ts'
import { eventually } from '../support/cluster-world.ts'
import { type NatsServer, natsServer } from '../support/nats-server.ts'

// Everything over the very file that deploy/ has, with certificates made here.

const ids = ['fedcache-0', 'fedcache-1', 'fedcache-2'] as const
let folder = ''
let authority: CertificateAuthority
let certificates: Record<string, CertificateFiles>
let nats: NatsServer
let running: Fedcache[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedcache-tls-'))
  authority = await CertificateAuthority.make(folder, 'ca')
  const foreign = await CertificateAuthority.make(folder, 'foreign-ca')
  await authority.sign('nats', { file: 'server', alternatives: 'DNS:nats.test,DNS:localhost' })
  certificates = {
    ...Object.fromEntries(await Promise.all(ids.map(async (id) => [id, await authority.sign(id)] as const))),
    foreign: await foreign.sign('fedcache-0', { file: 'foreign' }),
    expired: await authority.sign('fedcache-0', { file: 'expired', days: -1 }),
    stranger: await authority.sign('stranger'),
    neighbour: await authority.sign('neighbour'),
  }
  const written = await readFile(new URL('../../deploy/nats/nats.conf', import.meta.url), 'utf8')
  const config = written.replaceAll('/etc/nats/tls', folder).replace(/^http: .*$/m, '')
  // Another cluster on the same servers, whose peer may do whatever it likes within its own account.
  const neighbours = 'NEIGHBOURS { users: [ { user: "CN=neighbour" } ] }'
  nats = await natsServer({
    config: config.replace(/^port: .*$/m, '').replace('accounts {', `accounts {\n${neighbours}`),
  })
})

afterEach(async () => {
  await Promise.all(running.map((fedcache) => fedcache.stop()))
  running = []
})

afterAll(async () => {
  await nats.dispose()
  await rm(folder, { recursive: true })
})

interface Peer extends Fedcache {
  readonly logged: () => string
  readonly ready: () => Promise<{ readonly status: number; readonly reason: string | null }>
}

let loads = 0

function peer(peerId: string, cluster: Partial<ClusterConfig> = {}): Peer {
  let logged = ''
  const log = (fields: LogFields, message: string) => {
    logged += `${message} ${JSON.stringify(fields, (_name, value: unknown) => (value instanceof Error ? value.message : value))}\n`
  }
  const logger = { debug: log, info: log, warn: log, error: log, child: () => logger }
  const fedcache = createFedcache({
    port: 0,
    memoryLimit: '16mb',
    log: { logger },
    cluster: {
      peerId,
      nats: nats.url,
      tls: { ca: authority.ca, ...certificates[peerId], serverName: 'nats.test' },
      ...cluster,
    },
    keyspaces: {
      things: {
        source: functionSource({
          name: 'things',
          loadMany: (keys) => {
            loads += keys.length
            return keys.map((key) => `value of ${key}`)
          },
        }),
      },
      puts: {},
    },
  })
  running.push(fedcache)
  return {
    ...fedcache,
    logged: () => logged,
    ready: async () => {
      const response = await fedcache.fetch(new Request('http://localhost/ready'))
      const { reason } = (await response.json()) as { reason: string | null }
      return { status: response.status, reason }
    },
  }
}

async function settled(peers: readonly Peer[]): Promise<void> {
  await Promise.all(peers.map((one) => one.engine.start()))
  await eventually(
    () => peers.map((one) => one.engine.cluster()),
    (clusters) => clusters.every((cluster) => cluster.settled && cluster.peers.length === peers.length),
    'the peers did not agree',
  )
}

test('three peers with certificates and the permissions of deploy/ are one cache', async () => {
  const peers = ids.map((id) => peer(id))
  await settled(peers)
  loads = 0
  const keys = Array.from({ length: 200 }, (_, index) => `key-${index}`)
  const read = await Promise.all(peers.map((one) => one.engine.getMany('things', keys)))
  for (const entries of read) {
    expect(entries.map((entry) => (entry as { value: unknown }).value)).toStrictEqual(
      keys.map((key) => `value of ${key}`),
    )
  }
  expect(loads).toBe(keys.length)
  for (const [index, one] of peers.entries()) {
    const { confirmedBy, unconfirmed } = await one.engine.put('puts', { key: `put-${index}`, value: index })
    expect([confirmedBy.length, unconfirmed]).toStrictEqual([3, []])
    for (const other of peers) expect((await other.engine.get('puts', `put-${index}`))?.value).toBe(index)
  }
  await peers[0]!.engine.createKeyspace({ name: 'made' })
  await eventually(
    () => peers.map((one) => one.engine.keyspace('made')),
    (found) => found.every((keyspace) => keyspace !== undefined),
    'the keyspace was not made everywhere',
  )
  await peers[2]!.stop()
  await eventually(
    () => peers[0]!.engine.cluster(),
    (cluster) => cluster.settled && cluster.peers.filter(({ state }) => state === 'ALIVE').length === 2,
    'the peer did not leave',
  )
  for (const one of peers) expect(one.logged()).not.toMatch(/permission/i)
})

describe('is refused, is not ready and says why:', () => {
  const said = (one: Peer, pattern: RegExp) =>
    eventually(
      () => one.logged(),
      (logged) => pattern.test(logged),
      'nothing was logged',
    )

  test.each([
    ['a client without a certificate', () => ({ ca: authority.ca, serverName: 'nats.test' })],
    [
      'a certificate of nobody known',
      () => ({ ca: authority.ca, ...certificates['stranger'], serverName: 'nats.test' }),
    ],
    ['a server of another name', () => ({ ca: authority.ca, ...certificates['fedcache-0'], serverName: 'other.test' })],
    ['a server of a foreign authority', () => ({ ca: join(folder, 'foreign-ca.pem'), ...certificates['fedcache-0'] })],
  ])('%s', async (_what, tls) => {
    const one = peer('fedcache-0', { tls: tls() })
    void one.listen()
    await said(one, /by TLS|refuses who/)
    expect((await one.ready()).status).toBe(503)
    expect(one.engine.cluster().peers.filter(({ id }) => id !== 'fedcache-0')).toStrictEqual([])
  })

  test.each([
    ['a foreign certificate', 'foreign', /by TLS/],
    ['an expired certificate', 'expired', /by TLS/],
    ['a certificate file that is missing', undefined, /certificates cannot be used.*used(-key)?\.pem/],
  ])('%s, until the files are mended', async (_what, name, line) => {
    const used = { cert: join(folder, 'used.pem'), key: join(folder, 'used-key.pem') }
    await Promise.all(Object.values(used).map((file) => rm(file, { force: true })))
    const use = async ({ cert, key }: CertificateFiles) => {
      await cp(key, used.key)
      await cp(cert, used.cert)
    }
    if (name !== undefined) await use(certificates[name]!)
    const one = peer('fedcache-0', { tls: { ca: authority.ca, ...used, serverName: 'nats.test' } })
    void one.listen()
    await said(one, line)
    expect((await one.ready()).status).toBe(503)
    await use(certificates['fedcache-0']!)
    await eventually(
      () => one.ready(),
      ({ status }) => status === 200,
      'it did not become ready',
    )
  })
})

test('a server without TLS is refused where TLS is configured', async () => {
  const clear = await natsServer()
  try {
    const one = peer('fedcache-0', { nats: clear.url, tls: true })
    void one.listen()
    await eventually(
      () => one.logged(),
      (logged) => logged.includes('trying on'),
      'nothing was logged',
    )
    expect((await one.ready()).status).toBe(503)
  } finally {
    await clear.dispose()
  }
})

describe('a peer that pretends or pries gets a permissions violation', () => {
  let connection: NatsConnection
  let violations: string[]

  beforeAll(async () => {
    const { cert, key } = certificates['fedcache-1']!
    connection = await connect({
      servers: [`localhost:${nats.port}`],
      tls: { caFile: authority.ca, certFile: cert, keyFile: key },
      inboxPrefix: 'fedcache.v1.fedcache.inbox.fedcache-1',
    })
    violations = []
    void (async () => {
      for await (const { data, permissionContext } of connection.status()) {
        if (permissionContext !== undefined)
          violations.push(`${permissionContext.operation} ${permissionContext.subject}`)
        else violations.push(JSON.stringify(data))
      }
    })()
  })
  afterAll(() => connection.close())

  const prefix = 'fedcache.v1.fedcache.'
  test.each([
    ['heartbeats of another', `${prefix}bcast.member.fedcache-0`],
    ['invalidations of another', `${prefix}bcast.inv.fedcache-0`],
    ['keyspace changes of another', `${prefix}bcast.keyspace.fedcache-0`],
    ['requests in the name of another', `${prefix}node.fedcache-2.rpc.fedcache-0`],
    ['replies that nobody asked it for', `${prefix}inbox.fedcache-0.x.1`],
    ['into another cluster', 'fedcache.v1.other.bcast.member.fedcache-1'],
    ['anything else', 'greetings'],
  ])('publishing %s', async (_what, subject) => {
    connection.publish(subject, 'x')
    await eventually(
      () => violations,
      (seen) => seen.includes(`publish ${subject}`),
      `no violation for ${subject}`,
    )
  })

  test.each([
    ['the inbox of another', `${prefix}inbox.fedcache-0.>`],
    ['all inboxes', `${prefix}inbox.>`],
    ['requests to another', `${prefix}node.fedcache-0.rpc.*`],
    ['everything of the cluster', `${prefix}>`],
    ['another cluster', 'fedcache.v1.other.>'],
    ['everything', '>'],
    ['the events of the server', '$SYS.>'],
  ])('subscribing to %s', async (_what, subject) => {
    connection.subscribe(subject, { callback: () => {} })
    await eventually(
      () => violations,
      (seen) => seen.includes(`subscription ${subject}`),
      `no violation for ${subject}`,
    )
  })

  test('while what is its own is allowed', async () => {
    const before = violations.length
    connection.subscribe(`${prefix}inbox.fedcache-1.>`, { callback: () => {} })
    connection.publish(`${prefix}node.fedcache-0.ctl.fedcache-1`, 'x')
    await connection.flush()
    expect(violations.slice(before)).toStrictEqual([])
  })
})

test('the account of another cluster sees and says nothing here, whatever its permissions', async () => {
  const { cert, key } = certificates['neighbour']!
  const neighbour = await connect({
    servers: [`localhost:${nats.port}`],
    tls: { caFile: authority.ca, certFile: cert, keyFile: key },
  })
  const heard: string[] = []
  neighbour.subscribe('>', { callback: (_error, { subject }) => void heard.push(subject) })
  await neighbour.flush()
  const peers = [peer('fedcache-0'), peer('fedcache-1')]
  await settled(peers)
  await peers[0]!.engine.put('puts', { key: 'a', value: 1 })
  // In the name of a peer: it comes back to its sender, and to nobody else.
  neighbour.publish('fedcache.v1.fedcache.bcast.member.fedcache-0', 'x')
  await neighbour.flush()
  expect(heard).toStrictEqual(['fedcache.v1.fedcache.bcast.member.fedcache-0'])
  await peers[0]!.engine.put('puts', { key: 'a', value: 2 })
  const scraped = await peers[1]!.fetch(new Request('http://localhost/metrics'))
  expect(await scraped.text()).toMatch(/^fedcache_cluster_refused_messages_total 0$/m)
  await neighbour.close()
})
