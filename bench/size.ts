// How long one turn of the event loop takes the processor while a process holds very much: `npm run bench:size`. Pauses
// of the garbage collector are told apart, and taken off the turns that they fell into.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { PerformanceObserver } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { natsServer } from '../test/support/nats-server.ts'
import { createFedcache } from '../src/index.ts'
import { table } from './statistics.ts'

interface Scenario {
  readonly name: string
  readonly entries: number
  readonly valueBytes: number
  /** Every so manieth entry has a tag. */
  readonly taggedEvery: number
  /** Whether entries are put, and not loaded. */
  readonly isPut: boolean
  readonly memoryLimit: '5gb' | '2gb'
}

const scenarios: readonly Scenario[] = [
  { name: '10 M small', entries: 10_000_000, valueBytes: 10, taggedEvery: 10, isPut: false, memoryLimit: '5gb' },
  { name: '1 M of 1 KiB', entries: 1_000_000, valueBytes: 1024, taggedEvery: 1, isPut: false, memoryLimit: '2gb' },
  { name: '2 M small, put', entries: 2_000_000, valueBytes: 10, taggedEvery: 0, isPut: true, memoryLimit: '2gb' },
]
const tags = 10
const keysPerCall = 250
const longestTurnMs = 20

interface Phase {
  readonly name: string
  readonly seconds: number
  readonly longestTurnMs: number
  readonly longestPauseMs: number
}

interface Turn {
  readonly startMs: number
  readonly endMs: number
  readonly cpuMs: number
}

/** Watches the turns of the event loop while some work goes on. */
async function watched(name: string, work: () => Promise<unknown>): Promise<Phase> {
  const turns: Turn[] = []
  const pauses: { readonly startMs: number; readonly durationMs: number }[] = []
  const observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) pauses.push({ startMs: startTime, durationMs: duration })
  })
  observer.observe({ entryTypes: ['gc'] })
  let isOver = false
  let cpuMs = threadCpuMs()
  let startMs = performance.now()
  const startedAtMs = startMs
  const turn = (): void => {
    const [nowMs, usedMs] = [performance.now(), threadCpuMs()]
    if (usedMs - cpuMs > 2) turns.push({ startMs, endMs: nowMs, cpuMs: usedMs - cpuMs })
    startMs = nowMs
    cpuMs = usedMs
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  await work()
  isOver = true
  turn()
  const seconds = (performance.now() - startedAtMs) / 1000
  await new Promise((resolve) => setTimeout(resolve, 50))
  observer.disconnect()
  const withoutPauses = turns.map((each) => {
    const inside = pauses.filter((pause) => pause.startMs >= each.startMs - 1 && pause.startMs <= each.endMs)
    return each.cpuMs - inside.reduce((sum, { durationMs }) => sum + durationMs, 0)
  })
  return {
    name,
    seconds,
    longestTurnMs: Math.max(0, ...withoutPauses),
    longestPauseMs: pauses.reduce((longest, { durationMs }) => Math.max(longest, durationMs), 0),
  }
}

function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

const keyOf = (index: number): string => `key-${index}`
const indexOf = (key: string): number => Number(key.slice('key-'.length))

async function measure(scenario: Scenario, server: string): Promise<void> {
  const { entries, valueBytes, taggedEvery, isPut, memoryLimit } = scenario
  const loadMany = async (keys: readonly string[]): Promise<string[]> => keys.map((key) => key.padEnd(valueBytes, 'x'))
  const tagsOf = (key: string): string[] =>
    taggedEvery > 0 && indexOf(key) % taggedEvery === 0 ? [`tag-${(indexOf(key) / taggedEvery) % tags}`] : []
  const common = { ttl: 'forever', format: 'text' } as const
  const many = isPut ? common : { ...common, source: { name: 'many', loadMany }, tags: tagsOf }
  const fedcache = createFedcache({
    port: 0,
    memoryLimit,
    log: { level: 'error' },
    cluster: { name: `size-${process.pid}`, peerId: 'large', nats: server },
    keyspaces: { many },
  })
  await fedcache.listen()
  const { engine } = fedcache
  const calls = async (
    from: number,
    to: number,
    call: (keys: readonly string[]) => Promise<unknown>,
  ): Promise<void> => {
    for (let at = from; at < to; at += keysPerCall) {
      await call(Array.from({ length: Math.min(keysPerCall, to - at) }, (_, index) => keyOf(at + index)))
      // As requests come: each in a turn of its own.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const fill = (from: number, to: number): Promise<void> =>
    calls(from, to, (keys) =>
      isPut
        ? engine.putMany(
            'many',
            keys.map((key) => ({ key, text: key.padEnd(valueBytes, 'x') })),
          )
        : engine.getMany('many', keys),
    )
  const phases = [await watched('fill', () => fill(0, entries))]
  const held = engine.stats('many').entries
  if (held < entries) throw new Error(`${held} of ${entries} entries are there`)
  phases.push(await watched('read', () => calls(0, Math.min(entries, 500_000), (keys) => engine.getMany('many', keys))))
  if (taggedEvery > 0) {
    const left = entries - Math.ceil(entries / taggedEvery / tags)
    phases.push(
      await watched('invalidate a tag', async () => {
        await engine.invalidateTags('many', ['tag-1'])
        await until(() => engine.stats('many').entries <= left)
      }),
    )
  }
  const newcomer = fork(fileURLToPath(import.meta.url), ['newcomer', server, `size-${process.pid}`], {
    execArgv: ['--no-warnings', '--max-old-space-size=8000'],
  })
  phases.push(
    await watched('another peer joins', async () => {
      await once(newcomer, 'message')
      await until(() => engine.cluster().settled && engine.cluster().peers.length === 2)
      // What is handed over takes its time; a part of it shows how.
      await new Promise((resolve) => setTimeout(resolve, isPut ? 15_000 : 3000))
    }),
  )
  newcomer.kill('SIGKILL')
  await until(() => engine.cluster().peers.filter(({ state }) => state === 'ALIVE').length === 1)
  phases.push(
    await watched('clear, and what comes after it', async () => {
      await engine.clear('many')
      await fill(0, 100_000)
    }),
  )
  process.send?.({ held, phases })
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20))
}

async function newcomer(server: string, name: string): Promise<void> {
  const loadMany = async (keys: readonly string[]): Promise<string[]> => [...keys]
  const fedcache = createFedcache({
    port: 0,
    memoryLimit: '2gb',
    log: { level: 'silent' },
    cluster: { name, peerId: 'newcomer', nats: server },
    keyspaces: { many: { source: { name: 'many', loadMany }, ttl: 'forever', format: 'text' } },
  })
  await fedcache.listen()
  process.send?.('here')
}

async function main(wanted: readonly string[]): Promise<void> {
  const nats = await natsServer()
  let isInOrder = true
  for (const scenario of scenarios) {
    if (wanted.length > 0 && !wanted.some((word) => scenario.name.includes(word))) continue
    const child: ChildProcess = fork(fileURLToPath(import.meta.url), ['measure', JSON.stringify(scenario), nats.url], {
      execArgv: ['--no-warnings', '--max-old-space-size=9000'],
    })
    process.once('exit', () => child.kill('SIGKILL'))
    const [{ held, phases }] = (await once(child, 'message')) as [
      { readonly held: number; readonly phases: readonly Phase[] },
    ]
    child.kill('SIGKILL')
    const rows = phases.map((phase) => [
      phase.name,
      phase.seconds.toFixed(1),
      phase.longestTurnMs.toFixed(1),
      phase.longestPauseMs.toFixed(1),
    ])
    const head = [`${scenario.name} (${held})`, 'seconds', 'longest turn, CPU ms without GC', 'longest GC pause, ms']
    console.log(`${table([head, ...rows])}\n`)
    // A Map that grows moves all that is in it at once, which nothing here can cut into slices.
    if (phases.some((phase) => phase.name !== 'fill' && phase.longestTurnMs > longestTurnMs)) isInOrder = false
  }
  await nats.dispose()
  process.exit(isInOrder ? 0 : 1)
}

const [role, first = '', second = ''] = process.argv.slice(2)
if (role === 'measure') await measure(JSON.parse(first) as Scenario, second)
else if (role === 'newcomer') await newcomer(first, second)
else await main(process.argv.slice(2))
