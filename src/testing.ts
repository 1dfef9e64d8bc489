export type { ContractCase } from './testing/contract-case.ts'
export { sourceContract } from './testing/source-contract.ts'
export { awkwardKeys, type SourceFixture } from './testing/source-tester.ts'
export { storeContract } from './testing/store-contract.ts'
