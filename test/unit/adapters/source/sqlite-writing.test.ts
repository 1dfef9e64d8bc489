import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sqliteSource, type SqliteTableOptions } from '../../../../src/adapters/source/sqlite-source.ts'
import type { Source, WriteResult } from '../../../../src/ports/index.ts'
import { loadAll, loadContext } from '../../../support/load-context.ts'

let database: DatabaseSync

beforeEach(() => {
  database = new DatabaseSync(':memory:')
})

afterEach(() => database.close())

async function opened(options: Omit<SqliteTableOptions, 'path'>): Promise<Source> {
  const source = sqliteSource({ database, ...options })
  await source.start?.()
  return source
}

async function store(source: Source, values: Record<string, unknown>): Promise<readonly WriteResult[]> {
  const requests = Object.entries(values).map(([key, value]) => ({ key, value, ttlMs: undefined, tags: [] }))
  return (await source.storeMany?.(requests, loadContext())) ?? []
}

const notSpelt = { code: 'BAD_USER_INPUT', outcome: 'NONE' }
const invalid = { code: 'INVALID_VALUE', outcome: 'NONE' }

test('gives back what was put, by the types of the columns', async () => {
  database.exec(
    'create table t (k text primary key, s text, i integer, r real, yes boolean, j json, b blob, g generated always as (s))',
  )
  const source = await opened({ table: 't', keyColumn: 'k', writable: true })
  const value = { k: 'a', s: 'x', i: 5, r: 0.5, yes: true, j: { list: ['1'] }, b: 'AP8=', g: 'x' }
  expect(await store(source, { a: value, b: { s: 'y', j: 'text' } })).toStrictEqual([undefined, undefined])
  const nothing = { i: null, r: null, yes: null, b: null }
  expect(await loadAll(source, ['a', 'b'])).toStrictEqual([value, { k: 'b', s: 'y', ...nothing, j: 'text', g: 'y' }])
})

test.each([
  ['text', 5, '5'],
  ['text', -9007199254740991, '-9007199254740991'],
  ['text', 0.5, '0.5'],
  ['real', 5, 5],
  ['numeric', 5, 5],
  ['integer', 5, 5],
  ['', 5, 5],
  ['', 0.5, 0.5],
  ['json', 5, 5],
  ['boolean', 1, true],
])('gives back from a column of type %j the number %d as %j', async (type, number, read) => {
  database.exec(`create table t (k text primary key, v ${type})`)
  const source = await opened({ table: 't', keyColumn: 'k', writable: true })
  expect(await store(source, { a: { v: number } })).toStrictEqual([undefined])
  expect(await loadAll(source, ['a'])).toStrictEqual([{ k: 'a', v: read }])
})

test('replaces the whole value', async () => {
  database.exec(`create table t (k text primary key, v text, w text, x text); insert into t values ('a', 1, 2, 3)`)
  const source = await opened({ table: 't', keyColumn: 'k', columns: ['v', 'w'], writable: true })
  await store(source, { a: { w: 'new' } })
  expect(database.prepare('select * from t').get()).toEqual({ k: 'a', v: null, w: 'new', x: '3' })
})

test.each([
  ['a field without a column', { v: 'x', extra: 1 }, 'has a field "extra"'],
  ['another key in it', { k: 'other', v: 'x' }, 'another key in its field "k"'],
  ['no fields', 'text', 'must be a JSON object'],
  ['a list', ['x'], 'must be a JSON object'],
  ['an object for a text column', { v: { a: 1 } }, 'not declared JSON'],
  ['a boolean for a text column', { v: true }, 'not declared BOOLEAN'],
  ['what is no base64', { v: 'x', b: 'äöü' }, 'not base64'],
  ['nothing for a column that needs something', { v: null }, 'refused the row for the column "v"; its error is in'],
  ['what others have', { v: 'x', one: 1, two: 2 }, 'refused the row for the columns "one", "two"; its error is in'],
  ['what the schema checks', { v: 'no' }, "The database refused the row; its error is in this peer's log."],
])('refuses %s, and stores the others', async (_name, value, message) => {
  database.exec(`create table t (k text primary key, v text not null check (v <> 'no'), b blob, one int, two int, unique (one, two));
    insert into t values ('t', 't', null, 1, 2)`)
  const source = await opened({ table: 't', keyColumn: 'k', writable: true })
  const [before, refused, after] = await store(source, { x: { v: '1' }, a: value, z: { v: '2' } })
  expect([before, after]).toStrictEqual([undefined, undefined])
  expect(refused).toMatchObject({ ...invalid, message: expect.stringContaining(message) as string })
  expect(database.prepare('select k from t order by k').all()).toEqual([{ k: 't' }, { k: 'x' }, { k: 'z' }])
})

test('names the column of a strict table that does not take a value', async () => {
  database.exec('create table t (k text primary key, "the n" integer) strict')
  const source = await opened({ table: 't', keyColumn: 'k', writable: true })
  const [refused] = await store(source, { a: { 'the n': 'secret' } })
  const message = `The database refused the row for the column "the n"; its error is in this peer's log.`
  expect(refused).toMatchObject({ ...invalid, message })
})

test('refuses keys that the column would spell differently', async () => {
  database.exec(`create table t (id integer primary key, v text); insert into t values (7, 'seven')`)
  const source = await opened({ table: 't', keyColumn: 'id', writable: true })
  const results = await store(source, { '07': { v: 'x' }, '8': { v: 'eight' }, '1.0': { v: 'x' } })
  // Object keys that look like integers come first.
  expect(results).toMatchObject([undefined, notSpelt, notSpelt])
  expect(await source.deleteMany?.(['07', '007'], loadContext())).toStrictEqual([undefined, undefined])
  expect(database.prepare('select * from t').all()).toEqual([
    { id: 7, v: 'seven' },
    { id: 8, v: 'eight' },
  ])
  expect(await store(source, { abc: { v: 'x' } })).toMatchObject([invalid])
})

test('does not overwrite the row of another spelling of a key', async () => {
  database.exec(`create table t (k text collate nocase primary key, v text); insert into t values ('A', 'upper')`)
  const source = await opened({ table: 't', keyColumn: 'k', writable: true })
  expect(await store(source, { a: { v: 'lower' } })).toMatchObject([notSpelt])
  expect(await loadAll(source, ['A', 'a'])).toStrictEqual([{ k: 'A', v: 'upper' }, null])
})

test('keeps rows that others refer to, and deletes the rest', async () => {
  database.exec(`
    create table t (k text primary key); create table u (t text references t);
    insert into t values ('a'), ('b'); insert into u values ('a')`)
  const source = await opened({ table: 't', keyColumn: 'k', writable: true })
  expect(await source.deleteMany?.(['a', 'b'], loadContext())).toMatchObject([invalid, undefined])
  expect(await loadAll(source, ['a', 'b'])).toStrictEqual([{ k: 'a' }, null])
})

test('holds text and bytes as they are', async () => {
  database.exec('create table t (k text primary key, v)')
  const options = { table: 't', keyColumn: 'k', valueColumn: 'v', writable: true }
  const text = await opened({ ...options, valueFormat: 'text' })
  const bytes = await opened({ ...options, valueFormat: 'bytes' })
  await store(text, { a: '{"not": json' })
  await store(bytes, { b: new Uint8Array([0, 255]) })
  expect(await loadAll(text, ['a'])).toStrictEqual(['{"not": json'])
  expect(await loadAll(bytes, ['b'])).toStrictEqual([new Uint8Array([0, 255])])
})

test('is all or nothing when the transaction fails, and then says so', async () => {
  database.exec(`
    create table t (k text primary key, v text references u deferrable initially deferred); create table u (k text primary key)`)
  const source = await opened({ table: 't', keyColumn: 'k', writable: true })
  await expect(store(source, { a: { v: null }, b: { v: 'missing' } })).rejects.toMatchObject({ outcome: 'NONE' })
  expect(await loadAll(source, ['a', 'b'])).toStrictEqual([null, null])
  expect(await store(source, { a: { v: null } })).toStrictEqual([undefined])
})

test('gives up on a database that somebody else has locked', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fedcache-sqlite-'))
  const path = join(directory, 'locked.sqlite')
  const other = new DatabaseSync(path)
  other.exec('create table t (k text primary key)')
  const source = sqliteSource({ path, table: 't', keyColumn: 'k', writable: true, busyTimeoutMs: 1 })
  await source.start?.()
  other.exec('begin immediate')
  await expect(store(source, { a: {} })).rejects.toMatchObject({ outcome: 'NONE' })
  other.exec('commit')
  expect(await store(source, { a: {} })).toStrictEqual([undefined])
  await source.close?.()
  other.close()
  rmSync(directory, { recursive: true })
})
