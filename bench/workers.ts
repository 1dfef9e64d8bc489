// What a second process behind the same port brings: requests a second, and CPU time of the workers and NATS for each.
// `npm run bench:workers`
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { type NatsServer, natsServer } from '../test/support/nats-server.ts'
import { type Measurement, isInstalled, load } from './http/load.ts'
import { freePort } from './http/peers.ts'
import { entriesWorkload } from './http/workloads.ts'
import { median, table } from './statistics.ts'

const rounds = 5
const seconds = 2
const workerCounts = [1, 2]
const entryCount = 20_000
const keyCounts = [1, 50, 200]

interface Served {
  readonly workers: number
  readonly url: string
  readonly pids: readonly number[]
  readonly process: ChildProcess
}

async function served(workers: number, nats: NatsServer): Promise<Served> {
  const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
  const name = `bench-${workers}`
  const serve = ['serve', '--config', path('http/fedcache.config.ts'), '--port', String(await freePort())]
  const cluster = ['--nats', nats.url, '--cluster', name, '--peer-id', name, '--workers', String(workers)]
  const child = spawn(process.execPath, ['--no-warnings', path('../src/cli.ts'), ...serve, ...cluster], {
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  process.once('exit', () => child.kill())
  let warmed = 0
  let url: string | undefined
  for await (const line of createInterface({ input: child.stdout })) {
    const { msg, url: told } = JSON.parse(line) as { readonly msg: string; readonly url?: string }
    if (msg === 'warmed') warmed++
    if (msg === 'listening') url = told
    if (url !== undefined && warmed === workers) break
  }
  child.stdout.resume()
  if (url === undefined) throw new Error(`fedcache with ${workers} workers ended`)
  // The process that was started answers nothing itself where it has workers.
  const pids = workers === 1 ? [child.pid!] : childrenOf(child.pid!)
  return { workers, url, pids: [...pids, nats.pid], process: child }
}

function childrenOf(pid: number): readonly number[] {
  return execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map(Number)
}

if (!isInstalled('nats-server')) {
  console.log('skipped: install nats-server')
  process.exit(0)
}
const nats = await natsServer()
const servers: Served[] = []
for (const workers of workerCounts) servers.push(await served(workers, nats))
const spells = new Map<string, Measurement[]>()
for (const keyCount of keyCounts) {
  const workload = entriesWorkload(keyCount, entryCount, 500)
  // Keys of other workers become near copies when they are read for the second time.
  for (const server of servers) await load(server, workload, 3)
  for (let round = 0; round < rounds; round++) {
    for (const server of round % 2 === 0 ? servers : servers.toReversed()) {
      const name = `${keyCount} ${server.workers}`
      spells.set(name, [...(spells.get(name) ?? []), await load(server, workload, seconds)])
    }
  }
}
const rows = keyCounts.flatMap((keyCount) => {
  const figures = workerCounts.map((workers) => {
    const measured = spells.get(`${keyCount} ${workers}`)!
    return {
      workers,
      requests: median(measured.map(({ requestsPerSecond }) => requestsPerSecond)),
      cpu: median(measured.map(({ cpuMicrosecondsPerRequest }) => cpuMicrosecondsPerRequest)),
    }
  })
  const [one] = figures
  return figures.map(({ workers, requests, cpu }) => [
    String(keyCount),
    String(workers),
    requests.toFixed(0),
    `${(requests / one!.requests).toFixed(2)}×`,
    cpu.toFixed(1),
  ])
})
console.log(`${availableParallelism()} cores, the load comes from one of them, Node ${process.version}`)
console.log(table([['keys a query', 'workers', 'requests/s', 'of one', 'CPU µs a request'], ...rows]))
for (const server of servers) server.process.kill()
await nats.dispose()
process.exit(0)
