import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { type Workload, wrkScript } from './workloads.ts'

/** What one spell of load showed. */
export interface Measurement {
  readonly requestsPerSecond: number
  /** CPU time of the server's processes, user and system, for each request it answered. */
  readonly cpuMicrosecondsPerRequest: number
}

const connections = 32
const run = promisify(execFile)
const scripts = new Map<Workload, string>()

/** Whether a program is on the PATH. */
export function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)))
}

/** CPU seconds, user and system, of a process so far; `undefined` where the system does not tell. */
export function cpuSeconds(pid: number): number | undefined {
  if (!existsSync(`/proc/${pid}/stat`)) return undefined
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // Linux counts in hundredths of a second wherever Node runs.
  return (Number(fields[11]) + Number(fields[12])) / 100
}

function cpuSecondsOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + (cpuSeconds(pid) ?? Number.NaN), 0)
}

/** What is put under load. */
interface Server {
  readonly url: string
  readonly pids: readonly number[]
}

/** Puts a server under load, by wrk where it is installed, else by autocannon. */
export async function load({ url, pids }: Server, workload: Workload, seconds: number): Promise<Measurement> {
  const before = cpuSecondsOf(pids)
  const { requests, elapsedSeconds } = isInstalled('wrk')
    ? await byWrk(url, workload, seconds)
    : await byAutocannon(url, workload, seconds)
  const cpu = cpuSecondsOf(pids) - before
  return { requestsPerSecond: requests / elapsedSeconds, cpuMicrosecondsPerRequest: (cpu / requests) * 1e6 }
}

interface Load {
  readonly requests: number
  readonly elapsedSeconds: number
}

async function byWrk(url: string, workload: Workload, seconds: number): Promise<Load> {
  let script = scripts.get(workload)
  if (script === undefined) scripts.set(workload, (script = wrkScript(workload)))
  const { stdout } = await run('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '-s', script, url])
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(stdout)
  const counted = /(\d+) requests in ([\d.]+)s/.exec(stdout)
  const rate = /Requests\/sec:\s*([\d.]+)/.exec(stdout)
  if (counted === null || rate === null) throw new Error(`wrk printed what is not understood:\n${stdout}`)
  const requests = Number(counted[1])
  return { requests, elapsedSeconds: requests / Number(rate[1]) }
}

interface Autocannon {
  (options: object): Promise<{ readonly requests: { readonly total: number }; readonly duration: number }>
}

async function byAutocannon(url: string, workload: Workload, seconds: number): Promise<Load> {
  const name = 'autocannon'
  const { default: autocannon } = (await import(name)) as { readonly default: Autocannon }
  const { requests, duration } = await autocannon({
    url,
    connections,
    duration: seconds,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    requests: workload.bodies.map((body) => ({ body })),
  })
  return { requests: requests.total, elapsedSeconds: duration }
}
