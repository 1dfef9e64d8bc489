import { expect, test } from 'vitest'
import { fire } from '../fire/fire.ts'
import { printReport } from '../fire/print-report.ts'

// Longer with `npm run fire -- --minutes N`. What happens when is up to the machine, so a seed replays the faults but
// not the run.
test('five processes under a minute of random load and random faults keep their promises', async () => {
  const report = await fire({ minutes: 1, leastFaults: 20, seed: Math.floor(Math.random() * 2 ** 31) })
  const shown = printReport(report)
  console.log(shown)
  expect(report.verdict.violations).toHaveLength(0)
  expect(report.problems).toEqual([])
  expect(report.faults.length).toBeGreaterThanOrEqual(20)
  expect(report.verdict.checkedReads).toBeGreaterThan(1_000)
}, 300_000)
