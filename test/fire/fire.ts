import { setTimeout as passed } from 'node:timers/promises'
import type { PeerLogLine } from '../support/cluster-peer.ts'
import { ClusterWorld, eventually } from '../support/cluster-world.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { checkHistory, type Verdict } from './check-history.ts'
import { type Fault, FaultBag, type FaultKind, faultKinds, inject } from './faults.ts'
import { FireLoad } from './fire-load.ts'
import { type FireKeyspace, History, nowMs } from './history.ts'
import { storedValues } from './stored-values.ts'

/** How long and with what to fire. */
export interface FireOptions {
  readonly minutes: number
  /** It goes on until there were so many faults, but no longer than three times `minutes`. */
  readonly leastFaults?: number
  readonly seed: number
  readonly peers?: number
  readonly clients?: number
  /** Default: all. */
  readonly kinds?: readonly FaultKind[]
  /** Called with a line of text whenever something happened. */
  readonly say?: (line: string) => void
}

/** What a run showed. */
export interface FireReport {
  readonly seed: number
  readonly seconds: number
  readonly faults: readonly Fault[]
  readonly counts: ReadonlyMap<string, number>
  readonly codes: ReadonlyMap<string, number>
  readonly slowestReadMs: number
  readonly verdict: Verdict
  /** What else went wrong: unhandled errors, processes that ended, requests that were left, keys unlike their source. */
  readonly problems: readonly string[]
  readonly history: History
  readonly log: readonly (PeerLogLine & { readonly peerId: string })[]
}

const ttlMs = 20_000
const nearTtlMs = 3_000
const bucket = 'sessions'

/** Five processes under random load and random faults, each injected after the cluster has settled from the last. */
export async function fire(options: FireOptions): Promise<FireReport> {
  const { minutes, leastFaults = 0, seed, peers = 5, clients = 10, kinds = faultKinds, say = () => {} } = options
  const settings = { bucket, ttl: ttlMs, nearTtl: nearTtlMs, negativeTtl: 1_000, readTimeout: 5_000 }
  await using world = await ClusterWorld.make({ settings, nats: { jetstream: true } })
  const ids = Array.from({ length: peers }, (_, index) => `peer-${index}`)
  await world.proxied(...ids)
  await world.start(...ids)
  const history = new History()
  const load = new FireLoad(world, history, seededRandom(seed))
  const random = seededRandom(seed + 1)
  const faults: Fault[] = []
  const problems: string[] = []
  const startedMs = nowMs()
  load.start(clients)
  try {
    const bag = new FaultBag(kinds, random)
    const lastMs = startedMs + minutes * 60_000
    while (nowMs() < lastMs || (faults.length < leastFaults && nowMs() < startedMs + minutes * 180_000)) {
      await passed(50 + random() * 250)
      const id = ids[Math.floor(random() * ids.length)]!
      const atMs = nowMs()
      const { name, settled } = await inject(bag.draw(), id, world, history, random)
      await world.settled(world.peers, 40_000)
      settled()
      faults.push({ name, atMs, tookMs: nowMs() - atMs })
      say(
        `${((atMs - startedMs) / 1000).toFixed(1).padStart(6)} s  ${name}, settled after ${Math.round(nowMs() - atMs)} ms`,
      )
    }
  } catch (error) {
    problems.push((error as Error).message)
  }
  await load.stop()
  const seconds = (nowMs() - startedMs) / 1000
  if (problems.length === 0) problems.push(...(await inTheEnd(world, load, history)))
  problems.push(...world.problems())
  const verdict = checkHistory(history, { excusedForMs: ttlMs })
  const log = world.started.flatMap((peer) => peer.log.map((line) => ({ ...line, peerId: peer.id })))
  const { counts, codes, slowestReadMs } = load
  return { seed, seconds, faults, counts, codes, slowestReadMs, verdict, problems, history, log }
}

/** What must hold when all faults are over. */
async function inTheEnd(world: ClusterWorld, load: FireLoad, history: History): Promise<readonly string[]> {
  const problems: string[] = []
  // Copies of what somebody changed without living to tell.
  await passed(nearTtlMs)
  await load.readAll()
  for (const [keyspace, values] of Object.entries(await storedValues(world, bucket))) {
    for (const [key, stored] of values) {
      const { reads, writes } = history.of(keyspace as FireKeyspace, key)
      const isAcknowledged = writes.every(({ value, outcome }) => value !== stored || outcome === 'OK')
      for (const read of reads.slice(-world.peers.length)) {
        if (read.value === stored || !isAcknowledged) continue
        problems.push(
          `in the end the source has ${stored} for ${key}, and ${read.via} serves ${read.value} (${read.code})`,
        )
      }
    }
  }
  try {
    await eventually(
      () => Promise.all(world.peers.map((peer) => peer.metric('fedcache_bus_pending_requests'))),
      (pending) => pending.every((count) => count === 0),
      'requests between peers were left waiting',
    )
  } catch (error) {
    problems.push((error as Error).message)
  }
  return problems
}
