import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { arch, cpus, platform, release, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { httpTables, measureHttp } from './http/run-http.ts'
import { isInstalled } from './http/load.ts'
import { measurePeers } from './peers/run-peers.ts'
import { type EngineRun, engineReport } from './engine-report.ts'
import { table } from './statistics.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    seconds: { type: 'string', default: '1' },
    starts: { type: 'string', default: '3' },
    peer: { type: 'string', multiple: true },
    guard: { type: 'boolean', default: false },
  },
})

function machine(): string {
  const processors = cpus()
  const versions = [`Node ${process.version}`, isInstalled('wrk') ? 'load by wrk' : 'load by autocannon']
  const memory = `${(totalmem() / 2 ** 30).toFixed(0)} GiB`
  return `${processors.length} × ${processors[0]?.model ?? 'CPU'}, ${memory}, ${platform()} ${arch()} ${release()}; ${versions.join('; ')}`
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  } catch {
    return 'no repository'
  }
}

const startedAt = new Date()
// Each server and peer is ended with this process.
process.setMaxListeners(100)

/** Wide limits of CPU time against a server written by hand, which hold on a busy machine too. */
async function guard(): Promise<void> {
  const byHand = 'node:http, stored bytes'
  const results = await measureHttp({ rounds: 3, seconds: 1, starts: 1, peers: ['fedcache', byHand] })
  const cpuOf = (workload: string, peer = 'fedcache'): number =>
    results.get(workload)?.get(peer)?.cpuMicrosecondsPerRequest ?? Number.NaN
  const ratios: readonly (readonly [name: string, ratio: number, limit: number])[] = [
    ['one entry / by hand', cpuOf('one entry') / cpuOf('one entry', byHand), 2],
    ['50 entries / by hand', cpuOf('50 entries') / cpuOf('50 entries', byHand), 1.7],
    ['200 operations / one entry', cpuOf('200 operations') / cpuOf('one entry'), 2],
    ['50 _entities / 50 entries', cpuOf('50 _entities') / cpuOf('50 entries'), 2.5],
  ]
  const row = ([name, ratio, limit]: (typeof ratios)[number]): string[] => [name, ratio.toFixed(2), limit.toFixed(1)]
  console.log(table([['CPU a request', 'is', 'at most'], ...ratios.map(row)]))
  // Not a number: a system that does not tell CPU times.
  process.exit(ratios.some(([, ratio, limit]) => ratio > limit) ? 1 : 0)
}

async function engineTable(starts: number): Promise<string> {
  if (!existsSync(new URL('node_modules', import.meta.url)))
    return 'skipped: caches in one process (npm ci --prefix bench)'
  const script = fileURLToPath(new URL('engine.mjs', import.meta.url))
  const runs: EngineRun[] = []
  for (let start = 0; start < starts; start++) {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--no-warnings', '--max-old-space-size=4000', script, '--json'],
      { env: { ...process.env, NODE_ENV: 'production' } },
    )
    runs.push(JSON.parse(stdout))
  }
  return engineReport(runs)
}

if (values.guard) await guard()
const options = { rounds: Number(values.rounds), seconds: Number(values.seconds), starts: Number(values.starts) }
const results = await measureHttp(
  values.peer === undefined ? options : { ...options, peers: ['fedcache', ...values.peer] },
)
const report = [
  `# ${startedAt.toISOString()}`,
  `${machine()}; commit ${commit()}; medians of ${options.rounds} rounds of ${options.seconds} s over ${options.starts} starts, 32 connections.`,
  httpTables(results),
  ...(values.peer === undefined
    ? [await engineTable(options.starts), await measurePeers(Math.min(options.rounds, 5), 1)]
    : []),
].join('\n\n')
console.log(report)
if (values.peer === undefined) {
  const folder = new URL('results/', import.meta.url)
  mkdirSync(folder, { recursive: true })
  writeFileSync(new URL(`${startedAt.toISOString().slice(0, 16).replace(':', '')}.md`, folder), `${report}\n`)
}
process.exit(0)
