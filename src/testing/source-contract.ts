import type { ContractCase } from './contract-case.ts'
import { readingCases } from './source-reading-cases.ts'
import { type SourceFixture, SourceTester } from './source-tester.ts'
import { writingCases } from './source-writing-cases.ts'

/**
 * What every `Source` has to do: answers at their places, lifetimes, tags and revisions that fedcache takes, keys kept
 * apart, nothing harmed by odd keys, and for writable ones that what was written is read. What a source does when its backend is slow or gone is not tested here.
 *
 * @param make makes a source over an empty backend; called once per case.
 * @param isWritable whether the source is to be tested as a writable one.
 */
export function sourceContract(
  make: () => SourceFixture | Promise<SourceFixture>,
  { isWritable = false }: { readonly isWritable?: boolean } = {},
): readonly ContractCase[] {
  const cases = isWritable ? { ...readingCases, ...writingCases } : readingCases
  return Object.entries(cases).map(([name, test]) => ({
    name,
    async run() {
      const fixture = await make()
      try {
        await test(new SourceTester(fixture))
        await fixture.source.close?.()
      } finally {
        await fixture.dispose?.()
      }
    },
  }))
}
