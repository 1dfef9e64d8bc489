// `npm run bench:cluster [-- --rounds N --seconds S --only fail-over,throughput,growth]`
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { failOverTable, measureFailOver } from './cluster/fail-over.ts'
import { growthTable, measureGrowth } from './cluster/growth.ts'
import { measureThroughput, throughputTable } from './cluster/throughput.ts'
import { inFlight } from './cluster/throughput-orders.ts'

const all = 'fail-over,throughput,growth'
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '2' },
    only: { type: 'string', default: all },
  },
})
// Each server and peer is ended with this process.
process.setMaxListeners(100)
const rounds = Number(values.rounds)
const seconds = Number(values.seconds)
const isWanted = (name: string): boolean => values.only.split(',').includes(name)

const throughput = isWanted('throughput') ? await measureThroughput(Math.max(rounds, 5), seconds) : []
const failOver = isWanted('fail-over') ? await measureFailOver(rounds) : []
const growth = isWanted('growth') ? await measureGrowth() : []

const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}, Node ${process.version}, commit ${commit}`
const parts = [
  `# A cluster, measured on ${machine}`,
  ...(throughput.length === 0
    ? []
    : [
        `## Reading what another peer owns\n\n${inFlight} queries under way, beside an echo of as many bytes over the same client; medians of ${Math.max(rounds, 5)} rounds of ${seconds} s, each with processes of its own.`,
        throughputTable(throughput),
      ]),
  ...(failOver.length === 0
    ? []
    : [
        `## Fail-over\n\nThree peers and one more, six readers of ten keys out of 3,000 at a time; medians of ${rounds} rounds. A read has failed when one of its keys has. Keys moved are those with another owner afterwards.`,
        failOverTable(failOver),
      ]),
  ...(growth.length === 0
    ? []
    : [
        '## Growth\n\nPer peer, while nobody asks anything; moved: mean share of slots that a newcomer takes, times the peers with it.',
        growthTable(growth),
      ]),
]
const report = parts.join('\n\n')
console.log(report)
// A part alone would replace the results of the others.
if (values.only === all) {
  const folder = new URL('results/', import.meta.url)
  mkdirSync(folder, { recursive: true })
  const results = JSON.stringify({ machine, throughput, failOver, growth }, null, 2)
  writeFileSync(new URL('cluster.json', folder), `${results}\n`)
  writeFileSync(new URL('cluster.md', folder), `${report}\n`)
}
process.exit(0)
