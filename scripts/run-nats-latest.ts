// Runs every test that starts NATS against the newest nats-server, which Go builds into .cache/.
import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { env } from 'node:process'
import { fileURLToPath } from 'node:url'

const oldestGo = [1, 26] as const

const path = (relativePath: string) => fileURLToPath(new URL(`../${relativePath}`, import.meta.url))

function goVersion(): string | undefined {
  try {
    return /go(\d+\.\d+)/.exec(execFileSync('go', ['version'], { encoding: 'utf8' }))?.[1]
  } catch {
    return undefined
  }
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

const found = goVersion()
const [major = 0, minor = 0] = (found ?? '').split('.').map(Number)
if (major < oldestGo[0] || (major === oldestGo[0] && minor < oldestGo[1])) {
  fail(`Building the newest nats-server takes Go ${oldestGo.join('.')} or later, found ${found ?? 'none'}.`)
}

const folder = path('.cache/nats-server-latest')
const built = spawnSync('go', ['install', 'github.com/nats-io/nats-server/v2@latest'], {
  stdio: 'inherit',
  env: { ...env, GOBIN: folder },
})
if (built.status !== 0) fail('Go could not build nats-server.')

const binary = join(folder, 'nats-server')
process.stdout.write(execFileSync(binary, ['--version'], { encoding: 'utf8' }))

// The names of the test files that start NATS servers contain one of these.
const tested = spawnSync(process.execPath, [path('node_modules/vitest/vitest.mjs'), 'run', 'nats', 'bus', 'cluster'], {
  stdio: 'inherit',
  cwd: path('.'),
  env: { ...env, NATS_SERVER_BINARY: binary },
})
process.exit(tested.status ?? 1)
