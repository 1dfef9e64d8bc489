export type { ContractCase } from './testing/contract-case.ts'
export { storeContract } from './testing/store-contract.ts'
