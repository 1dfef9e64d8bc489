import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const patches = readdirSync(`${root}test/mutants`).filter((file) => file.endsWith('.patch'))

// Removing them all takes longer than one waits for. That they still name what they remove can be seen at once.
test.each(patches)('%s applies to the code and names a test that is there', (file) => {
  const path = `test/mutants/${file}`
  const { status, stderr } = spawnSync('git', ['apply', '--check', path], { cwd: root, encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(status).toBe(0)
  const [, test = '', name = ''] = /^Test: (.+)\nName: (.+)$/m.exec(readFileSync(`${root}${path}`, 'utf8')) ?? []
  expect(existsSync(`${root}${test}`)).toBe(true)
  // Titles may be put together in the test, from a table of cases for one.
  expect(name).not.toBe('')
})
