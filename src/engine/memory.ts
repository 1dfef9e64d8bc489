import type { Encoded } from './encoding.ts'

/** A store as the budget sees it. */
export interface BudgetMember {
  readonly bytes: number
  /** Gives up one entry; false when empty. */
  evict(): boolean
}

/**
 * What an entry costs beside the characters of its key and value: the object, its place in the LRU's arrays and map,
 * string headers and numbers. Measured on Node 24 by `bench/memory.ts`, which fails when it is off.
 */
export const entryOverheadBytes = 300
/** What one tag of one entry costs beside its characters: its place in the tag's set of keys. */
export const tagOverheadBytes = 70

/** What V8 needs for the characters of a text: two bytes each as soon as one lies beyond latin1. */
function characterBytes(text: string): number {
  return beyondLatin1.test(text) ? text.length * 2 : text.length
}

const beyondLatin1 = /[\u0100-\uffff]/

/** The bytes an entry is charged for. */
export function chargedBytes(key: string, encoded: Encoded | null, tags: readonly string[]): number {
  let bytes = characterBytes(key) + (encoded?.length ?? 0) + entryOverheadBytes
  for (const tag of tags) bytes += tagOverheadBytes + characterBytes(tag)
  return bytes
}

/** Keeps the stores of all keyspaces together under one limit, by taking from whichever holds most. */
export class MemoryBudget {
  readonly limitBytes: number
  readonly #members = new Set<BudgetMember>()

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes
  }

  get usedBytes(): number {
    let used = 0
    for (const member of this.#members) used += member.bytes
    return used
  }

  join(member: BudgetMember): void {
    this.#members.add(member)
  }

  leave(member: BudgetMember): void {
    this.#members.delete(member)
  }

  /**
   * Makes room for `bytes` more.
   *
   * @returns false, and evicts nothing, where they could not fit even alone.
   */
  makeRoom(bytes: number): boolean {
    if (bytes > this.limitBytes) return false
    while (this.usedBytes + bytes > this.limitBytes) {
      if (!this.#largest()?.evict()) return false
    }
    return true
  }

  #largest(): BudgetMember | undefined {
    let largest: BudgetMember | undefined
    for (const member of this.#members) if (largest === undefined || member.bytes > largest.bytes) largest = member
    return largest
  }
}
