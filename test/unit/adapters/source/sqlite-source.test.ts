import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  sqliteSource,
  type SqliteSourceOptions,
  type SqliteTableOptions,
} from '../../../../src/adapters/source/sqlite-source.ts'
import { sqliteTable } from '../../../../src/adapters/source/sqlite-table.ts'
import { type Source, sourceEntry } from '../../../../src/ports/index.ts'
import { loadAll, loadContext, problemsOf } from '../../../support/load-context.ts'

let database: DatabaseSync

beforeEach(() => {
  database = new DatabaseSync(':memory:')
})

afterEach(() => {
  if (database.isOpen) database.close()
})

async function opened(options: Omit<SqliteTableOptions, 'path'> | Record<string, unknown>): Promise<Source> {
  const source = sqliteSource({ database, ...options } as SqliteSourceOptions)
  await source.start?.()
  return source
}

describe('rows', () => {
  test('become objects that JSON can hold', async () => {
    database.exec(`
      create table t (id integer primary key, i integer, r real, s text, n text, b blob, yes boolean, no bool, j json);
      insert into t values (1, 9007199254740993, 0.5, 'text', null, x'00ff', 1, 0, '{"a":[1]}'), (2, -5, 1, '', '', '', 2, null, null)`)
    const source = await opened({ table: 't', keyColumn: 'id' })
    const [one, two] = await loadAll(source, ['1', '2'])
    const first = {
      id: 1,
      i: '9007199254740993',
      r: 0.5,
      s: 'text',
      n: null,
      b: 'AP8=',
      yes: true,
      no: false,
      j: { a: [1] },
    }
    expect(one).toStrictEqual(first)
    expect(two).toStrictEqual({ id: 2, i: -5, r: 1, s: '', n: '', b: '', yes: 2, no: null, j: null })
  })

  test('have the columns asked for, in a table of any name', async () => {
    database.exec('create table "a ""b" ("k ""k" text, "v.v" text, w text); insert into "a ""b" values (1, 2, 3)')
    const source = await opened({ schema: 'main', table: 'a "b', keyColumn: 'k "k', columns: ['v.v'] })
    expect(await loadAll(source, ['1'])).toStrictEqual([{ 'v.v': '2' }])
  })

  test('go through map, which may fail its own key', async () => {
    database.exec(`create table t (k text, v blob); insert into t values ('a', x'01'), ('b', null), ('c', x'03')`)
    const map = ({ k, v }: Record<string, unknown>) => {
      if (k === 'c') throw new Error('cannot map')
      return v
    }
    const answers = await loadAll(await opened({ table: 't', keyColumn: 'k', map }), ['a', 'b', 'c'])
    expect(answers).toStrictEqual([new Uint8Array([1]), null, new Error('cannot map')])
  })

  test('have tags, which may fail their own key', async () => {
    database.exec(`create table t (k text, v text); insert into t values ('a', 'x'), ('b', null)`)
    const tags = ({ v }: Record<string, unknown>) => [(v as string).toUpperCase()]
    const [a, b] = await loadAll(await opened({ table: 't', keyColumn: 'k', columns: ['v'], tags }), ['a', 'b'])
    expect(a).toStrictEqual(sourceEntry({ v: 'x' }, { tags: ['X'] }))
    expect(b).toBeInstanceOf(TypeError)
  })

  test('of which a key has two are an error for that key', async () => {
    database.exec(`create table t (k text, v text); insert into t values ('a', 1), ('a', 2), ('b', 3)`)
    const [a, b] = await loadAll(await opened({ table: 't', keyColumn: 'k' }), ['a', 'b'])
    expect(a).toStrictEqual(new Error('more than one value was found for "a"'))
    expect(b).toStrictEqual({ k: 'b', v: '3' })
  })
})

describe('a value column', () => {
  beforeEach(() => {
    database.exec(`
      create table t (k text primary key, v);
      insert into t values ('object', '{"a":1}'), ('text', '"t"'), ('number', 5), ('bytes', x'5b315d'), ('null', null), ('bad', '{"secret'), ('utf8', x'ff')`)
  })

  test('holds JSON', async () => {
    const keys = ['object', 'text', 'number', 'bytes', 'null', 'bad']
    const answers = await loadAll(await opened({ table: 't', keyColumn: 'k', valueColumn: 'v' }), keys)
    expect(answers.slice(0, 5)).toStrictEqual([{ a: 1 }, 't', 5, [1], null])
    expect(answers[5]).toStrictEqual(new SyntaxError('8 characters are not JSON'))
  })

  test('holds text', async () => {
    const source = await opened({ table: 't', keyColumn: 'k', valueColumn: 'v', valueFormat: 'text' })
    const [text, number, bytes, none, bad] = await loadAll(source, ['text', 'number', 'bytes', 'null', 'utf8'])
    expect([text, number, bytes, none]).toStrictEqual(['"t"', '5', '[1]', null])
    expect(bad).toBeInstanceOf(TypeError)
  })

  test('holds bytes, and tags see them', async () => {
    const tags = ({ v, ...others }: Record<string, unknown>) => [`${(v as Uint8Array).length}`, ...Object.keys(others)]
    const source = await opened({ table: 't', keyColumn: 'k', valueColumn: 'v', valueFormat: 'bytes', tags })
    const [bytes, none, text] = await loadAll(source, ['bytes', 'null', 'text'])
    expect(bytes).toStrictEqual(sourceEntry(new Uint8Array([0x5b, 0x31, 0x5d]), { tags: ['3'] }))
    expect(none).toBeNull()
    expect(text).toBeInstanceOf(TypeError)
  })
})

describe('keys', () => {
  test('are found as the database spells them', async () => {
    database.exec(
      'create table t (id integer primary key, v text); insert into t values (1, 10), (-5, 50), (9223372036854775807, 90)',
    )
    const source = await opened({ table: 't', keyColumn: 'id', columns: ['v'] })
    const keys = ['1', '01', '1.0', ' 1', '+1', '1e0', '-5', '9223372036854775807', '9223372036854775808', 'abc', '']
    const [one, ...others] = await loadAll(source, keys)
    expect(one).toStrictEqual({ v: '10' })
    const found = others.map((answer) => (answer === null ? null : (answer as { v: string }).v))
    expect(found).toStrictEqual([null, null, null, null, null, '50', '90', null, null, null])
  })

  test('of a column of numbers are spelt as SQLite does', async () => {
    database.exec('create table t (k real primary key, v text); insert into t values (1, 10), (2.5, 25)')
    const source = await opened({ table: 't', keyColumn: 'k', columns: ['v'] })
    expect(await loadAll(source, ['1', '1.0', '2.5'])).toStrictEqual([null, { v: '10' }, { v: '25' }])
  })

  test.each(['integer', 'text'])('are looked up by the index of a column of type %s', (type) => {
    database.exec(`create table t (k ${type} primary key, v text)`)
    const { select } = sqliteTable(database, { table: 't', keyColumn: 'k' })
    const [plan] = database.prepare(`explain query plan ${select}`).all({ keys: '[]' })
    expect(plan?.['detail']).toMatch(/^SEARCH t USING/)
  })

  test('that a pattern does not take are not asked for', async () => {
    const asked: string[] = []
    database.function('asked', (key) => {
      asked.push(key as string)
      return key
    })
    const query = 'select asked(value) as k, 1 as v from json_each(:keys)'
    const source = await opened({ query, keyColumn: 'k', keyPattern: /^\d+$/g })
    expect(await loadAll(source, ['1', '2', 'x'])).toStrictEqual([{ k: '1', v: 1 }, { k: '2', v: 1 }, null])
    expect(asked).toStrictEqual(['1', '2'])
    expect(await loadAll(source, ['x'])).toStrictEqual([null])
  })

  test('of a query may be integers, and rows for other keys are ignored', async () => {
    database.exec(`create table t (id integer primary key, v text); insert into t values (1, 'a'), (2, 'b')`)
    const source = await opened({ query: 'select id, v from t where :keys <> 0', keyColumn: 'id' })
    expect(await loadAll(source, ['2', '02'])).toStrictEqual([{ id: 2, v: 'b' }, null])
  })
})

describe('starting', () => {
  let directory: string

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'fedcache-sqlite-'))
  })

  afterEach(() => rmSync(directory, { recursive: true }))

  const table = { table: 't', keyColumn: 'k' }

  test.each([
    ['a table that is not there', { ...table, table: 'none' }, 'no table none'],
    ['a schema that is not there', { ...table, schema: 'none' }, 'none'],
    ['a table that is not in its schema', { ...table, schema: 'main', table: 'none' }, 'no table main.none'],
    ['a key column that is not there', { ...table, keyColumn: 'x' }, 'no column x; it has k, v'],
    ['a column that is not there', { ...table, columns: ['v', 'y'] }, 'table t has no column y'],
    ['a query that is no SQL', { query: 'selekt :keys', keyColumn: 'k' }, 'syntax error'],
    [
      'a query without the key column',
      { query: 'select v, :keys as l from t', keyColumn: 'k' },
      'gives no column "k"; it gives v, l',
    ],
    ['a writable table without a unique key', { ...table, writable: true }, 'ON CONFLICT'],
  ])('fails for %s', async (_name, options, message) => {
    database.exec('create table t (k text, v text)')
    await expect(opened(options)).rejects.toThrow(message)
  })

  test.each([false, true])('fails for a file that is missing, and makes none (writable: %s)', async (writable) => {
    const path = join(directory, 'missing.sqlite')
    await expect(sqliteSource({ path, ...table, writable }).start?.()).rejects.toThrow('no SQLite database at')
    expect(existsSync(path)).toBe(false)
  })

  test('opens a file, by path or URL, and closes it', async () => {
    const path = join(directory, 'a b.sqlite')
    const file = new DatabaseSync(path)
    file.exec(`create table t (k text, v text); insert into t values ('a', 'b')`)
    file.close()
    for (const given of [path, pathToFileURL(path)]) {
      const source = sqliteSource({ path: given, ...table })
      await expect(loadAll(source, ['a'])).rejects.toThrow('start the source first')
      await source.start?.()
      expect(await loadAll(source, ['a'])).toStrictEqual([{ k: 'a', v: 'b' }])
      await source.close?.()
      await expect(loadAll(source, ['a'])).rejects.toThrow('start the source first')
    }
  })

  test('opens a file that is only read so that it cannot be written', async () => {
    const path = join(directory, 'read.sqlite')
    new DatabaseSync(path).exec('create table t (k text)')
    const source = sqliteSource({ path, query: 'insert into t values (:keys) returning k', keyColumn: 'k' })
    await source.start?.()
    await expect(loadAll(source, ['a'])).rejects.toThrow('readonly')
    await source.close?.()
  })

  test('leaves a database that it was given open', async () => {
    database.exec('create table t (k text)')
    const source = await opened(table)
    await source.close?.()
    expect(database.isOpen).toBe(true)
  })

  test('does not load when nobody waits any more', async () => {
    database.exec('create table t (k text)')
    const source = await opened(table)
    await expect(loadAll(source, ['a'], loadContext(AbortSignal.abort(new Error('gone'))))).rejects.toThrow('gone')
  })
})

describe('options', () => {
  const base = { path: 'a.sqlite', table: 't', keyColumn: 'k' }
  const query = { path: 'a.sqlite', query: 'select :keys', keyColumn: 'k' }

  test.each<[string, unknown, string[]]>([
    ['nothing', {}, ['path', 'table', 'keyColumn']],
    ['two databases', { ...base, database: new DatabaseSync(':memory:') }, ['path']],
    ['no database', { ...base, path: undefined, database: {} }, ['database']],
    ['table and query', { ...base, ...query }, ['table']],
    ['a query without :keys', { ...query, query: 'select 1' }, ['query']],
    [
      'what goes with a table',
      { ...query, columns: ['a'], writable: true, schema: 'x' },
      ['schema', 'columns', 'writable'],
    ],
    ['what goes with a query', { ...base, keyPattern: /a/ }, ['keyPattern']],
    ['a pattern as text', { ...query, keyPattern: 'a' }, ['keyPattern']],
    ['columns and a value column', { ...base, columns: ['a'], valueColumn: 'b' }, ['columns']],
    ['no columns', { ...base, columns: [] }, ['columns']],
    ['a format without value column', { ...base, valueFormat: 'text' }, ['valueFormat']],
    ['an unknown format', { ...base, valueColumn: 'v', valueFormat: 'xml' }, ['valueFormat']],
    ['map and value column', { ...base, valueColumn: 'v', map: () => 1 }, ['map']],
    ['map and writable', { ...base, writable: true, map: () => 1 }, ['map']],
    [
      'wrong kinds',
      { path: '', table: 5, keyColumn: '', map: 1, tags: [], writable: 'yes', busyTimeoutMs: -1, name: 5 },
      ['path', 'name', 'busyTimeoutMs', 'table', 'keyColumn', 'map', 'tags', 'writable'],
    ],
  ])('%s', (_name, options, expected) => {
    expect(problemsOf(() => sqliteSource(options as SqliteSourceOptions))).toStrictEqual(expected)
  })
})
