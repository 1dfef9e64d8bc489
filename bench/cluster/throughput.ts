import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { natsServer } from '../../test/support/nats-server.ts'
import { median, table } from '../statistics.ts'
import type { Order, Result } from './throughput-orders.ts'

/** How fast keys of another peer are read, beside an echo of as many bytes over the same client. */
export interface Throughput {
  readonly keysPerQuery: number
  readonly valueBytes: number
  readonly fedcachePerSecond: number
  readonly echoPerSecond: number
  /** Per CPU second of both processes together. */
  readonly fedcachePerCpuSecond: number
  readonly echoPerCpuSecond: number
  readonly ratio: number
}

interface Side {
  readonly name: 'fedcache' | 'echo'
  readonly asks: ChildProcess
  readonly answers: ChildProcess
}

const cases = [
  { keysPerQuery: 1, valueBytes: 200 },
  { keysPerQuery: 64, valueBytes: 200 },
  { keysPerQuery: 64, valueBytes: 1024 },
] as const

/** Measures both in turn, so that what else the machine does falls on both alike. */
export async function measureThroughput(rounds: number, seconds: number): Promise<readonly Throughput[]> {
  const nats = await natsServer()
  const sides: readonly Side[] = [
    await side('fedcache', 'owner', 'asker', nats.url),
    await side('echo', 'echo-server', 'echo-client', nats.url),
  ]
  try {
    const figures: Throughput[] = []
    for (const { keysPerQuery, valueBytes } of cases) {
      const results = { fedcache: [] as Figures[], echo: [] as Figures[] }
      for (let round = -1; round < rounds; round++) {
        for (const one of sides) {
          const measured = await measureSide(one, { keysPerQuery, valueBytes, seconds })
          // The first round warms up.
          if (round >= 0) results[one.name].push(measured)
        }
      }
      const middle = (list: readonly Figures[], read: (figures: Figures) => number): number =>
        Math.round(median(list.map(read)))
      const ratios = results.fedcache.map((one, index) => one.perCpuSecond / results.echo[index]!.perCpuSecond)
      figures.push({
        keysPerQuery,
        valueBytes,
        fedcachePerSecond: middle(results.fedcache, ({ perSecond }) => perSecond),
        echoPerSecond: middle(results.echo, ({ perSecond }) => perSecond),
        fedcachePerCpuSecond: middle(results.fedcache, ({ perCpuSecond }) => perCpuSecond),
        echoPerCpuSecond: middle(results.echo, ({ perCpuSecond }) => perCpuSecond),
        ratio: median(ratios),
      })
    }
    return figures
  } finally {
    for (const { asks, answers } of sides) for (const child of [asks, answers]) child.kill('SIGKILL')
    await nats.dispose()
  }
}

interface Figures {
  readonly perSecond: number
  readonly perCpuSecond: number
}

async function side(name: Side['name'], answering: string, asking: string, server: string): Promise<Side> {
  const answers = await started(answering, server)
  return { name, answers, asks: await started(asking, server) }
}

async function started(role: string, server: string): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('throughput-process.ts', import.meta.url))
  const child = fork(script, [role, server], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  process.once('exit', () => child.kill('SIGKILL'))
  await once(child, 'message')
  return child
}

async function measureSide({ asks, answers }: Side, order: Order): Promise<Figures> {
  for (const child of [asks, answers]) child.send('start')
  const { keys } = await answered(asks, order)
  const used = await Promise.all([asks, answers].map((child) => answered(child, 'stop')))
  const cpuSeconds = used.reduce((sum, result) => sum + result.cpuSeconds, 0)
  return { perSecond: keys / order.seconds, perCpuSecond: keys / cpuSeconds }
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
