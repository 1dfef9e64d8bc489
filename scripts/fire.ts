// `npm run fire -- --minutes N [--seed S] [--peers P] [--only KIND,KIND]`: the cluster under fire, for as long as one likes.
import { parseArgs } from 'node:util'
import { type FaultKind, faultKinds } from '../test/fire/faults.ts'
import { fire } from '../test/fire/fire.ts'
import { printReport } from '../test/fire/print-report.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: `${Math.floor(Math.random() * 2 ** 31)}` },
    peers: { type: 'string', default: '5' },
    clients: { type: 'string', default: '10' },
    only: { type: 'string' },
  },
})

const { minutes, seed, peers, clients, only } = values
const kinds = faultKinds.filter((kind) => only === undefined || only.split(',').includes(kind)) as readonly FaultKind[]
console.log(`seed ${seed}`)
const report = await fire({
  minutes: Number(minutes),
  seed: Number(seed),
  peers: Number(peers),
  clients: Number(clients),
  kinds,
  say: (line) => console.log(line),
})
console.log(printReport(report))
process.exitCode = report.verdict.violations.length + report.problems.length > 0 ? 1 : 0
