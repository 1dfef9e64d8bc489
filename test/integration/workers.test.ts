import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type NatsServer, natsServer } from '../support/nats-server.ts'
import { type LogLine, type ServeProcess, ServeProcesses } from './serve-process.ts'

const config = `
  import { defineConfig, functionSource } from 'fedcache'
  const loadMany = async (keys: readonly string[]) => keys.map((key) => ({ key, by: process.pid }))
  export default defineConfig({
    port: 0,
    memoryLimit: '300mb',
    cluster: { peerId: 'box' },
    keyspaces: { things: { source: functionSource({ loadMany }), ttl: '10m', maxBytes: '30mb' }, notes: { ttl: 'forever' } },
  })
`

const processes = new ServeProcesses()
let nats: NatsServer

beforeAll(async () => {
  nats = await natsServer()
})
afterAll(async () => {
  await processes.end()
  await nats.dispose()
})

function start(cluster: string, ...flags: readonly string[]): ServeProcess {
  const path = processes.file('workers.config.ts', config)
  return processes.start(['serve', '--config', path, '--nats', nats.url, '--cluster', cluster, ...flags])
}

interface Shown {
  readonly self: { readonly id: string }
  readonly settled: boolean
  readonly peers: readonly { readonly id: string; readonly state: string }[]
}

async function clusterSeenBy(served: ServeProcess): Promise<Shown> {
  const { data } = (await served.query('{ cluster { settled self { id } peers { id state } } }')) as {
    readonly data: { readonly cluster: Shown }
  }
  return data.cluster
}

/** What the workers said in their own lines. */
function linesOf(served: ServeProcess, message: string): readonly LogLine[] {
  return served.log.filter(({ msg }) => msg === message)
}

async function until<Value>(ask: () => Promise<Value>, isWanted: (value: Value) => boolean): Promise<Value> {
  for (;;) {
    const value = await ask()
    if (isWanted(value)) return value
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function read(served: ServeProcess, key: string): Promise<unknown> {
  const { data, errors } = (await served.query(`{ entry(keyspace: "things", key: "${key}") { key } }`)) as {
    readonly data?: { readonly entry: { readonly key: string } }
    readonly errors?: unknown
  }
  return data?.entry.key === key ? 'answered' : errors
}

describe('fedcache serve --workers', () => {
  it('runs peers of one cluster behind one port, and says once that all of them listen', async () => {
    const served = start('several', '--workers', '3')
    const listening = await served.logged('listening')
    expect(listening).toMatchObject({ workers: ['box-1', 'box-2', 'box-3'], keyspaces: ['things', 'notes'] })
    expect(linesOf(served, 'worker listening').map(({ url }) => url)).toEqual(Array(3).fill(listening['url']))
    const asked = new Set<string>()
    const seen = await until(
      () => clusterSeenBy(served),
      (shown) => asked.add(shown.self.id).size === 3 && shown.settled && shown.peers.length === 3,
    )
    expect(seen.peers.map(({ id }) => id).toSorted()).toEqual(['box-1', 'box-2', 'box-3'])
    // Each has its part of what one configuration allows.
    const { data } = (await served.query('{ keyspace(name: "things") { maxBytes } }')) as {
      readonly data: { readonly keyspace: { readonly maxBytes: number } }
    }
    expect(data.keyspace.maxBytes).toBe(10 * 2 ** 20)
    served.child.kill('SIGTERM')
    expect(await served.exitCode).toBe(0)
    expect(linesOf(served, 'stopped')).toHaveLength(4)
    expect(served.errors).toBe('')
  })

  it('tells the metrics of all, whoever is asked', async () => {
    const served = start('measured', '--workers', '2')
    const origin = (await served.url()).replace('/graphql', '')
    await Promise.all(Array.from({ length: 40 }, (_, index) => read(served, `key-${index}`)))
    const scraped = async () => (await fetch(`${origin}/metrics`, { headers: { connection: 'close' } })).text()
    const text = await scraped()
    expect(text.match(/^# TYPE fedcache_keyspace_loaded_keys_total counter$/gm)).toHaveLength(1)
    const loaded = [
      ...text.matchAll(/^fedcache_keyspace_loaded_keys_total\{keyspace="things",worker="(\d)"\} (\d+)$/gm),
    ]
    expect(new Set(loaded.map(([, worker]) => worker))).toEqual(new Set(['1', '2']))
    expect(loaded.reduce((sum, [, , keys]) => sum + Number(keys), 0)).toBe(40)
    const requests =
      /^fedcache_http_request_duration_seconds_count\{method="POST",path="\/graphql",status="200",worker="(\d)"\} (\d+)$/gm
    expect([...text.matchAll(requests)].reduce((sum, [, , count]) => sum + Number(count), 0)).toBe(40)
    expect([...text.matchAll(/^process_start_time_seconds\{worker="\d"\}/gm)]).toHaveLength(2)
    served.child.kill('SIGTERM')
    expect(await served.exitCode).toBe(0)
  })

  it('answers on when a worker is killed, and starts another in its place', async () => {
    const served = start('killed', '--workers', '2')
    await served.url()
    const pids = new Map(linesOf(served, 'worker listening').map(({ worker, pid }) => [worker, Number(pid)]))
    process.kill(pids.get(1)!, 'SIGKILL')
    expect(await served.logged('worker ended, starting anew')).toMatchObject({
      worker: 1,
      peerId: 'box-1',
      pid: pids.get(1),
      ending: 'SIGKILL',
    })
    let answers = 0
    const again = () => linesOf(served, 'worker listening').filter(({ worker }) => worker === 1).length === 2
    while (!again() || answers < 20) expect(await read(served, `after-${answers++}`)).toBe('answered')
    const whole = await until(
      () => clusterSeenBy(served),
      ({ settled, peers }) => settled && peers.every(({ state }) => state === 'ALIVE') && peers.length === 2,
    )
    expect(whole.peers.map(({ id }) => id).toSorted()).toEqual(['box-1', 'box-2'])
    served.child.kill('SIGTERM')
    expect(await served.exitCode).toBe(0)
  })

  it('keeps puts that only a worker has when that is ended in order', async () => {
    const served = start('rolled', '--workers', '2')
    await served.url()
    const keys = Array.from({ length: 30 }, (_, index) => `note-${index}`)
    const puts = keys.map((key) => `{ key: "${key}", value: "${key}" }`)
    await until(
      () => clusterSeenBy(served),
      ({ settled, peers }) => settled && peers.length === 2,
    )
    const put = `mutation { putEntries(input: { keyspace: "notes", entries: [${puts.join(',')}] }) { errors { code } } }`
    expect(await served.query(put)).toEqual({ data: { putEntries: { errors: [] } } })
    const [first] = linesOf(served, 'worker listening')
    process.kill(Number(first!['pid']), 'SIGTERM')
    await served.logged('worker ended, starting anew')
    const query = `{ entries(keyspace: "notes", keys: ${JSON.stringify(keys)}) { value } }`
    expect(await served.query(query)).toEqual({ data: { entries: keys.map((value) => ({ value })) } })
    served.child.kill('SIGTERM')
    expect(await served.exitCode).toBe(0)
  })

  it('leaves no worker behind when the process that started them is killed', async () => {
    const served = start('orphaned', '--workers', '2')
    await served.url()
    served.child.kill('SIGKILL')
    // Its output is closed once the last process that writes to it has ended.
    await served.exitCode
    expect(linesOf(served, 'stopped')).toHaveLength(2)
  })

  it('gives each worker the heap that its part needs', async () => {
    const path = processes.file('large.config.ts', config.replace("'300mb'", "'9gb'"))
    const flags = ['serve', '--config', path, '--nats', nats.url, '--cluster', 'large', '--workers', '2']
    const served = processes.start(flags)
    const origin = (await served.url()).replace('/graphql', '')
    const text = await (await fetch(`${origin}/metrics`)).text()
    expect([...text.matchAll(/^fedcache_keyspace_entries\{keyspace="notes",worker="\d"\}/gm)]).toHaveLength(2)
    expect(await served.query('{ keyspace(name: "notes") { maxBytes } }')).toEqual({
      data: { keyspace: { maxBytes: 4.5 * 2 ** 30 } },
    })
    served.child.kill('SIGTERM')
    expect(await served.exitCode).toBe(0)
  })

  it('ends them all where one cannot start', async () => {
    const broken = config.replace(
      'functionSource({ loadMany })',
      "sqliteSource({ name: 'a', path: '/none/a', table: 'a', keyColumn: 'b', valueColumn: 'c' })",
    )
    const path = processes.file('broken.config.ts', broken.replace('functionSource }', 'sqliteSource }'))
    const served = processes.start([
      'serve',
      '--config',
      path,
      '--nats',
      nats.url,
      '--cluster',
      'broken',
      '--workers',
      '2',
    ])
    expect(await served.exitCode).toBe(1)
    expect(served.errors).toMatch(/fedcache: worker \d ended before it listened, with exit code 1\n$/)
    expect(linesOf(served, 'listening')).toEqual([])
  })

  it('says what is wrong once, and ends', async () => {
    const alone = processes.start(['serve', '--port', '0', '--workers', '2'])
    expect(await alone.exitCode).toBe(1)
    expect(alone.errors).toBe(
      'fedcache: the configuration has one problem\n' +
        '  workers: needs cluster.nats or cluster.discovery: each worker is a peer, and peers talk over NATS. Start a ' +
        'nats-server and name it with --nats, or leave it at 1; received 2 (from --workers)\n',
    )
    const first = start('taken', '--workers', '1')
    const { port } = new URL(await first.url())
    const second = start('taken', '--workers', '2', '--peer-id', 'other', '--port', port)
    expect(await second.exitCode).toBe(1)
    expect(second.errors).toMatch(/^fedcache: port \d+ of 127\.0\.0\.1 is taken by another process\. .*\n$/)
  })
})
