// What `import … from 'fedcache/testing'` gives: suites for authors of sources, stores and discovery providers.
export type { ContractCase } from './testing/contract-case.ts'
export { discoveryContract, type DiscoveryFixture } from './testing/discovery-contract.ts'
export { sourceContract } from './testing/source-contract.ts'
export { awkwardKeys, type SourceFixture } from './testing/source-tester.ts'
export { storeContract } from './testing/store-contract.ts'
