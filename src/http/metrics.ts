import { AggregatorRegistry, Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client'
import type { Engine } from '../engine/engine.ts'
import type { KeyspaceStats } from '../engine/results.ts'
import { RequestDurations } from './request-durations.ts'

/** The numbers of one server. */
export interface Metrics {
  /** Counts one answered request. */
  answered(request: { readonly method: string; readonly path: string; readonly status: number; seconds: number }): void
  /** What Prometheus reads. */
  scrape(): Promise<{ readonly contentType: string; readonly text: string }>
}

/** A number that another part of the process tells at each scrape. */
export interface Reading {
  readonly type: 'gauge' | 'counter'
  readonly name: string
  readonly help: string
  /** Name of the label whose values `read` tells apart. */
  readonly label?: string
  readonly read: () => number | ReadonlyMap<string, number>
}

/** The numbers of one process at one moment, as they are sent to another. */
export type ProcessNumbers = readonly object[]

/**
 * The processes behind one port. Who scrapes it reaches any of them, and hears from that one about all, told apart by
 * the label `worker`.
 */
export interface Siblings {
  /** Name of this process among them. */
  readonly worker: string
  /** What is called whenever one of them wants the numbers of this process. */
  answerWith(numbers: () => Promise<ProcessNumbers>): void
  /** The numbers of all, this one included; those that do not answer in time are left out. */
  numbers(): Promise<readonly ProcessNumbers[]>
}

const gauges: readonly (readonly [statistic: keyof KeyspaceStats, name: string, help: string])[] = [
  ['entries', 'entries', 'Entries in memory.'],
  ['bytes', 'bytes', 'Bytes held: keys, values and their bookkeeping.'],
]

const counters: readonly (readonly [statistic: keyof KeyspaceStats, name: string, help: string])[] = [
  ['hits', 'hits_total', 'Keys answered from memory.'],
  ['misses', 'misses_total', 'Keys that were not in memory.'],
  ['loads', 'loads_total', 'Calls made to the source.'],
  ['loadedKeys', 'loaded_keys_total', 'Keys asked of the source.'],
  ['loadErrors', 'load_errors_total', 'Keys that the source failed to answer.'],
  ['evictions', 'evictions_total', 'Entries given up to make room.'],
  ['puts', 'puts_total', 'Entries put.'],
  ['deletes', 'deletes_total', 'Entries deleted.'],
  ['staleHits', 'stale_hits_total', 'Keys answered with an entry past its expiry.'],
  ['nearHits', 'near_hits_total', 'Keys answered from a copy of an entry that another peer owns.'],
  ['peerReads', 'peer_reads_total', 'Keys read from other peers.'],
  ['fencedFills', 'fenced_fills_total', 'Loaded values not stored because a write came between.'],
]

function keyspaceMetrics(engine: Engine, registers: Registry[]): void {
  const labelNames = ['keyspace'] as const
  const prefix = 'fedcache_keyspace_'
  for (const [statistic, name, help] of gauges) {
    const gauge = new Gauge({ name: prefix + name, help, labelNames, registers, collect })
    function collect(): void {
      gauge.reset()
      for (const keyspace of engine.keyspaces()) gauge.set({ keyspace: keyspace.name }, keyspace.stats[statistic])
    }
  }
  for (const [statistic, name, help] of counters) {
    const counter = new Counter({ name: prefix + name, help, labelNames, registers, collect })
    // The engine counts; what it has counted is copied whole at each scrape.
    function collect(): void {
      counter.reset()
      for (const keyspace of engine.keyspaces()) counter.inc({ keyspace: keyspace.name }, keyspace.stats[statistic])
    }
  }
}

function readingMetric({ type, name, help, label, read }: Reading, registers: Registry[]): void {
  const labelNames = label === undefined ? [] : [label]
  const options = { name, help, labelNames, registers, collect }
  const metric = type === 'gauge' ? new Gauge<string>(options) : new Counter<string>(options)
  function collect(): void {
    metric.reset()
    const now = read()
    if (typeof now === 'number') return metric.inc(now)
    for (const [value, number] of now) metric.inc({ [label ?? '']: value }, number)
  }
}

/** The numbers of several processes in the text format. Each has a label of its own, so nothing is added up. */
function textOf(processes: readonly ProcessNumbers[]): Promise<string> {
  const all = processes.map((numbers) => numbers.map((metric) => ({ ...metric, aggregator: 'sum' })))
  return AggregatorRegistry.aggregate(all).metrics()
}

/** Makes the metrics of one server, in a registry of its own. */
export function metrics(engine: Engine, readings: readonly Reading[] = [], siblings?: Siblings): Metrics {
  const registry = new Registry()
  if (siblings !== undefined) registry.setDefaultLabels({ worker: siblings.worker })
  keyspaceMetrics(engine, [registry])
  for (const reading of readings) readingMetric(reading, [registry])
  const durations = new RequestDurations()
  durations.register(registry)
  // These watch the event loop and the garbage collector, which a process that nobody scrapes need not pay for.
  let watching = false
  const watch = (): void => {
    if (!watching) collectDefaultMetrics({ register: registry })
    watching = true
  }
  siblings?.answerWith(() => {
    watch()
    return registry.getMetricsAsJSON()
  })
  return {
    answered: ({ method, path, status, seconds }) => durations.observe(method, path, status, seconds),
    scrape: async () => {
      watch()
      const text = siblings === undefined ? await registry.metrics() : await textOf(await siblings.numbers())
      return { contentType: registry.contentType, text }
    },
  }
}
