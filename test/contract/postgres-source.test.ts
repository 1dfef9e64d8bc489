import { afterAll, beforeAll, describe, test } from 'vitest'
import { postgresSource, type PostgresSourceOptions } from '../../src/adapters/source/postgres-source.ts'
import { type SourceFixture, sourceContract } from '../../src/testing.ts'
import { type PostgresServer, postgresServer } from '../support/postgres-server.ts'

let server: PostgresServer

beforeAll(async () => {
  server = await postgresServer()
})

afterAll(() => server?.dispose())

type Kind = 'TABLE' | 'UNCOMMON_KEY' | 'QUERY' | 'JSONB' | 'JSON_TEXT'

describe.each<[string, Kind, boolean]>([
  ['a table', 'TABLE', false],
  ['a key column of an uncommon type', 'UNCOMMON_KEY', false],
  ['a query', 'QUERY', false],
  ['a jsonb column', 'JSONB', false],
  ['a table to write', 'TABLE', true],
  ['a jsonb column to write', 'JSONB', true],
  ['JSON in a text column to write', 'JSON_TEXT', true],
])('postgresSource with %s', (_name, kind, isWritable) => {
  for (const { name, run } of sourceContract(() => postgresFixture(kind, isWritable), { isWritable })) test(name, run)
})

let schemas = 0

async function postgresFixture(kind: Kind, writable: boolean): Promise<SourceFixture> {
  const schema = `odd "schema" ${schemas++}`
  const quoted = `"${schema.replaceAll('"', '""')}"`
  const table = `${quoted}."odd ""table"`
  const keyType = kind === 'UNCOMMON_KEY' ? 'odd_key' : 'text'
  await server.query(`
    create schema ${quoted};
    set search_path to ${quoted}, public;
    create domain odd_key as text;
    create table ${table} ("the key" ${keyType} primary key, "the ""text" text, document jsonb, body text);
    create table entry (unrelated text);
    insert into entry values ('still here');`)
  const source = postgresSource(optionsOf(kind, schema, table, writable))
  return {
    source,
    value: (text) => (kind === 'TABLE' || kind === 'UNCOMMON_KEY' ? { 'the "text': text } : { text }),
    refusedKeys: ['a\u0000b'],
    async seed(values) {
      const rows = [...values].map(([key, value]) => ({
        'the key': key,
        'the "text': Object.values(value as Record<string, string>)[0],
        document: value,
        body: JSON.stringify(value),
      }))
      await server.query(`insert into ${table} select * from json_populate_recordset(null::${table}, $1::json)`, [
        JSON.stringify(rows),
      ])
    },
    async fail(key) {
      if (kind === 'JSON_TEXT') await server.query(`update ${table} set body = '{' where "the key" = $1`, [key])
      else {
        await server.query(`alter table ${table} drop constraint "odd ""table_pkey"`)
        await server.query(`insert into ${table} ("the key") values ($1)`, [key])
      }
    },
    async dispose() {
      const rows = await server.query(`select unrelated from ${quoted}.entry`)
      await server.query(`drop schema ${quoted} cascade`)
      if (rows.length !== 1) throw new Error('a table that is not the source’s was changed')
    },
  }
}

function optionsOf(kind: Kind, schema: string, table: string, writable: boolean): PostgresSourceOptions {
  const { connectionString } = server
  if (kind === 'QUERY') {
    return {
      connectionString,
      query: `select "the key" as k, "the ""text" from ${table} where "the key" = any($1)`,
      keyColumn: 'k',
      map: (row) => ({ text: row['the "text'] }),
    }
  }
  const columns =
    kind === 'JSONB'
      ? { valueColumn: 'document' }
      : kind === 'JSON_TEXT'
        ? { valueColumn: 'body' }
        : { columns: ['the "text'] }
  return { connectionString, schema, table: 'odd "table', keyColumn: 'the key', writable, ...columns }
}
