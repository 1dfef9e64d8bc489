import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const folder = import.meta.dirname
const stamp = join(folder, 'node_modules', '.installed')

/** Installs the gateways before the first test of theirs, unless those of the lock file are there already. */
export async function setup(): Promise<void> {
  const lock = createHash('sha256')
    .update(await readFile(join(folder, 'package-lock.json')))
    .digest('hex')
  if ((await readFile(stamp, 'utf8').catch(() => '')) === lock) return
  // Half a gigabyte, so it takes a while.
  console.log('installing the gateways into test/gateways')
  const flags = ['--prefix', folder, '--no-audit', '--no-fund']
  await promisify(execFile)('npm', ['ci', ...flags], { cwd: folder, shell: process.platform === 'win32' })
  await writeFile(stamp, lock)
}
