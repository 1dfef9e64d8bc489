import { setTimeout as passed } from 'node:timers/promises'
import { slotTable } from '../../src/cluster/placement.ts'
import { slotOf, slotSeed } from '../../src/cluster/placement-hash.ts'
import type { ClusterPeer } from '../../test/support/cluster-peer.ts'
import { ClusterWorld } from '../../test/support/cluster-world.ts'
import { median, table } from '../statistics.ts'

const keyCount = 3_000
const readers = 6
const keysPerRead = 10
const keys = Array.from({ length: keyCount }, (_, index) => `key-${index}`)
const query = 'query ($keys: [String!]!) { entries(keyspace: "feed", keys: $keys) { value } }'

/** What one event cost. */
export interface FailOver {
  readonly event: string
  readonly reads: number
  /** Reads, of ten keys each, with at least one error. */
  readonly failedReads: number
  readonly codes: Readonly<Record<string, number>>
  readonly slowestReadMs: number
  /** From the event until the last read that failed or took more than 250 ms had ended. */
  readonly fullServiceMs: number
  /** From the event until all that are left agree. */
  readonly settledMs: number
  readonly movedKeys: number
  /** Keys asked of the source beyond those that moved. */
  readonly extraLoads: number
}

/** Reads at random while things happen. */
class Readers {
  readonly #peers: () => readonly ClusterPeer[]
  reads = 0
  failedReads = 0
  slowestReadMs = 0
  lastTroubleMs = 0
  readonly codes = new Map<string, number>()
  #stopped = false
  readonly #running: Promise<unknown>

  constructor(peers: () => readonly ClusterPeer[]) {
    this.#peers = peers
    this.#running = Promise.all(Array.from({ length: readers }, () => this.#read()))
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  async #read(): Promise<void> {
    while (!this.#stopped) {
      const peers = this.#peers()
      const peer = peers[Math.floor(Math.random() * peers.length)]!
      const some = Array.from({ length: keysPerRead }, () => keys[Math.floor(Math.random() * keyCount)]!)
      const sentMs = performance.now()
      const code = await codeOf(peer, some)
      const tookMs = performance.now() - sentMs
      // The connection to a process that was killed breaks: that is the client's to retry.
      if (code === 'CONNECTION' && !this.#peers().includes(peer)) continue
      this.reads++
      this.slowestReadMs = Math.max(this.slowestReadMs, tookMs)
      if (code !== undefined) {
        this.failedReads++
        this.codes.set(code, (this.codes.get(code) ?? 0) + 1)
      }
      if (code !== undefined || tookMs > 250) this.lastTroubleMs = performance.now()
      await passed(10)
    }
  }
}

async function codeOf(peer: ClusterPeer, some: readonly string[]): Promise<string | undefined> {
  try {
    const { errors } = await peer.query(query, { keys: some })
    return errors === undefined ? undefined : String(errors[0]?.extensions?.['code'])
  } catch {
    return 'CONNECTION'
  }
}

/** Measures every event so many times. */
export async function measureFailOver(rounds: number): Promise<readonly FailOver[]> {
  const measured: FailOver[] = []
  for (let round = 0; round < rounds; round++) measured.push(...(await oneRound()))
  return medians(measured)
}

async function oneRound(): Promise<readonly FailOver[]> {
  await using world = await ClusterWorld.make()
  await world.start('a', 'b', 'c')
  for (const peer of world.peers)
    for (let at = 0; at < keyCount; at += 1000) await peer.data(query, { keys: keys.slice(at, at + 1000) })
  const measure = (event: string, before: readonly string[], after: readonly string[], cause: () => Promise<void>) =>
    measureEvent(world, event, movedKeys(before, after), cause)
  const measured = [
    await measure('nothing', ['a', 'b', 'c'], ['a', 'b', 'c'], async () => {}),
    await measure(
      'join',
      ['a', 'b', 'c'],
      ['a', 'b', 'c', 'd'],
      async () => void (await world.launch('d').listening()),
    ),
    await measure('leave', ['a', 'b', 'c', 'd'], ['a', 'b', 'c'], async () => void (await world.peer('d').stop())),
  ]
  await world.start('d')
  measured.push(
    await measure('SIGKILL', ['a', 'b', 'c', 'd'], ['a', 'b', 'c'], async () => void (await world.peer('d').kill())),
  )
  await world.start('e')
  let asleep = true
  measured.push(
    await measureEvent(
      world,
      'SIGSTOP',
      movedKeys(['a', 'b', 'c', 'e'], ['a', 'b', 'c']),
      async () => world.peer('e').pause(),
      () => (asleep ? 'e' : undefined),
    ),
  )
  asleep = false
  world.peer('e').resume()
  await world.settled()
  await world.peer('e').stop()
  await world.settled()
  measured.push(
    await measure('NATS away for 3 s', ['a', 'b', 'c'], ['a', 'b', 'c'], async () => {
      await world.nats.kill()
      await passed(3_000)
      await world.nats.start()
    }),
  )
  return measured
}

async function measureEvent(
  world: ClusterWorld,
  event: string,
  moved: number,
  cause: () => Promise<void>,
  leftOut: () => string | undefined = () => undefined,
): Promise<FailOver> {
  const inService = (): readonly ClusterPeer[] =>
    world.peers.filter((peer) => peer.isListening && !peer.mayEnd && peer.id !== leftOut())
  await world.settled()
  world.origin.reset()
  const load = new Readers(inService)
  await passed(1_000)
  const atMs = performance.now()
  await cause()
  await world.settled(inService())
  const settledMs = performance.now() - atMs
  await passed(3_000)
  await load.stop()
  const loaded = world.origin.loads.values().reduce((sum, count) => sum + count, 0)
  const { reads, failedReads, slowestReadMs, lastTroubleMs, codes } = load
  return {
    event,
    reads,
    failedReads,
    codes: Object.fromEntries(codes),
    slowestReadMs: Math.round(slowestReadMs),
    fullServiceMs: Math.max(0, Math.round(lastTroubleMs - atMs)),
    settledMs: Math.round(settledMs),
    movedKeys: moved,
    extraLoads: Math.max(0, loaded - moved),
  }
}

function movedKeys(before: readonly string[], after: readonly string[]): number {
  const [old, fresh] = [slotTable(before), slotTable(after)]
  const seed = slotSeed('feed')
  return keys.filter((key) => {
    const slot = slotOf(seed, key)
    return old.peers[old.owners[slot]!] !== fresh.peers[fresh.owners[slot]!]
  }).length
}

function medians(measured: readonly FailOver[]): readonly FailOver[] {
  const groups = Map.groupBy(measured, ({ event }) => event)
  return Array.from(groups, ([event, group]) => {
    const middle = (read: (one: FailOver) => number): number => Math.round(median(group.map(read)))
    const codes: Record<string, number> = {}
    for (const one of group)
      for (const [code, count] of Object.entries(one.codes)) codes[code] = (codes[code] ?? 0) + count
    return {
      event,
      codes,
      reads: middle(({ reads }) => reads),
      failedReads: middle(({ failedReads }) => failedReads),
      slowestReadMs: middle(({ slowestReadMs }) => slowestReadMs),
      fullServiceMs: middle(({ fullServiceMs }) => fullServiceMs),
      settledMs: middle(({ settledMs }) => settledMs),
      movedKeys: middle(({ movedKeys: moved }) => moved),
      extraLoads: middle(({ extraLoads }) => extraLoads),
    }
  })
}

/** The figures as a table. */
export function failOverTable(figures: readonly FailOver[]): string {
  return table([
    [
      'event',
      'reads',
      'failed',
      'slowest read, ms',
      'full service after, ms',
      'settled after, ms',
      'keys moved',
      'other loads',
    ],
    ...figures.map((one) => [
      one.event,
      ...[
        one.reads,
        one.failedReads,
        one.slowestReadMs,
        one.fullServiceMs,
        one.settledMs,
        one.movedKeys,
        one.extraLoads,
      ].map(String),
    ]),
  ])
}
