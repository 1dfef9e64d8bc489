import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'vitest'
import { sqliteSource } from '../../src/adapters/source/sqlite-source.ts'
import { type SourceFixture, sourceContract } from '../../src/testing.ts'

describe.each<[string, SqliteKind]>([
  ['a table', 'TABLE'],
  ['a value column', 'VALUE'],
  ['a query', 'QUERY'],
  ['a table to write', 'WRITABLE_TABLE'],
  ['a value column to write', 'WRITABLE_VALUE'],
])('sqliteSource with %s', (_name, kind) => {
  const cases = sourceContract(() => sqliteFixture(kind), { isWritable: kind.startsWith('WRITABLE') })
  for (const { name, run } of cases) test(name, run)
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
