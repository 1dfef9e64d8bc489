import { median, table } from '../statistics.ts'
import { type Measurement, load } from './load.ts'
import { type Peer, startPeers } from './peers.ts'
import { type Workload, workloadGroups, workloads } from './workloads.ts'

/** How long and how often is measured. */
export interface HttpOptions {
  readonly rounds: number
  readonly seconds: number
  /** How many times all peers are started; each time a like share of the rounds is run. */
  readonly starts: number
  /** Names of the peers; without it all. */
  readonly peers?: readonly string[]
}

/** Medians by workload and peer. */
export type HttpResults = ReadonlyMap<string, ReadonlyMap<string, Measurement>>

/**
 * Measures every peer under every workload, in turn, so that what disturbs the machine disturbs all. Peers are started
 * several times: where its memory comes to lie makes one process of a peer quicker than the next, by up to a fifth.
 */
export async function measureHttp({ rounds, seconds, starts, peers: only }: HttpOptions): Promise<HttpResults> {
  const spells: Spells = new Map()
  for (let start = 0; start < starts; start++) {
    const peers = await startPeers(only)
    try {
      if (start === 0) await requireSameAnswers(peers)
      await warmUp(peers)
      const end = Math.round((rounds * (start + 1)) / starts)
      for (let round = Math.round((rounds * start) / starts); round < end; round++) {
        await measureRound(peers, round, seconds, spells)
        console.log(`round ${round + 1} of ${rounds}`)
      }
    } finally {
      for (const peer of peers) peer.stop()
    }
  }
  return medians(spells)
}

type Spells = Map<string, Measurement[]>

async function warmUp(peers: readonly Peer[]): Promise<void> {
  for (const workload of workloads) {
    for (const peer of peers) if (canAnswer(peer, workload)) await load(peer, workload, 1)
  }
}

async function measureRound(peers: readonly Peer[], round: number, seconds: number, spells: Spells): Promise<void> {
  for (const group of workloadGroups) {
    // Each round begins with another peer: nobody is always measured after the same neighbour.
    for (const peer of turned(peers, round)) {
      // What is compared with one another is measured one after the other, beginning with another as well.
      for (const workload of turned(group, round)) {
        if (!canAnswer(peer, workload)) continue
        const name = `${workload.name}\n${peer.name}`
        const measurement = await load(peer, workload, seconds)
        spells.set(name, [...(spells.get(name) ?? []), measurement])
      }
    }
  }
}

function turned<Item>(items: readonly Item[], by: number): readonly Item[] {
  const first = by % items.length
  return [...items.slice(first), ...items.slice(0, first)]
}

function canAnswer(peer: Peer, { only }: Workload): boolean {
  return only === undefined || only.includes(peer.name)
}

async function requireSameAnswers(peers: readonly Peer[]): Promise<void> {
  for (const workload of workloads) {
    let expected: string | undefined
    for (const peer of peers) {
      if (!canAnswer(peer, workload)) continue
      const response = await fetch(peer.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: workload.bodies[0]!,
      })
      // Apollo Server ends its answers with a line feed.
      const answer = (await response.text()).trimEnd()
      if (!response.ok || !answer.startsWith('{"data"')) throw new Error(`${peer.name}, ${workload.name}: ${answer}`)
      expected ??= answer
      if (answer !== expected)
        throw new Error(`${peer.name} answers otherwise, ${workload.name}:\n${answer}\n${expected}`)
    }
  }
}

function medians(spells: Spells): HttpResults {
  const results = new Map<string, Map<string, Measurement>>()
  for (const [name, measurements] of spells) {
    const [workload = '', peer = ''] = name.split('\n')
    const byPeer = results.get(workload) ?? new Map<string, Measurement>()
    results.set(workload, byPeer)
    byPeer.set(peer, {
      requestsPerSecond: median(measurements.map((each) => each.requestsPerSecond)),
      cpuMicrosecondsPerRequest: median(measurements.map((each) => each.cpuMicrosecondsPerRequest)),
    })
  }
  return results
}

/** The results as tables, one for each workload. `×` columns: how many times as much fedcache does. */
export function httpTables(results: HttpResults): string {
  return Array.from(results, ([workload, byPeer]) => {
    const own = byPeer.get('fedcache')!
    const rows = Array.from(byPeer, ([peer, { requestsPerSecond, cpuMicrosecondsPerRequest }]) => [
      peer,
      requestsPerSecond.toFixed(0),
      `${(own.requestsPerSecond / requestsPerSecond).toFixed(2)}×`,
      cpuMicrosecondsPerRequest.toFixed(1),
      `${(cpuMicrosecondsPerRequest / own.cpuMicrosecondsPerRequest).toFixed(2)}×`,
    ])
    const head = [workload, 'requests/s', 'fedcache', 'CPU µs/request', 'fedcache']
    return table([head, ...rows])
  }).join('\n\n')
}
