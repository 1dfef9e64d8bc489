import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nkeys } from 'nats/lib/nats-base-client/nkeys.js'
import { afterEach, describe, expect, test } from 'vitest'
import {
  type ClusterAuthConfig,
  type ClusterConfig,
  createFedcache,
  dnsDiscovery,
  type Fedcache,
  type LogFields,
  staticDiscovery,
} from '../../src/index.ts'
import { eventually } from '../support/cluster-world.ts'
import { dnsServer } from '../support/dns-server.ts'
import { NatsOperator } from '../support/nats-operator.ts'
import { natsServer } from '../support/nats-server.ts'

const cleanups: (() => Promise<unknown> | void)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

function disposed<Thing extends { dispose(): Promise<void> }>(thing: Thing): Thing {
  cleanups.push(() => thing.dispose())
  return thing
}

let logged = ''

function peer(peerId: string, cluster: ClusterConfig): Fedcache {
  logged = ''
  const log = (fields: LogFields, message: string) => (logged += `${message} ${JSON.stringify(fields)}\n`)
  const logger = { debug: log, info: log, warn: log, error: log, child: () => logger }
  const fedcache = createFedcache({
    port: 0,
    memoryLimit: '16mb',
    log: { logger },
    cluster: { peerId, ...cluster },
    keyspaces: { puts: {}, loaded: { source: { name: 'loaded', loadMany: async (keys) => keys.map((key) => key) } } },
  })
  cleanups.push(() => fedcache.stop())
  return fedcache
}

async function readiness(fedcache: Fedcache): Promise<number> {
  return (await fedcache.fetch(new Request('http://localhost/ready'))).status
}

const agree = (peers: readonly Fedcache[]) =>
  eventually(
    () => peers.map(({ engine }) => engine.cluster()),
    (clusters) => clusters.every(({ settled, peers: members }) => settled && members.length === peers.length),
    'the peers did not agree',
  )

test('one of several servers is dead, and the others are used', async () => {
  const nats = disposed(await natsServer())
  const servers = ['nats://127.0.0.1:1', nats.url, 'nats://127.0.0.1:2']
  const fedcache = peer('one', { discovery: staticDiscovery(servers) })
  await fedcache.listen()
  expect(await readiness(fedcache)).toBe(200)
})

test('nothing is found at first: it is not ready until a server is', async () => {
  const nats = disposed(await natsServer())
  const dns = await dnsServer()
  cleanups.push(() => dns.close())
  const discovery = dnsDiscovery({ name: 'nats.test', port: nats.port, resolvers: [dns.address], refreshMs: 50 })
  const fedcache = peer('one', { discovery })
  void fedcache.listen()
  await eventually(
    () => logged,
    (text) => text.includes('no NATS server'),
    'nothing was logged',
  )
  expect(await readiness(fedcache)).toBe(503)
  dns.records = { 'nats.test': { a: ['127.0.0.1'] } }
  await eventually(
    () => readiness(fedcache),
    (status) => status === 200,
    'it did not become ready',
  )
})

test('all servers are replaced: the peers move, without losing a put or failing a read', async () => {
  const [before, after] = [disposed(await natsServer()), disposed(await natsServer())]
  const dns = await dnsServer()
  cleanups.push(() => dns.close())
  const service = '_nats._tcp.nats.test'
  const at = (port: number) => ({ [service]: { srv: [{ target: 'a.test', port }] }, 'a.test': { a: ['127.0.0.1'] } })
  dns.records = at(before.port)
  const discovery = () => dnsDiscovery({ name: 'nats.test', resolvers: [dns.address], refreshMs: 50 })
  const peers = [peer('one', { discovery: discovery() }), peer('two', { discovery: discovery() })]
  await Promise.all(peers.map((one) => one.listen()))
  await agree(peers)
  await Promise.all(
    Array.from({ length: 50 }, (_, index) => peers[0]!.engine.put('puts', { key: `${index}`, value: index })),
  )
  // Reads go on all the while.
  let reads = 0
  let isMoving = true
  const failures: unknown[] = []
  const reading = (async () => {
    while (isMoving) {
      const results = await peers[reads % 2]!.engine.getMany('loaded', [`${reads++}`, `x${reads}`]).catch(
        (error: unknown) => [error],
      )
      failures.push(...results.filter((result) => result instanceof Error))
    }
  })()
  dns.records = at(after.port)
  await eventually(
    () => logged.match(/the NATS servers changed/g)?.length ?? 0,
    (count) => count >= 2,
    'the change was not seen',
  )
  await eventually(
    () =>
      Promise.all(peers.map((one) => one.fetch(new Request('http://localhost/metrics')).then((found) => found.text()))),
    (texts) => texts.every((text) => /^fedcache_bus_reconnects_total 1$/m.test(text)),
    'the peers did not move',
  )
  await before.kill()
  await agree(peers)
  isMoving = false
  await reading
  expect(failures).toStrictEqual([])
  expect(reads).toBeGreaterThan(0)
  for (let index = 0; index < 50; index++) expect((await peers[1]!.engine.get('puts', `${index}`))?.value).toBe(index)
})

describe('credentials that are wrong: not ready, a clear line in the log, and recovery when they are mended:', () => {
  const nkey = nkeys.createUser()
  const otherNkey = nkeys.createUser()
  const text = (seed: Uint8Array) => new TextDecoder().decode(seed)
  test.each<[string, string, (file: string) => ClusterAuthConfig, string, string]>([
    [
      'a password',
      'user: "me", password: "opensesame"',
      (file) => ({ user: 'me', password: { file } }),
      'opensesam',
      'opensesame',
    ],
    ['a token', 'token: "opensesame"', (file) => ({ token: { file } }), 'opensesam', 'opensesame'],
    [
      'an nkey',
      `users: [{ nkey: ${nkey.getPublicKey()} }]`,
      (file) => ({ nkey: { file } }),
      text(otherNkey.getSeed()),
      text(nkey.getSeed()),
    ],
  ])('%s', async (_what, authorization, auth, wrong, right) => {
    const folder = await mkdtemp(join(tmpdir(), 'fedcache-credentials-'))
    cleanups.push(() => rm(folder, { recursive: true }))
    const file = join(folder, 'secret')
    await writeFile(file, `${wrong}\n`)
    const nats = disposed(await natsServer({ config: `authorization { ${authorization} }` }))
    const fedcache = peer('one', { nats: nats.url, auth: auth(file) })
    void fedcache.listen()
    await eventually(
      () => logged,
      (line) => line.includes('credentials are wrong or expired'),
      'nothing was logged',
    )
    expect(await readiness(fedcache)).toBe(503)
    await writeFile(file, `${right}\n`)
    await eventually(
      () => readiness(fedcache),
      (status) => status === 200,
      'it did not recover',
    )
    expect(logged).not.toContain(wrong)
    expect(logged).not.toContain(right)
  })
})

describe('a credentials file, where NATS knows nobody and believes what an operator signed:', () => {
  const operator = new NatsOperator()
  const inAnHour = () => new Date(Date.now() + 3_600_000)

  async function served(credentials: string | undefined) {
    const folder = await mkdtemp(join(tmpdir(), 'fedcache-creds-'))
    cleanups.push(() => rm(folder, { recursive: true }))
    const file = join(folder, 'peer.creds')
    if (credentials !== undefined) await writeFile(file, credentials)
    const nats = disposed(await natsServer({ config: operator.serverConfig }))
    const fedcache = peer('one', { nats: nats.url, auth: { creds: { file } } })
    void fedcache.listen()
    return { fedcache, file }
  }

  const becomesReady = (fedcache: Fedcache) =>
    eventually(
      () => readiness(fedcache),
      (status) => status === 200,
      'it did not become ready',
    )

  test('the right one lets it in', async () => {
    const credentials = operator.credentials({ expiresAt: inAnHour() })
    const { fedcache } = await served(credentials)
    await becomesReady(fedcache)
    for (const secret of credentials.split('\n').filter((line) => /^[SUe]\w{20}/.test(line))) {
      expect(logged).not.toContain(secret)
    }
  })

  test.each<[string, string | undefined, RegExp]>([
    ['of another operator', new NatsOperator().credentials(), /credentials are wrong or expired/],
    [
      'that has expired',
      operator.credentials({ expiresAt: new Date(Date.now() - 60_000) }),
      /credentials are wrong or expired/,
    ],
    ['that was changed', operator.credentials().replace(/\.(..)/, '.AA'), /credentials are wrong or expired/],
    ['with the seed of another', mixed(operator), /credentials are wrong or expired/],
    ['that is none', 'nonsense', /credentials cannot be used/],
    ['that is not there', undefined, /credentials cannot be used.*peer\.creds/],
  ])('one %s does not, and the log says so, until it is mended', async (_what, credentials, line) => {
    const { fedcache, file } = await served(credentials)
    await eventually(
      () => logged,
      (text) => line.test(text),
      `nothing was logged: ${logged}`,
    )
    expect(await readiness(fedcache)).toBe(503)
    await writeFile(file, operator.credentials())
    await becomesReady(fedcache)
  })

  test('one that expires while it is used: the peer is cut off, says so, and comes back with another', async () => {
    const { fedcache, file } = await served(operator.credentials({ expiresAt: new Date(Date.now() + 3000) }))
    await becomesReady(fedcache)
    await eventually(
      () => logged,
      (text) => /credentials are wrong or expired/.test(text),
      'nothing was logged',
    )
    const degraded = async () => {
      const response = await fedcache.fetch(new Request('http://localhost/ready'))
      return ((await response.json()) as { degraded: boolean }).degraded
    }
    await eventually(degraded, (is) => is, 'it does not know that it is alone')
    await writeFile(file, operator.credentials())
    await eventually(degraded, (is) => !is, 'it did not come back')
  })
})

/** The credentials of one user, with the seed of another. */
function mixed(operator: NatsOperator): string {
  const [one, other] = [operator.credentials().split('\n'), operator.credentials().split('\n')]
  return [...one.slice(0, 4), ...other.slice(4)].join('\n')
}
