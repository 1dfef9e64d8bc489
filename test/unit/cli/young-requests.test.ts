import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'

const cli = fileURLToPath(new URL('../../../src/cli.ts', import.meta.url))

/** What V8 finds out, under a command, about a configuration that makes very many objects, all of which stay. */
function findings(command: 'check' | 'serve'): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'fedcache-young-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const config = join(folder, 'fedcache.config.ts')
  // It is wrong as well, so that both commands end.
  const kept = 'const kept: object[] = []; for (let index = 0; index < 300_000; index++) kept.push({ index })'
  writeFileSync(config, `${kept}\nexport default { port: -1 }\n`)
  // It counts in code that is not optimized only.
  const flags = ['--no-warnings', '--no-opt', '--no-maglev', '--trace-pretenuring-statistics']
  const args = [...flags, cli, command, '--config', config]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  expect(stderr).toContain('port')
  expect(status).toBe(1)
  // Nothing else makes so many before the configuration is read.
  return stdout.split('\n').filter((line) => /AllocationSite.*\(\d{5,}, /.test(line))
}

it('V8 is not to make objects old from the start, but where nothing is served', () => {
  expect(findings('check')).not.toEqual([])
  expect(findings('serve')).toEqual([])
})
