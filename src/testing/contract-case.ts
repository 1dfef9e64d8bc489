/**
 * One test of a contract suite. Hand it to any test runner:
 *
 * ```ts
 * for (const { name, run } of storeContract(myStore())) test(name, run)
 * ```
 */
export interface ContractCase {
  /** What the case asks of the implementation, as a sentence without its subject. */
  readonly name: string
  /** Rejects with an `AssertionError` where the implementation breaks the contract. Cases share nothing. */
  run(): Promise<void>
}
