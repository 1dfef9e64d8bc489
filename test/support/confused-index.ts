import { KeyIndex, unsure } from '../../src/adapters/store/key-index.ts'

/**
 * An index that seldom knows: it takes keys for others, or cannot tell, far more often than where hashes are what they
 * should be.
 */
export class ConfusedIndex<Item> extends KeyIndex<Item> {
  #turn = 0

  override find(key: string): number {
    const found = super.find(key)
    return found < 0 ? found : [found, unsure, this.#firstTaken()][this.#turn++ % 3]!
  }

  #firstTaken(): number {
    let slot = 0
    while (this.placeAt(slot) < 0) slot++
    return slot
  }
}
