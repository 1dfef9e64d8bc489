import type { Clock, Timer } from '../ports/index.ts'
import { deputyOf, noPeer, ownerOf, type SlotTable, slotTableInSlices } from './placement.ts'
import type { Timings } from './timings.ts'

/** What a view is made of. */
export interface ViewContext {
  readonly clock: Clock
  readonly timings: Timings
  readonly selfId: string
  /** The peers that hold slots, this one included where it does. */
  readonly placed: () => readonly string[]
  /** Called after every computation, with whether it changed anything. */
  readonly onComputed: (changed: boolean) => void
}

/**
 * Who owns what, as this peer sees it. Changes of membership are gathered for a moment, and the table is computed off
 * the path of requests; until it is ready the old one counts.
 */
export class View {
  readonly #context: ViewContext
  #table: SlotTable | undefined
  /** Of the table, once somebody asked. */
  #slotCounts: ReadonlyMap<string, number> | undefined
  #self = noPeer
  #previous: SlotTable | undefined
  #previousUntilMs = -Infinity
  #timer: Timer | undefined
  #computing = 0
  #stopped = false
  #count = 0

  constructor(context: ViewContext) {
    this.#context = context
  }

  /** Hash of the peers that hold slots; empty while there are none. */
  get hash(): string {
    return this.#table?.view ?? ''
  }

  /** How many views there were. */
  get count(): number {
    return this.#count
  }

  /** The peers that hold slots. */
  get peers(): readonly string[] {
    return this.#table?.peers ?? []
  }

  /** Whether the table is up to date with the membership. */
  get stable(): boolean {
    return this.#timer === undefined && this.#computing === 0
  }

  /** Whether this peer owns the slot. */
  owns(slot: number): boolean {
    return this.#table !== undefined && this.#table.owners[slot] === this.#self && this.#self !== noPeer
  }

  /** The owner of a slot; `undefined` while no peer holds slots. */
  owner(slot: number): string | undefined {
    return this.#table === undefined ? undefined : ownerOf(this.#table, slot)
  }

  /** The deputy of a slot; `undefined` where there is none. */
  deputy(slot: number): string | undefined {
    return this.#table === undefined ? undefined : deputyOf(this.#table, slot)
  }

  /** The peer that owned the slot before the last change, for as long as it is worth asking. */
  previousOwner(slot: number): string | undefined {
    if (this.#previous === undefined) return undefined
    if (this.#context.clock.monotonic() >= this.#previousUntilMs) this.#previous = undefined
    return this.#previous === undefined ? undefined : ownerOf(this.#previous, slot)
  }

  /** How many slots a peer owns. */
  slots(peer: string): number {
    if (this.#table === undefined) return 0
    this.#slotCounts ??= countSlots(this.#table)
    return this.#slotCounts.get(peer) ?? 0
  }

  /** Computes the table anew in a moment. */
  changed(): void {
    if (this.#stopped) return
    this.#timer ??= this.#context.clock.setTimer(() => {
      this.#timer = undefined
      void this.#compute()
    }, this.#context.timings.coalesceMs)
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  async #compute(): Promise<void> {
    this.#computing++
    const peers = this.#context.placed()
    const table = peers.length === 0 ? undefined : await slotTableInSlices(peers, this.#context.clock)
    this.#computing--
    this.#context.onComputed(this.#adopt(table))
  }

  #adopt(table: SlotTable | undefined): boolean {
    const { clock, selfId, timings } = this.#context
    // Another computation may have overtaken this one, or the peers have changed again; then that one counts.
    if (this.#stopped || this.#timer !== undefined || table?.view === this.#table?.view) return false
    this.#previous = this.#table
    this.#previousUntilMs = clock.monotonic() + timings.previousMs
    this.#table = table
    this.#count++
    this.#slotCounts = undefined
    const self = table?.peers.indexOf(selfId) ?? -1
    this.#self = self < 0 ? noPeer : self
    return true
  }
}

function countSlots({ peers, owners }: SlotTable): ReadonlyMap<string, number> {
  const counts = new Array<number>(peers.length).fill(0)
  for (const owner of owners) counts[owner]!++
  return new Map(peers.map((peer, index) => [peer, counts[index]!]))
}
