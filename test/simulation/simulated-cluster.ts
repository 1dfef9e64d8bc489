import { memoryBus } from '../../src/adapters/bus/memory.ts'
import { type MemoryHub, memoryHub } from '../../src/adapters/bus/memory-hub.ts'
import { Cluster } from '../../src/cluster/cluster.ts'
import { Engine } from '../../src/engine/engine.ts'
import type { KeyspaceDefinition, KeyspacePolicy } from '../../src/engine/policy.ts'
import type { Bus, LogFields, Logger } from '../../src/ports/index.ts'
import { plainLimits, plainPolicy } from '../support/engine-fixture.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { type CallFate, SharedSource } from './shared-source.ts'
import { ProcessClock, SimulatedTime } from './simulated-time.ts'

/** The keyspaces of a simulated cluster: over a writable source, over one that is only read, and without any. */
export const keyspaceNames = ['stored', 'loaded', 'kept'] as const
export type KeyspaceName = (typeof keyspaceNames)[number]

/** One process of a simulated cluster. */
export interface SimulatedProcess {
  readonly id: string
  /** Names the process: its id and how many had it before. */
  readonly name: string
  readonly engine: Engine
  readonly cluster: Cluster
  readonly bus: Bus
  readonly clock: ProcessClock
  readonly startedAtMs: number
  /** `gone`: killed, or has left. */
  state: 'running' | 'paused' | 'leaving' | 'gone'
  connected: boolean
  /** Whether its connection is dead without its knowing. */
  isStalled: boolean
  stalledAtMs: number
  /** Since when it has run and been connected. */
  wellSinceMs: number
  /** Since when it has listened, less short pauses. */
  listeningSinceMs: number
  /** Whether its lease has not come back since its connection was lost. */
  isLost: boolean
  /** When its lease came back last. */
  regained: number
  /** Resolves when `engine.stop` has. */
  stopped: Promise<void> | undefined
}

export interface SimulatedClusterOptions {
  readonly seed: number
  readonly maxDelayMs: number
  readonly maxSkewMs: number
  /** How long a message takes, where that is not left to chance. */
  readonly delayMs?: (from: string, to: string, subject: string) => number | undefined
  readonly policy: Partial<KeyspacePolicy>
  readonly revisions: boolean
  readonly fate: (key: string) => CallFate
  /** Called with what must never happen. */
  readonly onFault: (what: string) => void
  /** Called for everything that a process logs. */
  readonly onLog: (process: SimulatedProcess, message: string, fields: LogFields) => void
  readonly log?: ((line: string) => void) | undefined
}

/** A cluster of real engines over a bus in memory, a shared source, and the faults that may befall them. */
export class SimulatedCluster {
  readonly time = new SimulatedTime()
  readonly processes: SimulatedProcess[] = []
  readonly sources: Readonly<Record<'stored' | 'loaded', SharedSource>>
  readonly #options: SimulatedClusterOptions
  readonly #hub: MemoryHub
  readonly #random: () => number
  #order = 0
  /** How many of the next broadcasts of changes get lost on their way to one process. */
  #toDrop = new Map<string, number>()
  /** The side of a partition on which each process is, by name. */
  readonly #sides = new Map<string, number>()
  #maxDelayMs: number

  constructor(options: SimulatedClusterOptions) {
    this.#options = options
    this.#maxDelayMs = options.maxDelayMs
    this.#random = seededRandom(options.seed ^ 0x5eed)
    const worldClock = new ProcessClock(this.time, 0)
    this.#hub = memoryHub({
      clock: worldClock,
      scheduler: ({ from, to, subject, deliver, drop }) => {
        const drawnMs = Math.floor(this.#random() * (this.#maxDelayMs + 1))
        const delayMs = options.delayMs?.(from, to, subject) ?? drawnMs
        const left = subject.includes('.bcast.inv.') ? (this.#toDrop.get(to) ?? 0) : 0
        if (left > 0) this.#toDrop.set(to, left - 1)
        const isLost = left > 0 || this.#sides.get(from) !== this.#sides.get(to)
        this.time.at(this.time.nowMs + delayMs, () => (isLost ? drop() : deliver()))
      },
    })
    const { fate, revisions } = options
    const source = (): SharedSource => new SharedSource({ time: this.time, fate, revisions, order: () => this.next() })
    this.sources = { stored: source(), loaded: source() }
  }

  /** A number that is higher than all before. */
  next(): number {
    return ++this.#order
  }

  /** Those that can be asked. */
  get running(): SimulatedProcess[] {
    return this.processes.filter(({ state }) => state === 'running')
  }

  get alive(): SimulatedProcess[] {
    return this.processes.filter(({ state }) => state !== 'gone')
  }

  /** The newest process of an id. */
  process(id: string): SimulatedProcess | undefined {
    return this.processes.findLast((process) => process.id === id)
  }

  setMaxDelay(maxDelayMs: number): void {
    this.#maxDelayMs = maxDelayMs
  }

  /** Starts a process. Its id must not be in use. */
  start(id: string, skewMs?: number): SimulatedProcess {
    const { maxSkewMs, onFault } = this.#options
    const name = `${id}${this.processes.filter((process) => process.id === id).length}`
    const drawnSkewMs = Math.round((this.#random() * 2 - 1) * maxSkewMs)
    const clock = new ProcessClock(this.time, skewMs ?? drawnSkewMs)
    const logger = this.#logger(name, () => this.processes.find((process) => process.name === name))
    const bus = memoryBus({ hub: this.#hub, name, logger, clock })
    const cluster = new Cluster({
      name: 'simulated',
      peerId: id,
      bus,
      clock,
      logger,
      url: () => null,
      configHash: 'same',
      randomText: () => Math.floor(this.#random() * 2 ** 32).toString(36),
      onDuplicate: () => onFault(`${name} believes that another process has its id`),
    })
    const engine = new Engine({
      keyspaces: this.#keyspaces(clock),
      sources: new Map(),
      defaultPolicy: plainPolicy,
      memoryLimit: 64 * 1024 * 1024,
      limits: plainLimits,
      clock,
      logger,
      peers: cluster,
    })
    const startedAtMs = this.time.nowMs
    const state = {
      state: 'running',
      connected: true,
      isStalled: false,
      stalledAtMs: 0,
      isLost: false,
      regained: 0,
      stopped: undefined,
    } as const
    const times = { startedAtMs, wellSinceMs: startedAtMs, listeningSinceMs: startedAtMs }
    const process: SimulatedProcess = { id, name, engine, cluster, bus, clock, ...times, ...state }
    this.processes.push(process)
    engine.start().catch((error: unknown) => onFault(`${name} did not start: ${String(error)}`))
    return process
  }

  kill(process: SimulatedProcess): void {
    process.state = 'gone'
    process.clock.kill()
    this.#hub.kill(process.name)
  }

  /** Asks a process to end as SIGTERM does. */
  leave(process: SimulatedProcess): void {
    process.state = 'leaving'
    process.stopped = process.engine.stop().then(() => void (process.state = 'gone'))
    process.stopped.catch((error: unknown) => this.#options.onFault(`${process.name} failed to stop: ${String(error)}`))
  }

  pause(process: SimulatedProcess): void {
    process.state = 'paused'
    process.clock.pause()
    this.#hub.pause(process.name)
  }

  resume(process: SimulatedProcess): void {
    process.state = 'running'
    // Of a short pause a process notices nothing.
    const pausedMs = process.clock.resume()
    if (pausedMs >= 750) {
      process.wellSinceMs = this.time.nowMs
      const listenedMs = this.time.nowMs - pausedMs - process.listeningSinceMs
      process.listeningSinceMs = this.time.nowMs - (pausedMs < 2_200 ? Math.max(0, listenedMs) : 0)
    }
    if (!process.isStalled) this.#hub.resume(process.name)
  }

  cut(process: SimulatedProcess, slowConsumer: boolean): void {
    process.connected = false
    process.isLost = true
    if (process.cluster.info().self.state !== 'DEAD') this.#hub.disconnect(process.name, 'cut', slowConsumer)
  }

  /** Nothing reaches a process and nothing leaves it, and it is not told. */
  stall(process: SimulatedProcess): void {
    process.connected = false
    process.isStalled = true
    process.stalledAtMs = this.time.nowMs
    this.#hub.pause(process.name)
  }

  mend(process: SimulatedProcess): void {
    const stalledMs = process.isStalled ? this.time.nowMs - process.stalledAtMs : 0
    // Of a connection that was dead for a short while a process notices nothing.
    if (!process.bus.connected || stalledMs >= 3_500) {
      process.wellSinceMs = this.time.nowMs
      process.listeningSinceMs = this.time.nowMs
    }
    process.connected = true
    if (process.cluster.info().self.state === 'DEAD') return
    if (process.isStalled && process.state !== 'paused') this.#hub.resume(process.name)
    process.isStalled = false
    this.#hub.connect(process.name)
  }

  /** Parts the bus, as when the servers of a NATS cluster lose each other: everybody stays connected to one side. */
  split(...sides: readonly (readonly SimulatedProcess[])[]): void {
    for (const [side, processes] of sides.entries()) for (const { name } of processes) this.#sides.set(name, side)
  }

  /** Ends a {@link split}. */
  heal(): void {
    this.#sides.clear()
  }

  /** Loses the next broadcasts of changes on their way to a process. */
  loseChanges(process: SimulatedProcess, count: number): void {
    this.#toDrop.set(process.name, count)
  }

  /** Notes who has its lease back. */
  look(): void {
    for (const process of this.alive) {
      if (process.isStalled && !process.cluster.stats.leaseHeld) process.isLost = true
      if (!process.isLost || !process.connected || process.state !== 'running') continue
      if (!process.cluster.stats.leaseHeld) continue
      process.isLost = false
      if (this.#knowsWhoIsAway(process)) process.regained = this.next()
    }
  }

  /** Who is away and was never heard of is on the other side of a partition: what it changes cannot be made up for. */
  #knowsWhoIsAway(process: SimulatedProcess): boolean {
    const known = process.cluster.info().peers.map(({ incarnation }) => processOf(incarnation))
    return this.alive.every(
      (each) =>
        (each.connected && each.state === 'running') || known.includes(processOf(each.cluster.info().self.incarnation)),
    )
  }

  /** Whether all processes are well, hear each other and agree. */
  get isClean(): boolean {
    const alive = this.alive
    const ids = alive.map(({ id }) => id).toSorted()
    return alive.every((process) => {
      if (process.state !== 'running' || !process.connected || (this.#toDrop.get(process.name) ?? 0) > 0) return false
      const { settled, peers } = process.cluster.info()
      return (
        settled &&
        peers.length === ids.length &&
        peers.every(({ id, state }, at) => id === ids[at] && state === 'ALIVE')
      )
    })
  }

  #keyspaces(clock: ProcessClock): readonly KeyspaceDefinition[] {
    const policy = { ...plainPolicy, ...this.#options.policy }
    return keyspaceNames.map((name) => {
      const source = name === 'kept' ? undefined : this.sources[name].seenBy(clock, name === 'stored')
      return {
        name,
        origin: 'CONFIG',
        sourceName: source?.name,
        source,
        policy: { ...policy, ttlMs: name === 'kept' ? Infinity : policy.ttlMs },
      }
    })
  }

  #logger(name: string, process: () => SimulatedProcess | undefined): Logger {
    const { log, onFault, onLog } = this.#options
    const at =
      (level: string) =>
      (fields: LogFields, message: string): void => {
        const logging = process()
        if (logging !== undefined) onLog(logging, message, fields)
        if (level === 'error') onFault(`${name} logged an error: ${message} ${describe(fields)}`)
        log?.(`${String(Math.round(this.time.nowMs)).padStart(6)} ${name} ${level} ${message} ${describe(fields)}`)
      }
    const logger: Logger = {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      child: () => logger,
    }
    return logger
  }
}

function processOf(incarnation: string): string {
  return incarnation.slice(0, incarnation.lastIndexOf('.'))
}

function describe(fields: LogFields): string {
  return JSON.stringify(fields, (_key, value: unknown) =>
    value instanceof Error ? (value.stack ?? value.message) : value,
  )
}
