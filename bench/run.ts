import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { arch, cpus, platform, release, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { httpTables, measureHttp } from './http/run-http.ts'
import { isInstalled } from './http/load.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    peer: { type: 'string', multiple: true },
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
const options = { rounds: Number(values.rounds), seconds: Number(values.seconds) }
const results = await measureHttp(
  values.peer === undefined ? options : { ...options, peers: ['fedcache', ...values.peer] },
)
const report = [
  `# ${startedAt.toISOString()}`,
  `${machine()}; commit ${commit()}; medians of ${options.rounds} rounds of ${options.seconds} s, 32 connections.`,
  httpTables(results),
].join('\n\n')
console.log(report)
if (values.peer === undefined) {
  const folder = new URL('results/', import.meta.url)
  mkdirSync(folder, { recursive: true })
  writeFileSync(new URL(`${startedAt.toISOString().slice(0, 16).replace(':', '')}.md`, folder), `${report}\n`)
}
process.exit(0)
