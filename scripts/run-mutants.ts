// Removes one fence, limit or count at a time and expects the test that guards it to fail: a test that cannot fail
// proves nothing. Each patch of test/mutants/ names its test in its first lines:
//
//   Test: test/unit/engine/read.test.ts
//   Name: part of the name of the test, without those of the describes around it
//
// `npm run mutants -- WORD…` runs only the patches whose names contain one of the words.
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Mutant {
  readonly name: string
  readonly patchPath: string
  readonly test: string
  readonly testName: string
}

interface Run {
  readonly passed: readonly string[]
  readonly failed: readonly string[]
  /** Why no test could run; empty where some did. */
  readonly trouble: string
}

interface Verdict {
  readonly mutant: Mutant
  readonly verdict: 'killed' | 'SURVIVED' | 'DOES NOT APPLY' | 'BREAKS THE BUILD' | 'HANGS'
  readonly ms: number
}

const root = fileURLToPath(new URL('..', import.meta.url))
const copied = [
  'src',
  'test',
  'schema',
  'resolvers',
  'scripts',
  'deploy',
  'docs',
  'package.json',
  'tsconfig.json',
  'vitest.config.ts',
  'Dockerfile',
  'SECURITY.md',
]
const workers = 2
// Starting is most of the work.
const fast = ['--pool=threads', '--maxWorkers=1']
const runTimeoutMs = 60_000
/** For all the tests at once, on a machine that others use as well. */
const greenTimeoutMs = 900_000

async function readMutants(words: readonly string[]): Promise<Mutant[]> {
  const folder = join(root, 'test', 'mutants')
  const files = (await readdir(folder)).filter((file) => file.endsWith('.patch')).toSorted()
  const mutants = await Promise.all(
    files.map(async (file) => {
      const patchPath = join(folder, file)
      const text = await readFile(patchPath, 'utf8')
      const test = /^Test: (.+)$/m.exec(text)?.[1]
      const testName = /^Name: (.+)$/m.exec(text)?.[1]
      if (test === undefined || testName === undefined) throw new Error(`${file} does not name its test`)
      return { name: basename(file, '.patch'), patchPath, test, testName }
    }),
  )
  return mutants.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)))
}

async function copyTree(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'fedcache-mutants-'))
  // Of the gateways there are half a gigabyte, and no mutant.
  const filter = (path: string): boolean => basename(path) !== 'node_modules'
  await Promise.all(copied.map((path) => cp(join(root, path), join(copy, path), { recursive: true, filter })))
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

/** Runs a program; resolves with whether it succeeded and what it said. */
function run(
  file: string,
  args: readonly string[],
  cwd: string,
  timeoutMs = runTimeoutMs,
): Promise<{ readonly ok: boolean; readonly killed: boolean; readonly output: string }> {
  // Were the copy to lie within a repository, git would take paths for that repository's.
  const env = { ...process.env, GIT_CEILING_DIRECTORIES: dirname(cwd), NO_COLOR: '1' }
  return new Promise((resolve) => {
    execFile(file, args, { cwd, env, timeout: timeoutMs, maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
      resolve({ ok: error === null, killed: error?.killed === true, output: stdout + stderr }),
    )
  })
}

async function runTests(
  copy: string,
  tests: readonly string[],
  testNames: readonly string[],
  timeoutMs?: number,
): Promise<Run | 'HANGS'> {
  const report = join(copy, 'report.json')
  await rm(report, { force: true })
  const pattern = testNames.map((name) => name.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|')
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const args = [
    vitest,
    'run',
    ...tests,
    '-t',
    pattern,
    '--reporter=json',
    `--outputFile=${report}`,
    '--testTimeout=20000',
    ...fast,
  ]
  const { killed, output } = await run(process.execPath, args, copy, timeoutMs)
  if (killed) return 'HANGS'
  const text = await readFile(report, 'utf8').catch(() => undefined)
  if (text === undefined) return { passed: [], failed: [], trouble: output }
  const { testResults } = JSON.parse(text) as {
    testResults: { message: string; assertionResults: { title: string; status: string }[] }[]
  }
  const results = testResults.flatMap(({ assertionResults }) => assertionResults)
  const named = (status: string): string[] =>
    results.filter((result) => result.status === status).map(({ title }) => title)
  return {
    passed: named('passed'),
    failed: named('failed'),
    trouble: testResults.map(({ message }) => message).join(''),
  }
}

/** Every named test must exist and pass before anything is removed, or its failure would mean nothing. */
async function requireGreen(copy: string, mutants: readonly Mutant[]): Promise<void> {
  const [tests, names] = [mutants.map(({ test }) => test), mutants.map(({ testName }) => testName)]
  const outcome = await runTests(copy, [...new Set(tests)], [...new Set(names)], greenTimeoutMs)
  if (outcome === 'HANGS') throw new Error('the tests hang without any patch')
  const { passed, failed, trouble } = outcome
  for (const { name, testName } of mutants) {
    const red = failed.find((title) => title.includes(testName))
    if (red !== undefined) throw new Error(`the test of ${name} fails without its patch: ${red}`)
    if (!passed.some((title) => title.includes(testName))) {
      throw new Error(`no test has the name that ${name} gives: ${testName}\n${trouble}`)
    }
  }
}

async function judge(copy: string, mutant: Mutant): Promise<Verdict['verdict']> {
  if (!(await run('git', ['apply', mutant.patchPath], copy)).ok) return 'DOES NOT APPLY'
  try {
    const outcome = await runTests(copy, [mutant.test], [mutant.testName])
    if (outcome === 'HANGS') return 'HANGS'
    if (outcome.failed.length > 0) return 'killed'
    return outcome.passed.length > 0 ? 'SURVIVED' : 'BREAKS THE BUILD'
  } finally {
    await run('git', ['apply', '--reverse', mutant.patchPath], copy)
  }
}

async function judgeAll(copies: readonly string[], mutants: readonly Mutant[]): Promise<Verdict[]> {
  const left = [...mutants]
  const verdicts: Verdict[] = []
  await Promise.all(
    copies.map(async (copy) => {
      for (let mutant = left.shift(); mutant !== undefined; mutant = left.shift()) {
        const startedAtMs = performance.now()
        const verdict = await judge(copy, mutant)
        verdicts.push({ mutant, verdict, ms: Math.round(performance.now() - startedAtMs) })
        console.log(`${verdict.padEnd(16)}  ${mutant.name.padEnd(44)}  ${mutant.test}: ${mutant.testName}`)
      }
    }),
  )
  return verdicts
}

const mutants = await readMutants(process.argv.slice(2))
const startedAtMs = performance.now()
const copies = await Promise.all(Array.from({ length: workers }, copyTree))
try {
  await requireGreen(copies[0]!, mutants)
  const verdicts = await judgeAll(copies, mutants)
  const escaped = verdicts.filter(({ verdict }) => verdict !== 'killed')
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(0)
  console.log(`\n${verdicts.length - escaped.length} of ${verdicts.length} mutants killed in ${seconds} s`)
  for (const { mutant, verdict } of escaped) console.log(`${verdict}: ${mutant.name}`)
  process.exitCode = escaped.length > 0 || mutants.length === 0 ? 1 : 0
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  await Promise.all(copies.map((copy) => rm(copy, { recursive: true, force: true })))
}
