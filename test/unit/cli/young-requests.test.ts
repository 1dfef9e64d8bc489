import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'

/** What V8 says about lines of a program whose objects all stay. */
function findings(before: string): readonly string[] {
  const program = `${before}; const kept = []; for (let index = 0; index < 300_000; index++) kept.push({ index })`
  const flags = ['--no-warnings', '--trace-pretenuring-statistics', '--input-type=module', '--eval', program]
  const printed = execFileSync(process.execPath, flags, { encoding: 'utf8' })
  return printed.split('\n').filter((line) => line.includes('AllocationSite'))
}

it('keeps V8 from making objects old from the start', () => {
  const { href } = new URL('../../../src/cli/young-requests.ts', import.meta.url)
  expect(findings('')).not.toEqual([])
  expect(findings(`const { keepRequestsYoung } = await import('${href}'); keepRequestsYoung()`)).toEqual([])
})
