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
  expect(reads).toBeGreaterThan(10)
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
