import { execFile } from 'node:child_process'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { promisify } from 'node:util'
import { Pool } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { postgresSource, type PostgresSourceOptions } from '../../src/adapters/source/postgres-source.ts'
import { columnsQuery, type PostgresColumn, postgresTable } from '../../src/adapters/source/postgres-table.ts'
import { type Source, sourceEntry, type WriteResult } from '../../src/ports/index.ts'
import { loadAll, loadContext, problemsOf } from '../support/load-context.ts'
import { type PostgresServer, postgresServer } from '../support/postgres-server.ts'

let server: PostgresServer
const opened: Source[] = []

beforeAll(async () => {
  server = await postgresServer()
})

afterAll(() => server?.dispose())

beforeEach(async () => {
  await server.query('create schema if not exists public')
})

afterEach(async () => {
  for (const source of opened.splice(0)) await source.close?.()
  await server.query('drop schema public cascade')
})

type Options = Partial<Extract<PostgresSourceOptions, { table: string }>> | Record<string, unknown>

async function open(options: Options): Promise<Source> {
  const connection = 'pool' in options ? {} : { connectionString: server.connectionString }
  const source = postgresSource({ ...connection, ...options } as PostgresSourceOptions)
  opened.push(source)
  await source.start?.()
  return source
}

async function store(source: Source, values: Record<string, unknown>): Promise<readonly WriteResult[]> {
  const requests = Object.entries(values).map(([key, value]) => ({ key, value, ttlMs: undefined, tags: [] }))
  return (await source.storeMany?.(requests, loadContext())) ?? []
}

const table = { table: 't', keyColumn: 'k' }
const invalid = { code: 'INVALID_VALUE', outcome: 'NONE' }

describe('rows', () => {
  test('become objects that JSON can hold without loss', async () => {
    await server.query(`
      create table t (k int primary key, big bigint, small bigint, exact numeric, real8 float8, day date, local timestamp,
        zoned timestamptz, far timestamptz, span interval, yes boolean, bytes bytea, doc jsonb, id uuid, bigs bigint[],
        days date[][], exacts numeric[], words text[], blobs bytea[], grid bytea[][], nothing text);
      set timezone to 'Asia/Kolkata';
      insert into t values (1, 9007199254740993, -5, 1234567890.12345678901234567890, 0.5, '2024-02-29', '2024-02-29 12:34:56.789012',
        '2024-02-29 12:34:56.789012+05:30', 'infinity', '1 day 2 hours', true, '\\x00ff', '{"a": [1, null]}',
        'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '{9007199254740993,1,null}', '{{2024-01-31},{2024-02-01}}', '{0.1,2}', '{a,"b c"}',
        array['\\x00ff'::bytea, null, ''], array[['\\x01'::bytea], ['\\x02'::bytea]], null)`)
    const [row] = await loadAll(await open(table), ['1'])
    expect(row).toStrictEqual({
      k: 1,
      big: '9007199254740993',
      small: -5,
      exact: '1234567890.12345678901234567890',
      real8: 0.5,
      day: '2024-02-29',
      local: '2024-02-29T12:34:56.789012',
      zoned: '2024-02-29T07:04:56.789012Z',
      far: 'infinity',
      span: '1 day 02:00:00',
      yes: true,
      bytes: 'AP8=',
      doc: { a: [1, null] },
      id: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
      bigs: ['9007199254740993', 1, null],
      days: [['2024-01-31'], ['2024-02-01']],
      exacts: ['0.1', '2'],
      words: ['a', 'b c'],
      blobs: ['AP8=', null, ''],
      grid: [['AQ=='], ['Ag==']],
      nothing: null,
    })
    expect(JSON.parse(JSON.stringify(row))).toStrictEqual(row)
  })

  test('have tags and go through map, each of which may fail its own key', async () => {
    await server.query(
      `create table t (k text primary key, v text); insert into t values ('a', 'x'), ('b', null), ('c', 'z')`,
    )
    const map = ({ v }: Record<string, unknown>) => (v as string).toUpperCase()
    const tags = ({ v }: Record<string, unknown>) => {
      if (v === 'z') throw new Error('no tags')
      return [v as string]
    }
    const [a, b, c] = await loadAll(await open({ ...table, map, tags }), ['a', 'b', 'c'])
    expect(a).toStrictEqual(sourceEntry('X', { tags: ['x'] }))
    expect(b).toBeInstanceOf(TypeError)
    expect(c).toStrictEqual(new Error('no tags'))
  })
})

describe('a value column', () => {
  test.each(['json', 'jsonb', 'text', 'bytea'])('of type %s holds JSON', async (type) => {
    await server.query(`create table t (k text primary key, v ${type})`)
    const source = await open({ ...table, valueColumn: 'v', writable: true })
    const values = { object: { a: '北京', b: [1, '\\x00'] }, text: 't', digits: '5', number: 5, yes: true }
    expect(await store(source, values)).toStrictEqual([undefined, undefined, undefined, undefined, undefined])
    await server.query(`insert into t values ('null', null)`)
    expect(await loadAll(source, [...Object.keys(values), 'null'])).toStrictEqual([...Object.values(values), null])
  })

  test('holds text and bytes', async () => {
    await server.query('create table t (k text primary key, v text, b bytea)')
    const text = await open({ ...table, valueColumn: 'v', valueFormat: 'text', writable: true })
    const bytes = await open({ ...table, valueColumn: 'b', valueFormat: 'bytes', writable: true })
    await store(text, { a: '{"no json' })
    await store(bytes, { b: new Uint8Array([0, 255, 92]) })
    expect(await loadAll(text, ['a'])).toStrictEqual(['{"no json'])
    const [answer] = await loadAll(bytes, ['b'])
    expect(new Uint8Array(answer as Uint8Array)).toStrictEqual(new Uint8Array([0, 255, 92]))
  })
})

describe('keys', () => {
  test.each([
    ['smallint', ['7', '-7', '32767'], ['07', '32768', '-32769', '7.0', 'abc', '', ' 7', '-0']],
    ['int', ['7', '2147483647'], ['2147483648', '+7', '7e0', '9'.repeat(400)]],
    ['bigint', ['7', '-9223372036854775808'], ['9223372036854775808', 'x']],
    ['text', ['a', 'A', ''], ['a ', 'a\0', '\ud800']],
    ['varchar(3)', ['a', 'abc'], ['abcd', 'a ']],
    ['char(3)', ['a', 'abc'], ['a ', 'abc ', 'A', '\0']],
    [
      'uuid',
      ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
      ['A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'a0eebc999c0b4ef8bb6d6bb9bd380a11', 'x'],
    ],
    ['citext', ['a'], ['A']],
    ['numeric', ['7', '7.5'], ['7.0', 'x', '07.5']],
    ['date', ['2024-01-31'], ['2024-1-31', 'yesterday']],
    ['mood', ['good'], ['bad', 'none']],
  ])('of type %s are found as the database spells them, and others harm nothing', async (type, found, missing) => {
    await server.query(`
      create extension if not exists citext; create type mood as enum ('good', 'bad');
      create table t (k ${type} primary key); insert into t select unnest('{${found.map((key) => `"${key}"`).join()}}'::${type}[])`)
    const source = await open({ ...table, map: (row) => `${row['k'] as string}` })
    const answers = await loadAll(source, [...missing, ...found])
    expect(answers.slice(0, missing.length)).toStrictEqual(missing.map(() => null))
    expect(answers.slice(missing.length).every((answer) => typeof answer === 'string')).toBe(true)
    expect(await loadAll(source, missing)).toStrictEqual(missing.map(() => null))
  })

  test.each(['bigint', 'text', 'varchar(50)', 'char(20)', 'uuid'])(
    'of type %s are looked up by their index',
    async (type) => {
      const value = type === 'uuid' ? 'md5(n::text)' : 'n::text'
      await server.query(`
      create table t (k ${type} primary key, v text);
      insert into t select (${value})::${type}, 'v' from generate_series(1, 20000) n; analyze t`)
      const columns = await server.query(columnsQuery, ['t'])
      const { select } = postgresTable(table, columns as readonly unknown[] as readonly PostgresColumn[])
      const key = type === 'uuid' ? 'c4ca4238-a0b9-2382-0dcc-509a6f75849b' : '1'
      const plan = await server.query(`explain ${select}`, [[key]])
      expect(JSON.stringify(plan)).toContain('t_pkey')
      expect(await loadAll(await open(table), [key])).toMatchObject([{ v: 'v' }])
    },
  )

  test('of a query that its pattern does not take are not asked for', async () => {
    const query = 'select k, 1 as v from unnest($1::bigint[]) as k'
    const source = await open({ query, keyColumn: 'k', keyPattern: /^\d{1,18}$/ })
    expect(await loadAll(source, ['1', 'x', '2', '\0'])).toStrictEqual([{ v: 1, k: 1 }, null, { v: 1, k: 2 }, null])
    await expect(loadAll(await open({ query, keyColumn: 'k' }), ['1', 'x'])).rejects.toThrow('invalid input syntax')
  })
})

describe('starting', () => {
  test.each([
    ['a table that is not there', { table: 'none', keyColumn: 'k' }, 'no table none'],
    ['a schema that is not there', { ...table, schema: 'nope' }, 'no table nope.t'],
    ['a table that is not in its schema', { schema: 'public', table: 'none', keyColumn: 'k' }, 'no table public.none'],
    ['a key column that is not there', { ...table, keyColumn: 'x' }, 'no column x; it has k, v'],
    ['a column that is not there', { ...table, schema: 'public', columns: ['y'] }, 'table public.t has no column y'],
    ['a query that is no SQL', { query: 'selekt $1', keyColumn: 'k' }, 'syntax error'],
    [
      'a query without the key column',
      { query: 'select 1 as v where $1::text[] is null', keyColumn: 'k' },
      'gives no column "k"; it gives v',
    ],
    ['a writable table without a unique key', { ...table, writable: true }, 'ON CONFLICT'],
    ['a writable table with keys of many spellings', { table: 'n', keyColumn: 'k', writable: true }, 'type numeric'],
  ])('fails for %s', async (_name, options, message) => {
    await server.query('create table t (k text, v text); create table n (k numeric primary key)')
    await expect(open(options)).rejects.toThrow(message)
  })

  test('fails for a database that is not there', async () => {
    const connectionString = server.connectionString.replace('/postgres?', '/none?')
    await expect(open({ ...table, connectionString })).rejects.toThrow('"none" does not exist')
  })

  test('says what to install when pg is missing', async () => {
    const module = new URL('../../src/adapters/source/postgres-source.ts', import.meta.url).href
    const hook = `
      import { registerHooks } from 'node:module'
      registerHooks({ resolve(specifier, context, next) {
        if (specifier === 'pg') throw Object.assign(new Error('not found'), { code: 'ERR_MODULE_NOT_FOUND' })
        return next(specifier, context)
      } })
      const { postgresSource } = await import(${JSON.stringify(module)})
      await postgresSource({ table: 't', keyColumn: 'k' }).start().catch((error) => console.log(error.message))`
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', hook])
    expect(stdout).toContain('npm install pg')
  })

  test('takes a pool that is there, and leaves it open', async () => {
    await server.query(`create table t (k text primary key); insert into t values ('a')`)
    const pool = new Pool({ connectionString: server.connectionString })
    const source = await open({ ...table, pool })
    expect(await loadAll(source, ['a'])).toStrictEqual([{ k: 'a' }])
    await source.close?.()
    expect((await pool.query('select 1 as one')).rows).toStrictEqual([{ one: 1 }])
    await pool.end()
  })
})

/** Answers nothing for no keys, and any other load after ten minutes. */
const sleeper = { query: 'select k, pg_sleep(600) from unnest($1::text[]) as k', keyColumn: 'k' }

async function untilAsleep(count: number): Promise<void> {
  for (const begunAtMs = performance.now(); performance.now() - begunAtMs < 10_000;) {
    const [row] = await server.query(
      `select count(*)::int as asleep from pg_stat_activity where wait_event = 'PgSleep'`,
    )
    if (row?.['asleep'] === count) return
  }
  throw new Error(`there are not ${count} statements asleep`)
}

describe('a server that comes and goes', () => {
  test('may be away at the start', async () => {
    await server.query(`create table t (k text primary key); insert into t values ('a')`)
    await server.stop()
    const source = await open({ ...table, writable: true })
    await expect(loadAll(source, ['a'])).rejects.toThrow('ENOENT')
    await server.start()
    expect(await loadAll(source, ['a'])).toStrictEqual([{ k: 'a' }])
  })

  test('may break connections that are idle', async () => {
    await server.query(`create table t (k text primary key); insert into t values ('a')`)
    const source = await open(table)
    await Promise.all([loadAll(source, ['a']), loadAll(source, ['a'])])
    await server.stop()
    await server.start()
    expect(await loadAll(source, ['a'])).toStrictEqual([{ k: 'a' }])
  })

  test('may break a connection in the middle of a load', async () => {
    const load = loadAll(await open(sleeper), ['a']).catch((error: unknown) => error)
    await untilAsleep(1)
    await server.stop()
    expect(await load).toBeInstanceOf(Error)
    await server.start()
  })
})

test('a network that breaks in the middle of a load fails that load', async () => {
  const directory = new URL(server.connectionString.replace('@/', '@localhost/')).searchParams.get('host') as string
  const sockets: Socket[] = []
  const network = createServer((socket) => {
    const upstream = connect(`${directory}/.s.PGSQL.5432`)
    sockets.push(socket)
    socket.pipe(upstream).pipe(socket)
    socket.on('error', () => undefined).on('close', () => upstream.destroy())
    upstream.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => {
    network.listen(0, '127.0.0.1', resolve)
  })
  const { port } = network.address() as AddressInfo
  const connectionString = `postgresql://postgres@127.0.0.1:${port}/postgres`
  const source = await open({ ...sleeper, connectionString })
  const load = loadAll(source, ['a'])
  await untilAsleep(1)
  for (const socket of sockets) socket.destroy()
  await expect(load).rejects.toThrow('terminated')
  expect(await loadAll(source, [])).toStrictEqual([])
  await server.query(`select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'`)
  network.close()
})

describe('time', () => {
  test('a load that is aborted ends at once, and so does its statement, even on the only connection', async () => {
    const source = await open({ ...sleeper, statementTimeoutMs: 0, poolOptions: { max: 1 } })
    const abort = new AbortController()
    const load = loadAll(source, ['a'], loadContext(abort.signal))
    await untilAsleep(1)
    abort.abort(new Error('nobody waits'))
    await expect(load).rejects.toThrow('nobody waits')
    await untilAsleep(0)
    expect(await loadAll(source, [])).toStrictEqual([])
  })

  test('a load that was aborted before it began does not ask', async () => {
    const source = await open(sleeper)
    await expect(loadAll(source, ['a'], loadContext(AbortSignal.abort(new Error('gone'))))).rejects.toThrow('gone')
  })

  test('the server gives up after statementTimeoutMs', async () => {
    const source = await open({ ...sleeper, statementTimeoutMs: 50 })
    await expect(loadAll(source, ['a'])).rejects.toMatchObject({
      code: 'SOURCE_TIMEOUT',
      outcome: undefined,
      message: 'The database stopped a statement that took too long; try again, or raise its statement timeout.',
      cause: { message: expect.stringContaining('statement timeout') as string },
    })
  })

  test('a write that the server gives up changes nothing', async () => {
    await server.query(`
      create table t (k text primary key);
      create function doze() returns trigger language plpgsql as 'begin perform pg_sleep(600); return new; end';
      create trigger doze before insert on t for each row execute function doze()`)
    const source = await open({ ...table, writable: true, statementTimeoutMs: 50 })
    await expect(store(source, { a: {} })).rejects.toMatchObject({ code: 'SOURCE_TIMEOUT', outcome: 'NONE' })
  })
})

describe('writing', () => {
  const unspecific = "The database refused the row; its error is in this peer's log."

  test('gives back what was put, by the types of the columns', async () => {
    await server.query(`
      create table t (k bigint generated always as identity primary key, s text, i int, r float8, yes boolean, j jsonb,
        b bytea, bs bytea[], l text[], at timestamptz, g text generated always as (s || '!') stored)`)
    const source = await open({ ...table, writable: true })
    const value = {
      k: 5,
      s: 'x',
      i: 5,
      r: 0.5,
      yes: true,
      j: { a: [1] },
      b: 'AP8=',
      bs: [
        ['AP8=', null],
        ['', 'AQ=='],
      ],
      l: ['a', 'b'],
      at: '2024-02-29T07:04:56Z',
      g: 'x!',
    }
    expect(await store(source, { 5: value, 6: { s: 'y' } })).toStrictEqual([undefined, undefined])
    const nothing = { i: null, r: null, yes: null, j: null, b: null, bs: null, l: null, at: null }
    expect(await loadAll(source, ['5', '6'])).toStrictEqual([value, { k: 6, s: 'y', ...nothing, g: 'y!' }])
  })

  test('gives back what was put into columns of domains', async () => {
    await server.query(`
      create domain digest as bytea; create domain digests as bytea[];
      create domain notes as jsonb; create domain title as text;
      create table t (k text primary key, b digest, bs digests, j notes, s title)`)
    const source = await open({ ...table, writable: true })
    const value = { k: 'a', b: 'AQ==', bs: ['AQ==', null], j: { a: [1] }, s: 'x' }
    expect(await store(source, { a: value, b: { s: { a: 1 } } })).toMatchObject([undefined, invalid])
    expect(await loadAll(source, ['a'])).toStrictEqual([value])
    const notes = await open({ ...table, valueColumn: 'j', writable: true })
    expect(await store(notes, { a: ['text'] })).toStrictEqual([undefined])
    expect(await loadAll(notes, ['a'])).toStrictEqual([['text']])
  })

  test('replaces the whole value and no other column', async () => {
    await server.query(
      `create table t (k text primary key, v text, w text, x text); insert into t values ('a', 1, 2, 3)`,
    )
    await store(await open({ ...table, columns: ['v', 'w'], writable: true }), { a: { w: 'new' } })
    expect(await server.query('select * from t')).toStrictEqual([{ k: 'a', v: null, w: 'new', x: '3' }])
  })

  test('works on a table of keys alone', async () => {
    await server.query('create table t (k text primary key)')
    const source = await open({ ...table, writable: true })
    expect(await store(source, { a: {} })).toStrictEqual([undefined])
    expect(await store(source, { a: {}, b: { k: 'b' } })).toStrictEqual([undefined, undefined])
    expect(await loadAll(source, ['a', 'b'])).toStrictEqual([{ k: 'a' }, { k: 'b' }])
  })

  test.each([
    ['a field without a column', { v: 'x', extra: 1 }, 'has a field "extra"'],
    ['another key in it', { k: 'other', v: 'x' }, 'another key in its field "k"'],
    ['no fields', 'text', 'must be a JSON object'],
    ['an object for a text column', { v: { a: 1 } }, 'text column "v"'],
    ['what is no base64', { v: 'x', b: 'äöü' }, 'not base64'],
    ['a list of base64 for one of bytes', { v: 'x', b: ['AQ=='] }, 'not base64'],
    ['a list with what is no base64', { v: 'x', bs: ['AQ==', 'äöü'] }, 'not base64'],
    ['no list for a column of lists', { v: 'x', bs: 'AQ==' }, unspecific],
    ['what the column does not take', { v: 'x', i: 'five' }, unspecific],
    ['nothing for a column that needs something', { v: null }, 'refused the row for the column "v"; its error is in'],
    ['what the schema checks', { v: 'no' }, 'refused the row for the constraint "t_v_check"; its error is in'],
    ['what text cannot hold', { v: '\0' }, unspecific],
  ])('refuses %s, and stores the others', async (_name, value, message) => {
    await server.query(
      `create table t (k text primary key, v text not null check (v <> 'no'), b bytea, bs bytea[], i int)`,
    )
    const source = await open({ ...table, writable: true })
    const [before, refused, after] = await store(source, { x: { v: '1' }, a: value, z: { v: '2' } })
    expect([before, after]).toStrictEqual([undefined, undefined])
    expect(refused).toMatchObject({ ...invalid, message: expect.stringContaining(message) as string })
    expect(await server.query('select k from t order by k')).toStrictEqual([{ k: 'x' }, { k: 'z' }])
    expect(await store(source, { a: value })).toMatchObject([invalid])
  })

  test('refuses keys that the column would spell differently', async () => {
    await server.query(`create table t (k bigint primary key, v text); insert into t values (7, 'seven')`)
    const source = await open({ ...table, writable: true })
    const misspelt = { code: 'BAD_USER_INPUT', outcome: 'NONE' }
    expect(await store(source, { 8: { v: 'eight' }, '07': { v: 'x' }, abc: {} })).toMatchObject([
      undefined,
      misspelt,
      misspelt,
    ])
    expect(await source.deleteMany?.(['07', 'abc'], loadContext())).toStrictEqual([undefined, undefined])
    expect(await loadAll(source, ['7', '8'])).toStrictEqual([
      { k: 7, v: 'seven' },
      { k: 8, v: 'eight' },
    ])
  })

  test('refuses keys that are no Unicode text', async () => {
    await server.query('create table t (k text primary key)')
    const source = await open({ ...table, writable: true })
    expect(await store(source, { '\ud800': {}, 'a\0': {} })).toMatchObject([{ outcome: 'NONE' }, { outcome: 'NONE' }])
    expect(await server.query('select k from t')).toStrictEqual([])
    // What the driver makes of half a surrogate pair is another key.
    await server.query(`insert into t values ('\ufffd')`)
    expect(await source.deleteMany?.(['\ud800'], loadContext())).toStrictEqual([undefined])
    expect(await server.query('select k from t')).toHaveLength(1)
  })

  test('keeps rows that others refer to, and deletes the rest', async () => {
    await server.query(`
      create table t (k text primary key); create table u (t text references t);
      insert into t values ('a'), ('b'); insert into u values ('a')`)
    const source = await open({ ...table, writable: true })
    expect(await source.deleteMany?.(['a', 'b'], loadContext())).toMatchObject([invalid, undefined])
    expect(await loadAll(source, ['a', 'b'])).toStrictEqual([{ k: 'a' }, null])
  })

  test('is one statement', async () => {
    await server.query(`
      create table t (k text primary key); create table statements (n int);
      create function count_statement() returns trigger language plpgsql as
        'begin insert into statements values (1); return null; end';
      create trigger count after insert or update on t for each statement execute function count_statement()`)
    await store(await open({ ...table, writable: true }), { a: {}, b: {}, c: {} })
    // An upsert fires the triggers of insert and of update once each.
    expect(await server.query('select count(*)::int from statements')).toStrictEqual([{ count: 2 }])
  })

  test('says that nothing changed when the statement failed', async () => {
    await server.query('create table t (k text primary key)')
    const source = await open({ ...table, writable: true })
    await server.query('drop table t')
    await expect(store(source, { a: {} })).rejects.toMatchObject({ outcome: 'NONE' })
    await expect(source.deleteMany?.(['a'], loadContext())).rejects.toMatchObject({ outcome: 'NONE' })
  })

  test('does not say so when the connection broke', async () => {
    await server.query(`
      create table t (k text primary key);
      create function doze() returns trigger language plpgsql as 'begin perform pg_sleep(600); return new; end';
      create trigger doze before insert on t for each row execute function doze()`)
    const source = await open({ ...table, writable: true })
    const failure = store(source, { a: {} }).catch((error: unknown) => error)
    await untilAsleep(1)
    await server.stop()
    const error = await failure
    await server.start()
    expect(error).toBeInstanceOf(Error)
    expect(error).not.toHaveProperty('outcome')
  })
})

test.each<[string, unknown, string[]]>([
  ['nothing', {}, ['table', 'keyColumn']],
  [
    'a pool and how to make one',
    { ...table, pool: {}, connectionString: 'postgresql://', poolOptions: {}, statementTimeoutMs: 5 },
    ['pool', 'connectionString', 'poolOptions', 'statementTimeoutMs'],
  ],
  ['a query without $1', { query: 'select $10', keyColumn: 'k' }, ['query']],
  [
    'wrong kinds',
    { ...table, connectionString: '', poolOptions: 'x', statementTimeoutMs: -1, name: '' },
    ['connectionString', 'poolOptions', 'name', 'statementTimeoutMs'],
  ],
])('refuses options that are %s', (_name, options, expected) => {
  expect(problemsOf(() => postgresSource(options as PostgresSourceOptions))).toStrictEqual(expected)
})

test('problems do not print connection strings, which hold passwords', () => {
  const options = { ...table, connectionString: 'postgresql://user:secret@host', pool: new Pool() }
  expect(() => postgresSource(options)).toThrow(/^(?!.*secret)/s)
})
