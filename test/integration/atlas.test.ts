import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildAtlas } from '../../examples/atlas/build-atlas.ts'

let directory: string
let path: string

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'fedcache-atlas-'))
  path = join(directory, 'atlas.sqlite')
})

afterAll(() => rmSync(directory, { recursive: true }))

/** Builds in a process of its own, and gives what it printed. */
async function builtElsewhere(): Promise<string> {
  const module = new URL('../../examples/atlas/build-atlas.ts', import.meta.url).href
  const script = `await (await import(${JSON.stringify(module)})).buildAtlas(${JSON.stringify(path)})`
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script])
  return stdout + stderr
}

function rows(sql: string): readonly unknown[] {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    return database.prepare(sql).all()
  } finally {
    database.close()
  }
}

test('processes that start at once build one whole file, and say nothing where no terminal is', async () => {
  const printed = await Promise.all([builtElsewhere(), builtElsewhere()])
  expect(printed.join('').replaceAll(/^.*ExperimentalWarning.*\n.*\n/gm, '')).toBe('')
  expect(readdirSync(directory)).toStrictEqual(['atlas.sqlite'])
  expect(rows('select count(*) as cities from cities')).toEqual([{ cities: 135_233 }])
  expect(rows('select count(*) as countries from countries')).toEqual([{ countries: 250 }])
  expect(rows('pragma integrity_check')).toEqual([{ integrity_check: 'ok' }])
  expect(rows('select cityId from cities where country not in (select code from countries)')).toEqual([])
  expect(rows(`select name, country from cities where cityId = 1816670`)).toEqual([{ name: 'Beijing', country: 'CN' }])
})

test('a file that is there is kept, and one of another version is made anew', async () => {
  const marked = new DatabaseSync(path)
  marked.exec(`update cities set name = 'Marked' where cityId = 1816670`)
  marked.close()
  await builtElsewhere()
  expect(rows('select name from cities where cityId = 1816670')).toEqual([{ name: 'Marked' }])
  const old = new DatabaseSync(path)
  old.exec('pragma user_version = 0')
  old.close()
  await buildAtlas(path)
  expect(rows('select name from cities where cityId = 1816670')).toEqual([{ name: 'Beijing' }])
})
