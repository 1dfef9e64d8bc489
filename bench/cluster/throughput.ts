import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type NatsServer, natsServer } from '../../test/support/nats-server.ts'
import { cpuSeconds } from '../http/load.ts'
import { median, table } from '../statistics.ts'
import type { Order, Result } from './throughput-orders.ts'

/** How fast keys of another peer are read, beside an echo of as many bytes over the same client. */
export interface Throughput {
  readonly keysPerQuery: number
  readonly valueBytes: number
  readonly fedcachePerSecond: number
  readonly echoPerSecond: number
  /** Per CPU second of both processes and the NATS server together. */
  readonly fedcachePerCpuSecond: number
  readonly echoPerCpuSecond: number
  readonly ratio: number
}

interface Side {
  readonly asks: ChildProcess
  readonly answers: ChildProcess
  /** Process of the NATS server between them. */
  readonly natsPid: number
}

const cases = [
  { keysPerQuery: 1, valueBytes: 200 },
  { keysPerQuery: 64, valueBytes: 200 },
  { keysPerQuery: 64, valueBytes: 1024 },
] as const
const warmUpSeconds = 1

/**
 * Measures both in turn, so that what else the machine does falls on both alike. Every round has processes of its own:
 * where their memory happens to lie makes a third more or less, on either side.
 */
export async function measureThroughput(rounds: number, seconds: number): Promise<readonly Throughput[]> {
  const results = cases.map(() => ({ fedcache: [] as Figures[], echo: [] as Figures[] }))
  for (let round = 0; round < rounds; round++) {
    const measured = await measureRound(seconds)
    for (const [index, { fedcache, echo }] of measured.entries()) {
      results[index]!.fedcache.push(fedcache)
      results[index]!.echo.push(echo)
    }
  }
  return results.map(({ fedcache, echo }, index) => {
    const middle = (list: readonly Figures[], read: (figures: Figures) => number): number =>
      Math.round(median(list.map(read)))
    return {
      ...cases[index]!,
      fedcachePerSecond: middle(fedcache, ({ perSecond }) => perSecond),
      echoPerSecond: middle(echo, ({ perSecond }) => perSecond),
      fedcachePerCpuSecond: middle(fedcache, ({ perCpuSecond }) => perCpuSecond),
      echoPerCpuSecond: middle(echo, ({ perCpuSecond }) => perCpuSecond),
      ratio: median(fedcache.map((one, round) => one.perCpuSecond / echo[round]!.perCpuSecond)),
    }
  })
}

async function measureRound(
  seconds: number,
): Promise<readonly { readonly fedcache: Figures; readonly echo: Figures }[]> {
  const nats = await natsServer()
  const fedcache = await side('owner', 'asker', nats)
  const echo = await side('echo-server', 'echo-client', nats)
  try {
    const measured: { readonly fedcache: Figures; readonly echo: Figures }[] = []
    for (const { keysPerQuery, valueBytes } of cases) {
      const order = { keysPerQuery, valueBytes, seconds }
      for (const one of [fedcache, echo]) await measureSide(one, { ...order, seconds: warmUpSeconds })
      measured.push({ fedcache: await measureSide(fedcache, order), echo: await measureSide(echo, order) })
    }
    return measured
  } finally {
    for (const { asks, answers } of [fedcache, echo]) for (const child of [asks, answers]) child.kill('SIGKILL')
    await nats.dispose()
  }
}

interface Figures {
  readonly perSecond: number
  readonly perCpuSecond: number
}

async function side(answering: string, asking: string, { url, pid }: NatsServer): Promise<Side> {
  const answers = await started(answering, url)
  return { answers, asks: await started(asking, url), natsPid: pid }
}

async function started(role: string, server: string): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('throughput-process.ts', import.meta.url))
  const child = fork(script, [role, server], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  process.once('exit', () => child.kill('SIGKILL'))
  await once(child, 'message')
  return child
}

async function measureSide({ asks, answers, natsPid }: Side, order: Order): Promise<Figures> {
  const natsBefore = cpuSeconds(natsPid) ?? Number.NaN
  for (const child of [asks, answers]) child.send('start')
  const { keys } = await answered(asks, order)
  const used = await Promise.all([asks, answers].map((child) => answered(child, 'stop')))
  const natsSeconds = (cpuSeconds(natsPid) ?? Number.NaN) - natsBefore
  const seconds = used.reduce((sum, result) => sum + result.cpuSeconds, natsSeconds)
  return { perSecond: keys / order.seconds, perCpuSecond: keys / seconds }
}

async function answered(child: ChildProcess, order: Order | 'stop'): Promise<Result> {
  const answer = once(child, 'message')
  child.send(order)
  const [result] = (await answer) as [Result]
  return result
}

/** The figures as a table. */
export function throughputTable(figures: readonly Throughput[]): string {
  const thousands = (count: number): string => `${(count / 1000).toFixed(1)}k`
  return table([
    ['keys a query', 'bytes a value', 'keys/s', 'echo, keys/s', 'keys per CPU s', 'echo, keys per CPU s', 'ratio'],
    ...figures.map((one) => [
      `${one.keysPerQuery}`,
      `${one.valueBytes}`,
      thousands(one.fedcachePerSecond),
      thousands(one.echoPerSecond),
      thousands(one.fedcachePerCpuSecond),
      thousands(one.echoPerCpuSecond),
      one.ratio.toFixed(2),
    ]),
  ])
}
