// How the CPU time of a request grows: with keys a query, with the size of values, and with entries in memory.
// `node bench/growth.ts`
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { load } from './http/load.ts'
import { entriesWorkload } from './http/workloads.ts'
import { median, table } from './statistics.ts'

interface Case {
  readonly entries: number
  readonly valueBytes: number
  readonly keys: number
}

const cases: readonly Case[] = [
  ...[1, 10, 50, 200, 1000].map((keys) => ({ entries: 20_000, valueBytes: 200, keys })),
  ...[20, 1000, 10_000, 100_000].map((valueBytes) => ({ entries: 2000, valueBytes, keys: 10 })),
  ...[1000, 100_000, 1_000_000].map((entries) => ({ entries, valueBytes: 200, keys: 50 })),
]
const script = fileURLToPath(new URL('http/fedcache-sized.mjs', import.meta.url))

async function cpuMicroseconds({ entries, valueBytes, keys }: Case): Promise<number> {
  const child = fork(script, {
    env: { ...process.env, NODE_ENV: 'production', VALUE_BYTES: String(valueBytes), ENTRIES: String(entries) },
    execArgv: ['--no-warnings', '--max-old-space-size=4000'],
  })
  try {
    const [{ url }] = (await once(child, 'message')) as [{ readonly url: string }]
    const workload = entriesWorkload(keys, entries, 200)
    const server = { url, pids: [child.pid!] }
    await load(server, workload, 1)
    const spells: number[] = []
    for (let round = 0; round < 3; round++) {
      spells.push((await load(server, workload, 1)).cpuMicrosecondsPerRequest)
    }
    return median(spells)
  } finally {
    child.kill()
  }
}

const rows: string[][] = []
for (const each of cases) {
  const cpu = await cpuMicroseconds(each)
  const perKey = (cpu / each.keys).toFixed(2)
  rows.push([String(each.entries), String(each.valueBytes), String(each.keys), cpu.toFixed(0), perKey])
}
console.log(table([['entries in memory', 'value bytes', 'keys a query', 'CPU µs a request', 'a key'], ...rows]))
process.exit(0)
