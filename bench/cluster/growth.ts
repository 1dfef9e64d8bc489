import { setTimeout as passed } from 'node:timers/promises'
import { memoryBus } from '../../src/adapters/bus/memory.ts'
import { memoryHub } from '../../src/adapters/bus/memory-hub.ts'
import { Cluster } from '../../src/cluster/cluster.ts'
import { slotTable, type SlotTable } from '../../src/cluster/placement.ts'
import type { Bus, Logger, PeerHost } from '../../src/ports/index.ts'
import { ClusterWorld } from '../../test/support/cluster-world.ts'
import { seededRandom } from '../../test/support/seeded-random.ts'
import { median, table } from '../statistics.ts'
import { BenchTime } from './bench-time.ts'

/** What a cluster of a size costs while nobody asks it anything. */
export interface Growth {
  readonly peers: number
  readonly kind: 'processes' | 'simulated'
  /** Sent and received by one peer. */
  readonly messagesPerSecond: number
  readonly bytesPerSecond: number
  /** CPU time of one peer for each second; only where it can be told. */
  readonly cpuMsPerSecond: number | undefined
  /** From the start of one more peer until all agree. */
  readonly joinMs: number | undefined
  /** Computing who owns what, per peer and change. */
  readonly tableMs: number
  /** Mean share of slots that a newcomer takes, times the number of peers with it; 1 is ideal. */
  readonly moved: number
  /** Slots that went from one old peer to another in those joins. */
  readonly movedBetweenOld: number
}

/** Measures clusters of real processes and of simulated peers. */
export async function measureGrowth(): Promise<readonly Growth[]> {
  const figures: Growth[] = []
  for (const peers of [1, 3, 5]) figures.push(await realPeers(peers))
  for (const peers of [50, 200]) figures.push(await simulatedPeers(peers))
  return figures
}

const idleSeconds = 6

async function realPeers(peers: number): Promise<Growth> {
  await using world = await ClusterWorld.make()
  await world.start(...Array.from({ length: peers - 1 }, (_, index) => `peer-${index}`))
  const startedMs = performance.now()
  const last = await world.launch('last').listening()
  const spentStarting = Date.parse(last.log.at(-1)!.time) - Date.parse(last.log[0]!.time)
  await world.settled()
  const joinMs = Math.min(spentStarting, performance.now() - startedMs)
  const sum = async (names: readonly string[]): Promise<number> => {
    const values = await Promise.all(world.peers.flatMap((peer) => names.map((name) => peer.metric(name))))
    return values.reduce((total, value) => total + value, 0)
  }
  const messages = ['fedcache_bus_sent_messages_total', 'fedcache_bus_received_messages_total']
  const bytes = ['fedcache_bus_sent_bytes_total', 'fedcache_bus_received_bytes_total']
  await passed(1_000)
  const before = [await sum(messages), await sum(bytes)] as const
  const fromMs = performance.now()
  await passed(idleSeconds * 1000)
  const seconds = (performance.now() - fromMs) / 1000
  const after = [await sum(messages), await sum(bytes)] as const
  return {
    peers,
    kind: 'processes',
    messagesPerSecond: (after[0] - before[0]) / seconds / peers,
    bytesPerSecond: (after[1] - before[1]) / seconds / peers,
    cpuMsPerSecond: undefined,
    joinMs,
    ...placementCost(peers),
  }
}

async function simulatedPeers(peers: number): Promise<Growth> {
  const time = new BenchTime()
  const hub = memoryHub({ clock: time })
  const buses: Bus[] = []
  const clusters = Array.from({ length: peers }, (_, index) => {
    const bus = memoryBus({ hub, name: `peer-${index}`, logger: silent, clock: time })
    buses.push(bus)
    return new Cluster({
      name: 'bench',
      peerId: `peer-${index}`,
      bus,
      clock: time,
      logger: silent,
      url: () => null,
      configHash: 'same',
      randomText: () => `${index}`,
      onDuplicate: () => {},
    })
  })
  for (const cluster of clusters) void cluster.join(idleHost)
  await time.run(10_000)
  if (!clusters.every((cluster) => cluster.info().settled)) throw new Error(`${peers} simulated peers did not agree`)
  const total = (read: (bus: Bus) => number): number => buses.reduce((sum, bus) => sum + read(bus), 0)
  const messages = (): number => total(({ stats }) => stats.sentMessages + stats.receivedMessages)
  const bytes = (): number => total(({ stats }) => stats.sentBytes + stats.receivedBytes)
  const before = [messages(), bytes()] as const
  const cpu = process.cpuUsage()
  await time.run(idleSeconds * 1000)
  const { user, system } = process.cpuUsage(cpu)
  return {
    peers,
    kind: 'simulated',
    messagesPerSecond: (messages() - before[0]) / idleSeconds / peers,
    bytesPerSecond: (bytes() - before[1]) / idleSeconds / peers,
    cpuMsPerSecond: (user + system) / 1000 / idleSeconds / peers,
    joinMs: undefined,
    ...placementCost(peers),
  }
}

function placementCost(peers: number): Pick<Growth, 'tableMs' | 'moved' | 'movedBetweenOld'> {
  const joins = peers > 50 ? 10 : peers > 5 ? 25 : 100
  const times: number[] = []
  let taken = 0
  let movedBetweenOld = 0
  for (let seed = 0; seed < joins; seed++) {
    const random = seededRandom(seed)
    const ids = Array.from({ length: peers + 1 }, () => `peer-${Math.floor(random() * 2 ** 31).toString(36)}`)
    const startedMs = performance.now()
    const before = slotTable(ids.slice(0, peers))
    times.push(performance.now() - startedMs)
    const after = slotTable(ids)
    for (let slot = 0; slot < before.owners.length; slot++) {
      const [old, fresh] = [nameOf(before, slot), nameOf(after, slot)]
      if (fresh === ids[peers]) taken++
      else if (old !== fresh) movedBetweenOld++
    }
  }
  return { tableMs: median(times), moved: (taken / joins / 4096) * (peers + 1), movedBetweenOld }
}

function nameOf(slots: SlotTable, slot: number): string {
  return slots.peers[slots.owners[slot]!]!
}

const silent: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore, child: () => silent }

function ignore(): void {}

/** A peer that holds nothing and is asked for nothing. */
const idleHost = {
  readFor: async () => [],
  writeFor: async () => ({ answers: [], confirmation: { confirmedBy: [], unconfirmed: [] } }),
  applyInvalidation: ignore,
  distrustAll: ignore,
  homelessPuts: () => [],
  takePuts: () => [],
  releasePut: ignore,
  writesEnded: async () => {},
  lastVersion: 0,
  observeVersion: () => true,
  catalogue: () => [],
  adopt: async () => {},
} as unknown as PeerHost

/** The figures as a table. */
export function growthTable(figures: readonly Growth[]): string {
  return table([
    ['peers', 'messages/s', 'KiB/s', 'CPU, ms/s', 'join, ms', 'slot table, ms', 'moved × N', 'moved between old'],
    ...figures.map((one) => [
      `${one.peers} ${one.kind}`,
      one.messagesPerSecond.toFixed(1),
      (one.bytesPerSecond / 1024).toFixed(1),
      one.cpuMsPerSecond?.toFixed(2) ?? '',
      one.joinMs?.toFixed(0) ?? '',
      one.tableMs.toFixed(1),
      one.moved.toFixed(3),
      `${one.movedBetweenOld}`,
    ]),
  ])
}
