import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nkeys } from 'nats/lib/nats-base-client/nkeys.js'
import { afterEach, describe, expect, test } from 'vitest'
import {
  type ClusterAuthConfig,
  type ClusterConfig,
  createFedcache,
  type Discovery,
  dnsDiscovery,
  type Fedcache,
  kubernetesDiscovery,
  type LogFields,
  staticDiscovery,
} from '../../src/index.ts'
import { eventually } from '../support/cluster-world.ts'
import { dnsServer } from '../support/dns-server.ts'
import { kubernetesApi } from '../support/kubernetes-api.ts'
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

/** Something that knows where NATS is, as a test says. */
interface World {
  discovery(): Discovery
  /** The servers that there are from now on, by their ports. */
  find(...ports: number[]): void
  /** It cannot be asked, until it can again. */
  fail(): void
  recover(): void
  /** What the log says while it cannot be asked. */
  readonly complaint: RegExp
}

const worlds: Readonly<Record<string, () => Promise<World>>> = {
  DNS: async () => {
    const dns = await dnsServer()
    cleanups.push(() => dns.close())
    return {
      discovery: () => dnsDiscovery({ name: 'nats.test', resolvers: [dns.address], refreshMs: 50, timeoutMs: 200 }),
      find: (...ports) => {
        const srv = ports.map((port) => ({ target: 'a.test', port }))
        dns.records = { '_nats._tcp.nats.test': { srv }, 'a.test': { a: ['127.0.0.1'] } }
      },
      fail: () => (dns.mode = 'fail'),
      recover: () => (dns.mode = 'answer'),
      complaint: /discovery of NATS servers failed/,
    }
  },
  Kubernetes: async () => {
    const api = await kubernetesApi()
    cleanups.push(() => api.close())
    const folder = await mkdtemp(join(tmpdir(), 'fedcache-discovery-'))
    cleanups.push(() => rm(folder, { recursive: true }))
    const kubeconfig = join(folder, 'config')
    await api.kubeconfig(kubeconfig)
    let slices: readonly string[] = []
    return {
      discovery: () => kubernetesDiscovery({ service: 'nats', kubeconfig, retryMs: 20 }),
      find: (...ports) => {
        const found = ports.map((port) => `nats-${port}`)
        for (const [index, name] of found.entries()) {
          const port = ports[index]!
          api.set(name, { service: 'nats', addresses: ['127.0.0.1'], ports: [{ name: 'client', port }] })
        }
        for (const name of slices) if (!found.includes(name)) api.set(name, undefined)
        slices = found
      },
      fail: () => {
        api.status = 503
        api.drop('broken')
      },
      recover: () => (api.status = undefined),
      complaint: /discovery of NATS servers failed/,
    }
  },
  "a provider of one's own": async () => {
    let servers: readonly string[] = []
    let isBroken = false
    const watchers = new Set<(found: readonly string[]) => void>()
    return {
      discovery: () => ({
        name: 'own',
        resolve: async () => {
          if (isBroken) throw new Error('it cannot be asked')
          return servers
        },
        watch: async (onChange) => {
          watchers.add(onChange)
          return () => watchers.delete(onChange)
        },
        close: async () => {},
      }),
      find: (...ports) => {
        servers = ports.map((port) => `nats://127.0.0.1:${port}`)
        for (const watcher of watchers) watcher(servers)
      },
      fail: () => (isBroken = true),
      recover: () => (isBroken = false),
      complaint: /discovery of NATS servers failed/,
    }
  },
}

const becomesReady = (fedcache: Fedcache) =>
  eventually(
    () => readiness(fedcache),
    (status) => status === 200,
    'it did not become ready',
  )

const says = (pattern: RegExp) =>
  eventually(
    () => logged,
    (text) => pattern.test(text),
    `nothing like ${pattern.source} was logged`,
  )

async function reconnects(fedcache: Fedcache): Promise<number> {
  const text = await (await fedcache.fetch(new Request('http://localhost/metrics'))).text()
  return Number(/^fedcache_bus_reconnects_total (\d+)$/m.exec(text)?.[1])
}

const reconnected = (peers: readonly Fedcache[]) =>
  eventually(
    () => Promise.all(peers.map(reconnects)),
    (counts) => counts.every((count) => count === 1),
    'the peers did not move',
  )

describe.each(Object.entries(worlds))('with %s', (name, make) => {
  test('one of several servers is dead, and the others are used', async () => {
    const nats = disposed(await natsServer())
    const world = await make()
    world.find(1, nats.port, 2)
    const fedcache = peer('one', { discovery: world.discovery() })
    await fedcache.listen()
    expect(await readiness(fedcache)).toBe(200)
  })

  test('nothing is found at first: it is not ready until a server is', async () => {
    const nats = disposed(await natsServer())
    const world = await make()
    const fedcache = peer('one', { discovery: world.discovery() })
    void fedcache.listen()
    await says(/no NATS server/)
    expect(await readiness(fedcache)).toBe(503)
    world.find(nats.port)
    await becomesReady(fedcache)
  })

  test('a server that is found later is used when the connection is lost', async () => {
    const [before, after] = [disposed(await natsServer()), disposed(await natsServer())]
    const world = await make()
    world.find(before.port)
    const fedcache = peer('one', { discovery: world.discovery() })
    await fedcache.listen()
    world.find(before.port, after.port)
    await before.kill()
    await reconnected([fedcache])
    await agree([fedcache])
    expect((await fedcache.engine.put('puts', { key: 'a', value: 1 })).unconfirmed).toStrictEqual([])
  })

  test('it fails, and is back: what is connected stays so, and who starts meanwhile waits for it', async () => {
    const nats = disposed(await natsServer())
    const world = await make()
    world.find(nats.port)
    const first = peer('one', { discovery: world.discovery() })
    await first.listen()
    world.fail()
    const second = peer('two', { discovery: world.discovery() })
    void second.listen()
    await says(world.complaint)
    expect(await readiness(second)).toBe(503)
    expect(first.engine.cluster().degraded).toBe(false)
    world.recover()
    await becomesReady(second)
    await agree([first, second])
  })

  test(`all servers are replaced, as ${name} tells: the peers move, without losing a put or failing a read`, async () => {
    const [before, after] = [disposed(await natsServer()), disposed(await natsServer())]
    const world = await make()
    world.find(before.port)
    const peers = [peer('one', { discovery: world.discovery() }), peer('two', { discovery: world.discovery() })]
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
    try {
      // Not at once: first one comes, then the other goes.
      world.find(before.port, after.port)
      world.find(after.port)
      await eventually(
        () => logged.match(/the NATS servers changed/g)?.length ?? 0,
        (count) => count >= 2,
        'the change was not seen',
      )
      await reconnected(peers)
      await before.kill()
      await agree(peers)
    } finally {
      isMoving = false
    }
    await reading
    expect(failures).toStrictEqual([])
    expect(reads).toBeGreaterThan(0)
    for (let index = 0; index < 50; index++) expect((await peers[1]!.engine.get('puts', `${index}`))?.value).toBe(index)
  })
})

test('with a list, one of several servers is dead, and the others are used', async () => {
  const nats = disposed(await natsServer())
  const servers = ['nats://127.0.0.1:1', nats.url, 'nats://127.0.0.1:2']
  const fedcache = peer('one', { discovery: staticDiscovery(servers) })
  await fedcache.listen()
  expect(await readiness(fedcache)).toBe(200)
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
