import { KeyIndex, nowhere, unsure } from '../../src/adapters/store/key-index.ts'

/**
 * An index that seldom knows: keys have the same hash as others, or are left out, far more often than where hashes are
 * what they should be.
 */
export class ConfusedIndex extends KeyIndex {
  #turn = 0

  override find(key: string): number {
    const found = super.find(key)
    return found === nowhere ? nowhere : [found, unsure, 0][this.#turn++ % 3]!
  }
}
