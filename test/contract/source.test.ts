import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'vitest'
import { functionSource } from '../../src/adapters/source/function-source.ts'
import { sqliteSource } from '../../src/adapters/source/sqlite-source.ts'
import { awkwardKeys, type ContractCase, type SourceFixture, sourceContract } from '../../src/testing.ts'

function run(cases: readonly ContractCase[]): void {
  for (const { name, run: runCase } of cases) test(name, runCase)
}

describe('functionSource', () => {
  describe('with loadMany', () => run(sourceContract(() => functionFixture('LIST'))))
  describe('with loadMany that gives a Map', () => run(sourceContract(() => functionFixture('MAP'))))
  describe('with loadMany and keyOf', () => run(sourceContract(() => functionFixture('ANY_ORDER'))))
  describe('with load', () => run(sourceContract(() => functionFixture('ONE'))))
  describe('writable', () => run(sourceContract(() => functionFixture('WRITABLE'), { isWritable: true })))
})

type FunctionKind = 'LIST' | 'MAP' | 'ANY_ORDER' | 'ONE' | 'WRITABLE'

function functionFixture(kind: FunctionKind): SourceFixture {
  const values = new Map<string, unknown>()
  const failing = new Set<string>()
  let calls = 0
  const answer = (key: string) => (failing.has(key) ? new Error('refused') : values.get(key))
  const load = async (key: string) => {
    if (failing.has(key)) throw new Error('refused')
    return values.get(key)
  }
  const loadMany = async (keys: readonly string[]) => {
    calls++
    if (kind === 'MAP')
      return new Map(keys.filter((key) => values.has(key) || failing.has(key)).map((key) => [key, answer(key)]))
    if (kind === 'ANY_ORDER')
      return [...values.entries()]
        .toReversed()
        .filter(([key]) => keys.includes(key))
        .map(([, value]) => value)
    return keys.map(answer)
  }
  const writing = {
    storeMany: async (requests: readonly { key: string; value: unknown }[]) =>
      requests.map(({ key, value }) => void values.set(key, value)),
    deleteMany: async (keys: readonly string[]) => keys.map((key) => void values.delete(key)),
  }
  const source =
    kind === 'ONE'
      ? functionSource({ load, concurrency: 3 })
      : kind === 'ANY_ORDER'
        ? functionSource({ loadMany, keyOf: (value) => keysByValue(values).get(value) ?? '' })
        : functionSource({ loadMany, ...(kind === 'WRITABLE' ? writing : {}) })
  return {
    source,
    seed: async (seeds) => seeds.forEach((value, key) => values.set(key, value)),
    ...(kind === 'ONE' ? {} : { calls: () => calls }),
    ...(kind === 'ANY_ORDER' ? {} : { fail: async (key: string) => void failing.add(key) }),
  }
}

function keysByValue(values: ReadonlyMap<string, unknown>): ReadonlyMap<unknown, string> {
  return new Map([...values].map(([key, value]) => [value, key]))
}

describe('sqliteSource', () => {
  describe('with a table', () => run(sourceContract(() => sqliteFixture('TABLE'))))
  describe('with a value column', () => run(sourceContract(() => sqliteFixture('VALUE'))))
  describe('with a query', () => run(sourceContract(() => sqliteFixture('QUERY'))))
  describe('writing rows', () => run(sourceContract(() => sqliteFixture('WRITABLE_TABLE'), { isWritable: true })))
  describe('writing a value column', () =>
    run(sourceContract(() => sqliteFixture('WRITABLE_VALUE'), { isWritable: true })))
})

type SqliteKind = 'TABLE' | 'VALUE' | 'QUERY' | 'WRITABLE_TABLE' | 'WRITABLE_VALUE'

function sqliteFixture(kind: SqliteKind): SourceFixture {
  const database = new DatabaseSync(':memory:')
  database.exec(`
    create table "odd ""table" ("the key" text primary key, "the ""text" text, body text) without rowid;
    create table entry (unrelated text);
    insert into entry values ('still here');`)
  const holdsBody = kind.endsWith('VALUE')
  const table = { database, table: 'odd "table', keyColumn: 'the key' }
  const source =
    kind === 'QUERY'
      ? sqliteSource({
          database,
          query:
            'select "the key" as k, "the ""text" from "odd ""table" where k in (select value from json_each(:keys))',
          keyColumn: 'k',
          map: (row) => ({ text: row['the "text'] }),
        })
      : sqliteSource({
          ...table,
          ...(holdsBody ? { valueColumn: 'body' } : { columns: ['the "text'] }),
          writable: kind.startsWith('WRITABLE'),
        })
  const insert = database.prepare('insert into "odd ""table" values (?, ?, ?)')
  return {
    source,
    value: (text) => (kind === 'TABLE' || kind === 'WRITABLE_TABLE' ? { 'the "text': text } : { text }),
    async seed(values) {
      for (const [key, value] of values) {
        const [text] = Object.values(value as Record<string, string>)
        insert.run(key, holdsBody ? null : (text as string), holdsBody ? JSON.stringify(value) : '')
      }
    },
    async fail(key) {
      if (holdsBody) database.prepare('update "odd ""table" set body = ? where "the key" = ?').run('{', key)
      else {
        // A second row for the key: the table gets a twin without the constraint.
        database.exec(`
          create table twin as select * from "odd ""table"; drop table "odd ""table"; alter table twin rename to "odd ""table"`)
        insert.run(key, 'twin', '')
      }
    },
    async dispose() {
      const rows = database.prepare('select unrelated from entry').all()
      database.close()
      if (rows.length !== 1) throw new Error('a table that is not the source’s was changed')
    },
  }
}

test('the awkward keys are all different', () => {
  if (new Set(awkwardKeys).size !== awkwardKeys.length) throw new Error('twice the same key')
})
