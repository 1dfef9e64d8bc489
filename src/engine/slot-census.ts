import { slotCount } from '../ports/index.ts'

/**
 * Counts the entries of a store by slot, for leaving out look-ups where there are none: most keys that a peer is asked
 * for are another's and not in its store, and a look-up that finds nothing waits for memory like one that finds something.
 * The counts, 16 KiB a keyspace, are at hand.
 */
export class SlotCensus {
  readonly #counts = new Uint32Array(slotCount)

  /** Whether the store has any entry of the slot. */
  has(slot: number): boolean {
    return this.#counts[slot]! > 0
  }

  enter(slot: number): void {
    this.#counts[slot]!++
  }

  leave(slot: number): void {
    this.#counts[slot]!--
  }
}
