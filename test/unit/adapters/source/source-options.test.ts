import { describe, expect, test } from 'vitest'
import { functionSource } from '../../../../src/adapters/source/function-source.ts'
import { httpSource } from '../../../../src/adapters/source/http-source.ts'
import { natsKvSource } from '../../../../src/adapters/source/nats-kv-source.ts'
import { postgresSource } from '../../../../src/adapters/source/postgres-source.ts'
import { sqliteSource } from '../../../../src/adapters/source/sqlite-source.ts'
import { subgraphSource } from '../../../../src/adapters/source/subgraph-source.ts'
import { problemsOf } from '../../../support/load-context.ts'

const factories: readonly [string, (options: never) => unknown][] = [
  ['functionSource', functionSource],
  ['httpSource', httpSource],
  ['natsKvSource', natsKvSource],
  ['postgresSource', postgresSource],
  ['sqliteSource', sqliteSource],
  ['subgraphSource', subgraphSource],
]

describe.each(factories)('%s', (name, factory) => {
  test.each([
    [undefined, 'nothing'],
    [null, 'null'],
    [5, '5'],
    [[], 'a list of 0'],
    [() => ({}), 'a function'],
    ['postgresql://user:secret@host/db', '"***"'],
  ])('given %o in place of options says so', (options, shown) => {
    expect(problemsOf(() => factory(options as never))).toStrictEqual([name])
    expect(() => factory(options as never)).toThrow(`${name}: needs an object with its options; received ${shown}`)
  })

  test('given null for every option tells what is wrong', () => {
    const nulls = new Proxy({}, { get: () => null, has: () => true })
    expect(problemsOf(() => factory(nulls as never))).not.toHaveLength(0)
  })
})

describe('a connection string of PostgreSQL', () => {
  const pathsFor = (connectionString: unknown) =>
    problemsOf(() => postgresSource({ table: 't', keyColumn: 'k', connectionString } as never))

  test.each([
    'postgresql://user:pass%20word@host:5432/database?sslmode=require',
    'postgres://user:a b@host',
    'postgresql://postgres@/postgres?host=%2Ftmp',
    'postgresql:///database',
    'cockroachdb://host/database',
    'socket:/tmp?db=database',
    '/var/run/postgresql database',
  ])('may be %s', (connectionString) => {
    expect(pathsFor(connectionString)).toStrictEqual([])
  })

  test.each([
    ['a name', 'database'],
    ['what libpq takes', 'host=localhost dbname=database'],
    ['text', 'not a url'],
    ['a host without scheme', 'localhost:5432/database'],
    ['a port that is none', 'postgresql://host:port/database'],
    ['empty', ''],
    ['null', null],
    ['a URL', new URL('postgresql://host/database')],
  ])('may not be %s', (_name, connectionString) => {
    expect(pathsFor(connectionString)).toStrictEqual(['connectionString'])
  })
})

test.each<[string, object, string[]]>([
  ['a pool that is null', { pool: null }, ['pool']],
  ['options of a pool in a list', { poolOptions: [] }, ['poolOptions']],
])('PostgreSQL refuses %s', (_name, options, paths) => {
  expect(problemsOf(() => postgresSource({ table: 't', keyColumn: 'k', ...options }))).toStrictEqual(paths)
})

test('SQLite refuses a database that is null', () => {
  const options = { database: null, table: 't', keyColumn: 'k' }
  expect(problemsOf(() => sqliteSource(options as never))).toStrictEqual(['database'])
})

test.each([[[null]], [['']], [[4222]]])('NATS refuses the servers %j', (servers) => {
  expect(problemsOf(() => natsKvSource({ bucket: 'a', servers } as never))).toStrictEqual(['servers'])
})
