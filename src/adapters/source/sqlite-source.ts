import { existsSync } from 'node:fs'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import type { LoadContext, LoadResult, Source, SourceContext, WriteResult } from '../../ports/index.ts'
import { answersByKey, type Found } from './answers.ts'
import { OptionProblems } from './option-problems.ts'
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
import { sqliteTable } from './sqlite-table.ts'
import { readRow } from './sqlite-values.ts'
import { SqliteWriter } from './sqlite-writer.ts'

/** What every SQLite source takes. Exactly one of `path` and `database` is given. */
export interface SqliteConnectionOptions extends SqlRowOptions {
  /**
   * How the source is named in logs and in `Keyspace.source`.
   *
   * @default 'sqlite'
   */
  readonly name?: string
  /**
   * The database file: a path, relative to the working directory, or a `file:` URL. It must exist. It is opened when
   * fedcache starts, read-only unless the source is writable, and closed when fedcache stops.
   */
  readonly path?: string | URL
  /** A database that is open already. The source does not close it. */
  readonly database?: DatabaseSync
  /**
   * How long a statement waits for another connection's lock, in milliseconds; the whole process waits with it. Only
   * with `path`.
   *
   * @default 250
   */
  readonly busyTimeoutMs?: number
}

/** A SQLite source that reads, and may write, one table. */
export interface SqliteTableOptions extends SqliteConnectionOptions, SqlTableOptions {}

/**
 * A SQLite source with a query of the user's own. The query gets the keys as `:keys`, a JSON list of strings:
 * `select id, name from city where id in (select value from json_each(:keys))`.
 */
export interface SqliteQueryOptions extends SqliteConnectionOptions, SqlQueryOptions {}

/** Options of {@link sqliteSource}: a table, or a query. */
export type SqliteSourceOptions = SqliteTableOptions | SqliteQueryOptions

/**
 * A source over a SQLite database, on `node:sqlite`. Every load is one statement, whatever the number of keys.
 *
 * Integers beyond 2^53 become decimal text. Columns declared `BOOLEAN` give `true` and `false`, those declared `JSON`
 * the value that their text holds. Bytes are a `Uint8Array` for `map`, `tags` and as a whole value, and base64 text
 * inside a row. A table that is written gives back what its columns hold, which by SQLite's rules may differ from what
 * was put: a number in a text column comes back as text.
 *
 * `node:sqlite` is synchronous: the process does nothing else while a statement runs, and a statement cannot be
 * interrupted. Keep what you ask for on an index. In Node 22 it ends text at the character U+0000, in keys and in values
 * outside JSON; Node 24 does not.
 *
 * @throws ConfigError with everything that is wrong with the options.
 */
export function sqliteSource(options: SqliteSourceOptions): Source {
  checkOptions(options)
  const source = new SqliteSource(options)
  return options.writable === true ? source.writable() : source.readable()
}

class SqliteSource {
  readonly #options: SqliteSourceOptions
  #database: DatabaseSync | undefined
  #select: StatementSync | undefined
  #writer: SqliteWriter | undefined

  constructor(options: SqliteSourceOptions) {
    this.#options = options
  }

  readable(): Source {
    return {
      name: this.#options.name ?? 'sqlite',
      loadMany: async (keys, context) => this.#load(keys, context),
      start: () => this.#start(),
      close: async () => this.#close(),
    }
  }

  writable(): Source {
    return {
      ...this.readable(),
      storeMany: async (requests, context) => this.#write(context, (writer) => writer.store(requests)),
      deleteMany: async (keys, context) => this.#write(context, (writer) => writer.delete(keys)),
    }
  }

  async #start(): Promise<void> {
    const database = this.#options.database ?? (await this.#open(this.#options.path as string | URL))
    try {
      this.#prepare(database)
    } catch (error) {
      if (this.#options.database === undefined) database.close()
      throw error
    }
    this.#database = database
  }

  async #open(path: string | URL): Promise<DatabaseSync> {
    // Imported when it is needed: on some versions of Node.js the import prints a warning.
    const sqlite = await import('node:sqlite')
    const { busyTimeoutMs = 250, writable = false } = this.#options
    const file = path instanceof URL ? fileURLToPath(path) : path
    // SQLite would make an empty database where a file to be written is missing.
    if (!existsSync(file)) throw new Error(`there is no SQLite database at ${file}`)
    return new sqlite.DatabaseSync(file, { readOnly: !writable, timeout: busyTimeoutMs })
  }

  #prepare(database: DatabaseSync): void {
    const options = this.#options
    if (options.table === undefined) {
      this.#select = database.prepare(options.query)
    } else {
      const table = sqliteTable(database, options)
      this.#select = database.prepare(table.select)
      if (options.writable === true) this.#writer = new SqliteWriter(database, table)
    }
    this.#select.setReadBigInts(true)
    const names = this.#select.columns().map(({ name }) => name)
    if (!names.includes(this.#keyColumn)) throw missingKeyColumn(this.#keyColumn, names)
  }

  /** The column of the result that holds the key. */
  get #keyColumn(): string {
    return this.#options.table === undefined ? this.#options.keyColumn : keyName
  }

  #close(): void {
    if (this.#options.database === undefined) this.#database?.close()
    this.#database = undefined
    this.#select = undefined
    this.#writer = undefined
  }

  #load(keys: readonly string[], { signal }: LoadContext): readonly LoadResult[] {
    signal.throwIfAborted()
    const select = required(this.#select)
    const { keyPattern } = this.#options
    const asked = keys.filter((key) => mayAsk(keyPattern, key))
    if (asked.length === 0) return keys.map(() => null)
    const rows = select.all({ keys: JSON.stringify(asked) })
    return answersByKey(keys, this.#found(select, rows))
  }

  *#found(select: StatementSync, rows: readonly Record<string, unknown>[]): Iterable<Found> {
    const types = new Map(select.columns().map(({ name, type }) => [name, type?.toUpperCase() ?? '']))
    const reading: RowReading = this.#options
    for (const row of rows) {
      const key = row[this.#keyColumn]
      if (this.#options.table !== undefined) delete row[keyName]
      yield [`${key as string}`, answerOfRow(reading, () => readRow(row, types, reading.valueColumn))]
    }
  }

  #write(context: SourceContext, write: (writer: SqliteWriter) => readonly WriteResult[]): readonly WriteResult[] {
    context.signal.throwIfAborted()
    return write(required(this.#writer))
  }
}

function required<Value>(opened: Value | undefined): Value {
  if (opened === undefined) throw new Error('the database is not open; start the source first')
  return opened
}

function checkOptions(options: SqliteSourceOptions): void {
  const problems = new OptionProblems('sqliteSource')
  problems.requireOptions(options)
  const { path, database, busyTimeoutMs, query } = options
  if ((path === undefined) === (database === undefined))
    problems.add('path', 'give exactly one of path and database', path)
  if (path !== undefined && !(path instanceof URL)) problems.type('path', path, 'string')
  if (database !== undefined && typeof database?.prepare !== 'function') {
    problems.add('database', 'must be a DatabaseSync of node:sqlite', database)
  }
  if (typeof query === 'string' && !/[:@$]keys\b/.test(query)) {
    problems.add('query', 'must use :keys, such as … where id in (select value from json_each(:keys))', query)
  }
  problems.type('name', options.name, 'string')
  problems.wholeNumber('busyTimeoutMs', busyTimeoutMs, 0)
  checkSqlOptions(problems, options)
  problems.throwIfAny()
}
