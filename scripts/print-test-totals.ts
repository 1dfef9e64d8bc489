// Prints one line with the totals of a vitest JSON report. Fails unless at least one test ran and none failed.
import { readFileSync } from 'node:fs'

interface Report {
  readonly success: boolean
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[]
}

const [reportPath] = process.argv.slice(2)
if (reportPath === undefined) throw new Error('usage: node scripts/print-test-totals.ts REPORT.json')

const report = JSON.parse(readFileSync(reportPath, 'utf8')) as Report
const passed = report.numPassedTests
// A file that cannot even be loaded has no tests to count, and is a failure all the same.
const brokenFiles = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
const failed = report.numFailedTests + brokenFiles.length
const skipped = report.numPendingTests + report.numTodoTests

process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`)
process.exitCode = failed > 0 || passed === 0 || !report.success ? 1 : 0
