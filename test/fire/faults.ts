import { setTimeout as passed } from 'node:timers/promises'
import type { ClusterWorld } from '../support/cluster-world.ts'
import type { History } from './history.ts'

/** A fault that was injected. */
export interface Fault {
  readonly name: string
  readonly atMs: number
  /** From its beginning until the cluster had settled again. */
  readonly tookMs: number
}

/** What can be done to a cluster. */
export type FaultKind = (typeof faultKinds)[number]

/** All kinds of faults. */
export const faultKinds = [
  'kill',
  'kill for long',
  'pause',
  'pause for long',
  'restart',
  'cut',
  'cut for long',
  'blackhole',
  'NATS restart',
  'NATS pause',
] as const

/** So long that the others take a peer for dead. They take most of a run, so they come up once where others do twice. */
const longKinds: ReadonlySet<FaultKind> = new Set(['kill for long', 'pause for long', 'cut for long'])

/** Draws faults at random, but so that every kind comes up before any does too often. */
export class FaultBag {
  readonly #kinds: readonly FaultKind[]
  readonly #random: () => number
  #left: FaultKind[] = []

  constructor(kinds: readonly FaultKind[], random: () => number) {
    this.#kinds = kinds
    this.#random = random
  }

  draw(): FaultKind {
    if (this.#left.length === 0)
      this.#left = this.#kinds.flatMap((kind) => (longKinds.has(kind) ? [kind] : [kind, kind]))
    const [kind] = this.#left.splice(Math.floor(this.#random() * this.#left.length), 1)
    return kind!
  }
}

/** Carries out one fault, and resolves when it is over; the cluster is not settled by then. */
export async function inject(
  kind: FaultKind,
  id: string,
  world: ClusterWorld,
  history: History,
  random: () => number,
): Promise<{ readonly name: string; readonly settled: () => void }> {
  const nothing = (): void => {}
  const between = (fromMs: number, toMs: number): number => Math.round(fromMs + random() * (toMs - fromMs))
  const proxy = world.proxies.get(id)!
  switch (kind) {
    case 'kill':
    case 'kill for long': {
      await world.peer(id).kill()
      const awayMs = kind === 'kill' ? between(0, 1000) : between(5300, 6000)
      await passed(awayMs)
      await world.launch(id).listening()
      return { name: `SIGKILL of ${id}, restarted after ${awayMs} ms`, settled: nothing }
    }
    case 'pause':
    case 'pause for long': {
      const pausedMs = kind === 'pause' ? between(300, 2600) : between(5200, 6500)
      world.peer(id).pause()
      await passed(pausedMs)
      world.peer(id).resume()
      return { name: `SIGSTOP of ${id} for ${pausedMs} ms`, settled: nothing }
    }
    case 'restart': {
      await world.peer(id).stop()
      await world.launch(id).listening()
      return { name: `restart of ${id}`, settled: nothing }
    }
    case 'cut':
    case 'cut for long': {
      const cutMs = kind === 'cut' ? between(50, 2000) : between(5200, 6500)
      const settled = history.cutOff([id])
      proxy.cut()
      await passed(cutMs)
      proxy.heal()
      return { name: `${id} cut off from NATS for ${cutMs} ms`, settled }
    }
    case 'blackhole': {
      const silentMs = between(300, 3500)
      const settled = history.cutOff([id])
      proxy.blackhole()
      await passed(silentMs)
      // Either what was held back comes now, or it is lost.
      const isLost = random() < 0.5
      if (isLost) proxy.cut()
      proxy.heal()
      return { name: `silence between ${id} and NATS for ${silentMs} ms${isLost ? ', then a reset' : ''}`, settled }
    }
    case 'NATS restart': {
      const downMs = between(0, 2000)
      const settled = history.cutOff(world.peers.map((peer) => peer.id))
      if (random() < 0.5) await world.nats.kill()
      else await world.nats.stop()
      await passed(downMs)
      await world.nats.start()
      return { name: `NATS down for ${downMs} ms`, settled }
    }
    case 'NATS pause': {
      const pausedMs = between(300, 2800)
      const settled = history.cutOff(world.peers.map((peer) => peer.id))
      world.nats.pause()
      await passed(pausedMs)
      world.nats.resume()
      return { name: `NATS paused for ${pausedMs} ms`, settled }
    }
  }
}
