// What a cache full of values costs in memory, against what it says it costs, and how long it keeps the process waiting.
// `npm run bench:memory` exits with 1 when a line does not hold. Every scenario runs in a process of its own, with the heap
// that the command line would give it.
import { spawnSync } from 'node:child_process'
import { monitorEventLoopDelay, performance, PerformanceObserver } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../src/adapters/clock/system-clock.ts'
import { lruStore } from '../src/adapters/store/lru-store.ts'
import { keyspaceDefaults, processDefaults } from '../src/config/defaults.ts'
import { oldSpaceMebibytesFor } from '../src/config/memory.ts'
import { Engine } from '../src/engine/engine.ts'
import { chargedBytes } from '../src/engine/memory.ts'
import { noPeers } from '../src/engine/no-peers.ts'
import type { KeyspacePolicy } from '../src/engine/policy.ts'
import type { Logger, Source } from '../src/ports/index.ts'

interface Scenario {
  readonly name: string
  readonly entries: number
  /** Length of the text that makes up most of each value. */
  readonly textLength: number
  readonly tagsPerEntry: number
  /** RSS growth over key and value bytes that is still in order; `undefined` where it is only shown. */
  readonly maxRssRatio: number | undefined
}

interface Measured {
  readonly chargedBytes: number
  readonly payloadBytes: number
  readonly heapBytes: number
  readonly rssBytes: number
  /** The same at once when everything is filled, with what V8 has not collected or not given back. */
  readonly filledRssBytes: number
  readonly gcPausesMs: { readonly max: number; readonly p99: number; readonly total: number }
  readonly eventLoopDelayMs: { readonly max: number; readonly p99: number }
  readonly writesPerSecond: number
}

const scenarios: readonly Scenario[] = [
  { name: '100 B', entries: 600_000, textLength: 40, tagsPerEntry: 0, maxRssRatio: undefined },
  { name: '100 B, 2 tags', entries: 200_000, textLength: 40, tagsPerEntry: 2, maxRssRatio: undefined },
  { name: '1 KiB', entries: 500_000, textLength: 960, tagsPerEntry: 0, maxRssRatio: 1.4 },
  { name: '100 KiB', entries: 4_000, textLength: 102_336, tagsPerEntry: 0, maxRssRatio: 1.4 },
]
const overwrittenShare = 0.3
const chargedRange = { min: 0.85, max: 1.15 }
const keysPerCall = 500

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent }

/** A value as a database driver or a JSON parser makes it. */
function valueOf(id: number, revision: number, textLength: number): unknown {
  const text = `${revision} ${String(id).repeat(Math.ceil(textLength / String(id).length))}`.slice(0, textLength)
  return JSON.parse(JSON.stringify({ id, price: id * 1.25, available: id % 2 === 0, text }))
}

const keyOf = (id: number): string => `product:${id}`
const tagsOf = (id: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `category:${(id + index) % 1_000}`)

function productSource(scenario: Scenario): Source {
  return {
    name: 'products',
    loadMany: async (keys) => keys.map((key) => valueOf(Number(key.slice('product:'.length)), 0, scenario.textLength)),
  }
}

function makeEngine(scenario: Scenario, memoryLimit: number): Engine {
  const policy: KeyspacePolicy = {
    ...keyspaceDefaults,
    maxBytes: memoryLimit,
    maxEntries: Infinity,
    ttlMs: Infinity,
    rateLimit: undefined,
    circuitBreaker: undefined,
    warmKeys: [],
    expiry: undefined,
    tags: (key) => tagsOf(Number(key.slice('product:'.length)), scenario.tagsPerEntry),
    store: lruStore(),
  }
  const keyspaces = ['loaded', 'put'] as const
  return new Engine({
    keyspaces: keyspaces.map((name) => {
      const source = name === 'loaded' ? productSource(scenario) : undefined
      return { name, origin: 'CONFIG', sourceName: source?.name, source, policy }
    }),
    sources: new Map(),
    defaultPolicy: policy,
    memoryLimit,
    limits: {
      maxKeysPerCall: processDefaults.maxKeysPerCall,
      maxKeyBytes: processDefaults.maxKeyBytes,
      maxAnswerBytes: Infinity,
    },
    clock: systemClock(),
    logger: silent,
    peers: noPeers({ name: 'fedcache', peerId: 'bench', incarnation: 'first', url: () => null }),
  })
}

/** Calls `work` with ids from 0 to below `count`, a part at a time, letting other events in between. */
async function inParts(count: number, work: (ids: readonly number[]) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < count; from += keysPerCall) {
    const ids = Array.from({ length: Math.min(keysPerCall, count - from) }, (_, index) => from + index)
    await work(ids)
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
}

/**
 * Half of the entries are loaded, half put. Meanwhile a share of what is there already is overwritten, as it is in a
 * cache that is in use: evenly over all ages.
 */
async function fill(engine: Engine, scenario: Scenario, entries: number): Promise<void> {
  const put = (keyspace: string, ids: Iterable<number>, revision: number): Promise<unknown> =>
    engine.putMany(
      keyspace,
      Array.from(ids, (id) => ({ key: keyOf(id), value: valueOf(id, revision, scenario.textLength) })),
    )
  let overwrites = 0
  await inParts(entries / 2, async (ids) => {
    await engine.getMany('loaded', ids.map(keyOf))
    await put('put', ids, 0)
    const older = new Set<number>()
    while (older.size < ids.length * overwrittenShare) older.add((++overwrites * 7_919) % (ids.at(-1)! + 1))
    await put('loaded', older, 1)
    await put('put', older, 1)
  })
}

/**
 * What is in use once everything that can be collected has been. V8 keeps pages that it has freed for itself, until
 * memory is short: it is asked here as it asks itself then.
 */
async function settledMemory(): Promise<NodeJS.MemoryUsage> {
  for (let round = 0; round < 3; round++) {
    globalThis.gc!({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    await new Promise((resolve) => {
      setTimeout(resolve, 100)
    })
  }
  return process.memoryUsage()
}

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0

async function measure(scenario: Scenario, memoryLimit: number): Promise<Measured> {
  // Code that is compiled and buffers that are made the first time are not what entries cost.
  const warmUp = makeEngine(scenario, memoryLimit)
  await fill(warmUp, scenario, Math.min(20_000, scenario.entries / 10))
  await Promise.all([warmUp.clear('loaded'), warmUp.clear('put')])

  const engine = makeEngine(scenario, memoryLimit)
  const before = await settledMemory()
  const pauses: number[] = []
  const observer = new PerformanceObserver((list) => pauses.push(...list.getEntries().map(({ duration }) => duration)))
  const delay = monitorEventLoopDelay({ resolution: 5 })
  observer.observe({ entryTypes: ['gc'] })
  delay.enable()
  const startedAtMs = performance.now()
  await fill(engine, scenario, scenario.entries)
  const durationMs = performance.now() - startedAtMs
  delay.disable()
  observer.disconnect()
  const filledRssBytes = process.memoryUsage.rss() - before.rss
  const after = await settledMemory()

  const stats = [engine.stats('loaded'), engine.stats('put')]
  const held = stats.reduce((sum, { entries }) => sum + entries, 0)
  if (held !== scenario.entries) throw new Error(`${held} of ${scenario.entries} entries are there`)
  let payloadBytes = 0
  for (const keyspace of ['loaded', 'put']) {
    await inParts(scenario.entries / 2, async (ids) => {
      for (const entry of await engine.getMany(keyspace, ids.map(keyOf))) {
        if (entry !== null && 'size' in entry) payloadBytes += entry.key.length + entry.size
      }
    })
  }
  const sorted = pauses.toSorted((one, other) => one - other)
  return {
    chargedBytes: stats.reduce((sum, { bytes }) => sum + bytes, 0),
    payloadBytes,
    heapBytes: after.heapUsed + after.external - before.heapUsed - before.external,
    rssBytes: after.rss - before.rss,
    filledRssBytes,
    gcPausesMs: {
      max: sorted.at(-1) ?? 0,
      p99: quantile(sorted, 0.99),
      total: sorted.reduce((sum, pause) => sum + pause, 0),
    },
    eventLoopDelayMs: { max: delay.max / 1e6, p99: delay.percentile(99) / 1e6 },
    writesPerSecond: (scenario.entries * (1 + overwrittenShare)) / (durationMs / 1000),
  }
}

/** A limit that the entries of a scenario fit in, with little to spare: replacing one asks for the room of both. */
function limitFor({ entries, textLength, tagsPerEntry }: Scenario): number {
  const value = JSON.stringify(valueOf(entries, 1, textLength))
  return Math.ceil(1.02 * entries * chargedBytes(keyOf(entries), value, tagsOf(entries, tagsPerEntry)))
}

function measureInProcess(scenario: Scenario): Measured {
  const memoryLimit = limitFor(scenario)
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--expose-gc',
      `--max-old-space-size=${oldSpaceMebibytesFor(memoryLimit)}`,
      fileURLToPath(import.meta.url),
      JSON.stringify(scenario),
    ],
    { encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(`the process of ${scenario.name} failed: ${stderr}`)
  return JSON.parse(stdout) as Measured
}

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`
const milliseconds = (ms: number): string => `${ms.toFixed(1)} ms`

/** Prints one scenario; returns whether it is in order. */
function report(scenario: Scenario, measured: Measured): boolean {
  const { chargedBytes, payloadBytes, heapBytes, rssBytes, gcPausesMs, eventLoopDelayMs } = measured
  const charged = chargedBytes / heapBytes
  const rss = rssBytes / payloadBytes
  const chargedHolds = charged >= chargedRange.min && charged <= chargedRange.max
  const rssHolds = scenario.maxRssRatio === undefined || rss <= scenario.maxRssRatio
  const perEntry = ((heapBytes - payloadBytes) / scenario.entries).toFixed(0)
  console.log(`${scenario.name}: ${scenario.entries} entries, ${mebibytes(payloadBytes)} of keys and values`)
  console.log(
    `  ${chargedHolds ? 'ok ' : 'NOT'} reported ${mebibytes(chargedBytes)} / heap ${mebibytes(heapBytes)} = ${charged.toFixed(3)} (${chargedRange.min} to ${chargedRange.max}); overhead ${perEntry} B an entry`,
  )
  const limit = scenario.maxRssRatio === undefined ? 'no limit' : `at most ${scenario.maxRssRatio}`
  const filled = (measured.filledRssBytes / payloadBytes).toFixed(2)
  console.log(
    `  ${rssHolds ? 'ok ' : 'NOT'} rss ${mebibytes(rssBytes)} / keys and values = ${rss.toFixed(2)} (${limit}); ${filled} before V8 gave back what it can`,
  )
  console.log(
    `      gc pauses: max ${milliseconds(gcPausesMs.max)}, p99 ${milliseconds(gcPausesMs.p99)}, total ${milliseconds(gcPausesMs.total)}`,
  )
  console.log(
    `      event loop delay: max ${milliseconds(eventLoopDelayMs.max)}, p99 ${milliseconds(eventLoopDelayMs.p99)}; ${measured.writesPerSecond.toFixed(0)} loads and puts a second`,
  )
  return chargedHolds && rssHolds
}

const [ownScenario] = process.argv.slice(2)
if (ownScenario !== undefined) {
  const scenario = JSON.parse(ownScenario) as Scenario
  console.log(JSON.stringify(await measure(scenario, limitFor(scenario))))
} else {
  const holds = scenarios.map((scenario) => report(scenario, measureInProcess(scenario)))
  process.exitCode = holds.includes(false) ? 1 : 0
}
