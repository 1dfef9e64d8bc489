import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../../../src/config/load-config.ts'
import { ConfigError } from '../../../src/errors.ts'

const folder = mkdtempSync(join(tmpdir(), 'fedcache-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0

/** A new file, since a module is loaded once. */
function fileOf(text: string, extension = '.ts'): string {
  files += 1
  const file = join(folder, `config-${files}${extension}`)
  writeFileSync(file, text)
  return file
}

/** The error of a config that cannot be loaded, with the path of its file taken out of the message. */
async function failureOf(file: string, thrown?: Error): Promise<{ readonly message: string; readonly cause: unknown }> {
  const importModule = thrown === undefined ? undefined : () => Promise.reject(thrown)
  const error: unknown = await loadConfig(file, importModule).catch((reason: unknown) => reason)
  if (!(error instanceof ConfigError)) throw new Error('it could be loaded')
  expect(error.problems).toHaveLength(1)
  expect(error.problems[0]?.path).toBe(file)
  return { message: error.problems[0]?.message ?? '', cause: error.cause }
}

describe('a config file', () => {
  it('is loaded wherever it lies, with fedcache imported by its name', async () => {
    const file = fileOf(`
      import { defineConfig, functionSource } from 'fedcache'
      const port: number = 1
      export default defineConfig({ port, sources: { a: functionSource({ load: (key: string) => key }) } })
    `)
    const config = await loadConfig(file)
    expect(config).toEqual({ port: 1, sources: { a: expect.objectContaining({ name: 'function' }) } })
  })

  it.each(['.ts', '.mts', '.js', '.mjs'])('may end in %s', async (extension) => {
    expect(await loadConfig(fileOf('export default { port: 5 }', extension))).toEqual({ port: 5 })
  })

  it('is looked for from the working directory', async () => {
    const file = fileOf('export default { port: 6 }')
    expect(await loadConfig(relative(process.cwd(), file))).toEqual({ port: 6 })
  })
})

describe('a config file that is wrong', () => {
  it('is missing', async () => {
    expect(await failureOf(join(folder, 'none.ts'))).toEqual({ message: 'does not exist', cause: undefined })
  })

  it('is a folder', async () => {
    mkdirSync(join(folder, 'folder.ts'))
    expect(await failureOf(join(folder, 'folder.ts'))).toEqual({ message: 'is not a file', cause: undefined })
  })

  it('is in another format', async () => {
    const { message } = await failureOf(fileOf('{}', '.json'))
    expect(message).toBe('must end in one of .ts .mts .cts .js .mjs .cjs')
  })

  it('exports nothing by default', async () => {
    const { message } = await failureOf(fileOf('export const config = {}'))
    expect(message).toBe('has no default export: write export default defineConfig({ … })')
  })

  it.each([
    ['export default () => ({})', 'must export an object by default, not a function'],
    ['export default Promise.resolve({})', 'must export an object by default, not a promise'],
    ['export default null', 'must export an object by default, not null'],
    ['export default [1]', 'must export an object by default, not a list of 1'],
  ])('exports something else: %s', async (text, expected) => {
    expect((await failureOf(fileOf(text))).message).toBe(expected)
  })

  it.each<[string, unknown, string]>([
    ['an error', new TypeError('no database'), 'threw TypeError: no database'],
    ['text', 'no database', 'threw "no database"'],
    ['a number', 42, 'threw 42'],
    [
      'a secret',
      new Error('cannot reach postgres://user:hunter2@db/?a=hunter2'),
      'threw Error: cannot reach postgres://***@db/?a=***',
    ],
    ['a secret as text', 'postgres://user:hunter2@db', 'threw "postgres://***@db"'],
    [
      'what a source did not like',
      new ConfigError([{ path: 'httpSource.url', message: 'must have {key}', received: 'x' }]),
      'could not be made:\nhttpSource.url: must have {key}',
    ],
    [
      'that an import is missing',
      Object.assign(new Error("Cannot find package 'pg'"), { code: 'ERR_MODULE_NOT_FOUND' }),
      "imports what is not there: Cannot find package 'pg'",
    ],
    [
      'a syntax error of an unknown place',
      new SyntaxError('Unexpected token'),
      'cannot be understood: Unexpected token',
    ],
    ['an error without stack', Object.assign(new Error('odd'), { stack: undefined }), 'threw Error: odd'],
    [
      'a syntax error without stack',
      Object.assign(new SyntaxError('odd'), { stack: undefined }),
      'cannot be understood: odd',
    ],
  ])('throws %s', async (_what, thrown, expected) => {
    const { message, cause } = await failureOf(fileOf('export default {}'), thrown as Error)
    expect(message).toBe(expected)
    expect(cause).toBe(thrown)
  })

  it('is told the line of what it throws, whether stacks have paths or URLs', async () => {
    const file = fileOf('export default {}')
    const thrownAt = (place: string): Error =>
      Object.assign(new Error('no'), { stack: `Error: no\n    at f (${place}:12:5)` })
    expect((await failureOf(file, thrownAt(`file://${file}`))).message).toBe('threw Error: no (line 12)')
    expect((await failureOf(file, thrownAt(file))).message).toBe('threw Error: no (line 12)')
    expect((await failureOf(file, thrownAt('/other.ts'))).message).toBe('threw Error: no')
  })

  it('is told the line of what cannot be understood, and the file when it is another', async () => {
    const file = fileOf('export default {}')
    const wrongAt = (place: string): Error => Object.assign(new SyntaxError('no'), { stack: `${place}:12\na b\n  ^\n` })
    expect((await failureOf(file, wrongAt(file))).message).toBe('cannot be understood: no (line 12)')
    expect((await failureOf(file, wrongAt(`file://${file}`))).message).toBe('cannot be understood: no (line 12)')
    expect((await failureOf(file, wrongAt('/other.ts'))).message).toBe(
      'cannot be understood: no (line 12 of /other.ts)',
    )
  })
})
