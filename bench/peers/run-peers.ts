import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type NatsServer, natsServer } from '../../test/support/nats-server.ts'
import { cpuSeconds, isInstalled } from '../http/load.ts'
import { freePort } from '../http/peers.ts'
import { median, table } from '../statistics.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import type { PeerOrder } from './orders.ts'
import { type ColdKeys, type PeerCluster, PeerProcess, type PeerSums, together } from './peer-cluster.ts'

const valueBytes = 200
const inFlight = 64
const readers = 256
const keysPerQuery = 64
/** Each batch of cold keys is read by four readers, in all three processes. */
const manyCold: ColdKeys = { batches: 64, rounds: 10 }
/** For who would take minutes for as many; each is read by more readers then. */
const fewCold: ColdKeys = { batches: 4, rounds: 2 }

/** What was measured of one cluster, each as often as there were rounds. */
interface Spells {
  readonly one: PeerSums[]
  readonly many: PeerSums[]
  readonly cold: PeerSums[]
}

/** Measures clusters of three processes in turn, each round beginning with another; returns a table. */
export async function measurePeers(rounds: number, seconds: number): Promise<string> {
  const nats = await natsServer()
  const clusters = [await fedcacheCluster(nats), ...(await groupcacheClusters())]
  // Nobody could try a program for it: there is nothing to install that would help.
  console.log('skipped: Tochemey/distcache (the Go module proxy does not give github.com/tochemey/distcache)')
  const spells = new Map<PeerCluster, Spells>(clusters.map((each) => [each, { one: [], many: [], cold: [] }]))
  try {
    // The first round warms up.
    for (let round = 0; round <= rounds; round++) {
      const first = round % clusters.length
      for (const each of [...clusters.slice(first), ...clusters.slice(0, first)]) {
        const one = await remoteReads(each, 1, seconds)
        const many = await remoteReads(each, keysPerQuery, seconds)
        const cold = await coldMisses(each, round)
        if (round === 0) continue
        spells.get(each)!.one.push(one)
        spells.get(each)!.many.push(many)
        spells.get(each)!.cold.push(cold)
      }
    }
    return peersTable(spells)
  } finally {
    for (const { processes } of clusters) for (const each of processes) each.end()
    await nats.dispose()
  }
}

async function fedcacheCluster(nats: NatsServer): Promise<PeerCluster> {
  const script = fileURLToPath(new URL('fedcache-process.ts', import.meta.url))
  const names = ['one', 'two', 'three']
  const processes = names.map(() => new PeerProcess(process.execPath, ['--no-warnings', script]))
  await joined(
    processes,
    names.map((self) => ({ do: 'join', self, server: nats.url, valueBytes })),
  )
  return { name: 'fedcache', processes, cold: manyCold, otherCpuSeconds: () => cpuSeconds(nats.pid) ?? Number.NaN }
}

/**
 * groupcache-go as it is, and with each process reading one key at a time. The latter is how Tochemey/distcache, which
 * stands on it, calls it: the engine holds one lock for as long as a `Get` takes, the load of the source included.
 */
async function groupcacheClusters(): Promise<readonly PeerCluster[]> {
  const program = builtGroupcache()
  if (program === undefined) return []
  return [
    { ...(await groupcacheCluster(program, false)), name: 'groupcache-go', cold: manyCold },
    { ...(await groupcacheCluster(program, true)), name: 'groupcache-go, one Get at a time', cold: fewCold },
  ]
}

/** The program, if there is what it takes to build it. */
function builtGroupcache(): string | undefined {
  const name = 'groupcache-go'
  if (!isInstalled('go')) {
    console.log(`skipped: ${name} (install Go 1.26 or newer, from https://go.dev/dl)`)
    return undefined
  }
  const program = join(temporaryFolder(), 'groupcache')
  const folder = fileURLToPath(new URL('groupcache/', import.meta.url))
  try {
    execFileSync('go', ['build', '-o', program, '.'], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
    return program
  } catch (error) {
    const { stderr } = error as { readonly stderr?: Buffer }
    console.log(`skipped: ${name} (go build failed in ${folder})\n${stderr?.toString() ?? ''}`)
    return undefined
  }
}

async function groupcacheCluster(
  program: string,
  oneAtATime: boolean,
): Promise<Pick<PeerCluster, 'processes' | 'otherCpuSeconds'>> {
  const addresses: string[] = []
  for (let index = 0; index < 3; index++) addresses.push(`127.0.0.1:${await freePort()}`)
  const processes = addresses.map(() => new PeerProcess(program, []))
  await joined(
    processes,
    addresses.map((self) => ({ do: 'join', self, addresses, valueBytes, oneAtATime })),
  )
  return { processes, otherCpuSeconds: () => 0 }
}

/** The last to join is the one that reads: it looks who owns what once all are there. */
async function joined(processes: readonly PeerProcess[], orders: readonly PeerOrder[]): Promise<void> {
  const join = (index: number): Promise<unknown> =>
    processes[index]!.order({ ...orders[index]!, keepsOthers: index !== 0 })
  await join(1)
  await join(2)
  await join(0)
}

function remoteReads(cluster: PeerCluster, keys: number, seconds: number): Promise<PeerSums> {
  return together(cluster, [{ do: 'remote', keysPerQuery: keys, inFlight, seconds }])
}

/** Rounds of cold keys: 256 readers at once, in three processes, each key asked for by several of them. */
async function coldMisses(cluster: PeerCluster, spell: number): Promise<PeerSums> {
  const { batches, rounds } = cluster.cold
  const sums = { keys: 0, seconds: 0, cpuSeconds: 0, loads: 0, calls: 0 }
  for (let index = 0; index < rounds; index++) {
    const orders = cluster.processes.map((_process, place): PeerOrder => ({
      do: 'cold',
      keysPerQuery,
      round: spell * rounds + index,
      batches: Array.from({ length: readers }, (_, reader) => reader)
        .filter((reader) => Math.floor(reader / batches) % cluster.processes.length === place)
        .map((reader) => reader % batches),
    }))
    const one = await together(cluster, orders)
    for (const name of ['keys', 'seconds', 'cpuSeconds', 'loads', 'calls'] as const) sums[name] += one[name]
  }
  // What counts is how many different keys came into the cluster.
  return { ...sums, keys: batches * keysPerQuery * rounds }
}

function peersTable(spells: ReadonlyMap<PeerCluster, Spells>): string {
  const thousands = (count: number): string => `${(count / 1000).toFixed(1)}k`
  const perSecond = (list: readonly PeerSums[]): string =>
    thousands(median(list.map(({ keys, seconds }) => keys / seconds)))
  const perCpuSecond = (list: readonly PeerSums[]): string =>
    thousands(median(list.map(({ keys, cpuSeconds: cpu }) => keys / cpu)))
  const rows = Array.from(spells, ([{ name }, { one, many, cold }]) => [
    name,
    perSecond(one),
    perCpuSecond(one),
    perSecond(many),
    perCpuSecond(many),
    perSecond(cold),
    perCpuSecond(cold),
    median(cold.map(({ loads, keys }) => loads / keys)).toFixed(2),
    median(cold.map(({ calls, keys }) => (calls * 1000) / keys)).toFixed(1),
  ])
  const head = [
    'cluster of three',
    'remote, 1 key a query: keys/s',
    'per CPU s',
    '64 keys a query: keys/s',
    'per CPU s',
    'cold keys/s, 256 readers',
    'per CPU s',
    'loads a key',
    'source calls per 1,000 keys',
  ]
  return table([head, ...rows])
}
