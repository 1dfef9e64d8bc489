import type { LoadContext, LoadResult, Source, SourceContext, WriteResult } from '../../ports/index.ts'
import { answersByKey, type Found } from './answers.ts'
import { OptionProblems } from './option-problems.ts'
import { PostgresConnection, type PostgresPool, type PostgresResult, tookTooLong } from './postgres-connection.ts'
import { isText } from './postgres-keys.ts'
import {
  columnsQuery,
  type PostgresColumn,
  type PostgresTable,
  PostgresTableError,
  postgresTable,
  tableName,
} from './postgres-table.ts'
import { deleteRows, type RunStatement, storeRows } from './postgres-writer.ts'
import { answerOfRow, type RowReading } from './row-answers.ts'
import {
  checkSqlOptions,
  keyName,
  mayAsk,
  missingKeyColumn,
  type SqlQueryOptions,
  type SqlRowOptions,
  type SqlTableOptions,
} from './sql-options.ts'

/**
 * What every PostgreSQL source takes. At most one of `connectionString` and `pool`; without any, the environment
 * variables of PostgreSQL, such as `PGHOST`, say where it is.
 */
export interface PostgresConnectionOptions extends SqlRowOptions {
  /**
   * How the source is named in logs and in `Keyspace.source`.
   *
   * @default 'postgres'
   */
  readonly name?: string
  /** Such as `postgresql://user:password@host:5432/database`. */
  readonly connectionString?: string | undefined
  /**
   * Options of a `pg` pool: `host`, `user`, `ssl`, `max` and others.
   *
   * @default ten connections; five seconds to get one
   */
  readonly poolOptions?: Readonly<Record<string, unknown>>
  /** A pool of `pg` that is there already. The source does not close it, and its own options count. */
  readonly pool?: PostgresPool
  /**
   * How long the server may work on one statement before it gives up, in milliseconds; 0: as long as it takes. Not
   * with `pool`.
   *
   * @default 30000
   */
  readonly statementTimeoutMs?: number
}

/** A PostgreSQL source that reads, and may write, one table. */
export interface PostgresTableOptions extends PostgresConnectionOptions, SqlTableOptions {}

/**
 * A PostgreSQL source with a query of the user's own. The query gets the keys as `$1`, a list of texts:
 * `select id, name from city where id = any($1::bigint[])`. A cast such as this one fails for a key that is no number,
 * and then for all; give `keyPattern` to keep such keys away from it.
 */
export interface PostgresQueryOptions extends PostgresConnectionOptions, SqlQueryOptions {}

/** Options of {@link postgresSource}: a table, or a query. */
export type PostgresSourceOptions = PostgresTableOptions | PostgresQueryOptions

/**
 * A source over a PostgreSQL database, on the package `pg`, which has to be installed beside fedcache. Every load is
 * one statement, and so is every write, unless the database refuses a row: then the rows are written one by one.
 *
 * `bigint` beyond 2^53, `numeric`, dates and intervals become text; times with a zone become ISO 8601 in UTC. Bytes are
 * a `Uint8Array` for `map`, `tags` and as a whole value, and base64 text inside a row, in arrays too. A table that is
 * written gives back what its columns hold, which may differ from what was put: a number in a text column comes back as
 * text.
 *
 * Key columns of integer, text and uuid types are looked up by their index. Other types are compared as text, which
 * needs an index on that. A database that is away when fedcache starts is connected to at the first load. When nobody
 * waits for a load any more, the server is told to stop it.
 *
 * @throws ConfigError with everything that is wrong with the options.
 */
export function postgresSource(options: PostgresSourceOptions): Source {
  checkOptions(options)
  const source = new PostgresSource(options)
  return options.writable === true ? source.writable() : source.readable()
}

class PostgresSource {
  readonly #options: PostgresSourceOptions
  readonly #connection: PostgresConnection
  #table: Promise<PostgresTable> | undefined

  constructor(options: PostgresSourceOptions) {
    this.#options = options
    this.#connection = new PostgresConnection(options, options.valueColumn !== undefined)
  }

  readable(): Source {
    return {
      name: this.#options.name ?? 'postgres',
      loadMany: (keys, context) => this.#load(keys, context),
      start: () => this.#start(),
      close: () => this.#connection.close(),
    }
  }

  writable(): Source {
    return {
      ...this.readable(),
      storeMany: (requests, context) => this.#write(context, (table, run) => storeRows(table, requests, run)),
      deleteMany: (keys, context) => this.#write(context, (table, run) => deleteRows(table, keys, run)),
    }
  }

  async #start(): Promise<void> {
    await this.#connection.open()
    try {
      await this.#check()
    } catch (error) {
      if (!isMistake(error)) return
      await this.#connection.close()
      throw error
    }
  }

  /** Asks for no keys, and plans a write of no rows, to find mistakes before the first reader does. */
  async #check(): Promise<void> {
    const { signal } = new AbortController()
    if (this.#options.table === undefined) {
      this.#requireKeyColumn(await this.#connection.query(this.#options.query, [[]], signal))
      return
    }
    const table = await this.#described(this.#options)
    if (table.writable === true) await this.#connection.query(`explain ${table.upsert}`, ['[]'], signal)
  }

  /** Looks the table up once; a look-up that fails is tried again by the next call. */
  #described(options: SqlTableOptions): Promise<PostgresTable> {
    this.#table ??= this.#connection
      .query(columnsQuery, [tableName(options)], new AbortController().signal)
      .then(({ rows }) => postgresTable(options, rows as readonly unknown[] as readonly PostgresColumn[]))
      .catch((error: unknown) => {
        this.#table = undefined
        throw error
      })
    return this.#table
  }

  async #load(keys: readonly string[], { signal }: LoadContext): Promise<readonly LoadResult[]> {
    const options = this.#options
    if (options.table === undefined) {
      const asked = keys.filter((key) => isText(key) && mayAsk(options.keyPattern, key))
      return this.#ask(keys, asked, options.query, signal)
    }
    const { keyType, select } = await this.#described(options)
    return this.#ask(keys, keys.filter(keyType.accepts), select, signal)
  }

  async #ask(
    keys: readonly string[],
    asked: readonly string[],
    text: string,
    signal: AbortSignal,
  ): Promise<readonly LoadResult[]> {
    if (asked.length === 0) return keys.map(() => null)
    const result = await this.#connection.query(text, [asked], signal).catch((error: unknown) => {
      throw tookTooLong(error) ?? error
    })
    return answersByKey(keys, this.#found(result))
  }

  *#found(result: PostgresResult): Iterable<Found> {
    const reading: RowReading = this.#options
    const keyColumn = this.#requireKeyColumn(result)
    for (const { [keyColumn]: key, ...others } of result.rows) {
      const row = this.#options.table === undefined ? { ...others, [keyColumn]: key } : others
      yield [`${key as string | number}`, answerOfRow(reading, () => row)]
    }
  }

  #requireKeyColumn({ fields }: PostgresResult): string {
    const keyColumn = this.#options.table === undefined ? this.#options.keyColumn : keyName
    const names = fields.map(({ name }) => name)
    if (!names.includes(keyColumn)) throw new PostgresTableError(missingKeyColumn(keyColumn, names).message)
    return keyColumn
  }

  async #write(
    { signal }: SourceContext,
    write: (table: PostgresTable, run: RunStatement) => Promise<readonly WriteResult[]>,
  ): Promise<readonly WriteResult[]> {
    const table = await this.#described(this.#options as PostgresTableOptions)
    return write(table, (text, parameter) => this.#connection.query(text, [parameter], signal))
  }
}

/** Whether the options, and not the state of the database, are to blame. Classes of SQLSTATE: syntax, names, rights. */
function isMistake(error: unknown): boolean {
  if (error instanceof PostgresTableError) return true
  return error instanceof Error && 'code' in error && /^(?:28|3D|3F|42)/.test(`${error.code as string}`)
}

function checkOptions(options: PostgresSourceOptions): void {
  const problems = new OptionProblems('postgresSource')
  problems.requireOptions(options)
  const { connectionString, poolOptions, pool, query, statementTimeoutMs } = options
  if (connectionString !== undefined && !isConnectionString(connectionString)) {
    problems.add('connectionString', 'must be a URL such as postgresql://user@host:5432/database', connectionString)
  }
  problems.object('poolOptions', poolOptions)
  if (pool !== undefined) {
    if (typeof pool?.connect !== 'function') problems.add('pool', 'must be a Pool of pg', pool)
    for (const option of ['connectionString', 'poolOptions', 'statementTimeoutMs'] as const) {
      const given = options[option]
      if (given !== undefined) problems.add(option, 'has no effect on a pool that is there already', given)
    }
  }
  if (typeof query === 'string' && !/\$1(?!\d)/.test(query)) {
    problems.add('query', 'must use $1, such as … where id = any($1)', query)
  }
  problems.type('name', options.name, 'string')
  problems.wholeNumber('statementTimeoutMs', statementTimeoutMs, 0)
  checkSqlOptions(problems, options)
  problems.throwIfAny()
}

/** As `pg` reads it: the directory of a socket, or a URL, in which no host need follow the user. */
function isConnectionString(given: unknown): boolean {
  if (typeof given !== 'string') return false
  return (
    given.startsWith('/') ||
    (/^(?:[a-z][\w+.-]*:\/\/|socket:)/i.test(given) && URL.canParse(given.replace('@/', '@host/')))
  )
}
