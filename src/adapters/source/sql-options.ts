import type { LoadResult } from '../../ports/index.ts'
import { isListOfTexts, type OptionProblems } from './option-problems.ts'

/** One row by column name. */
export type SqlRow = Readonly<Record<string, unknown>>

/** Which of a database's columns hold what, when a source reads one table. */
export interface SqlTableOptions {
  /** Name of the table or view, without its schema. */
  readonly table: string
  /**
   * Name of the schema that the table is in.
   *
   * @default the one in which the database finds the table
   */
  readonly schema?: string
  /**
   * The column that is compared with keys; it should have a unique index. A key matches the text that the database
   * itself gives for the column: `42` is a key of an integer column, and `042` is not found. Two rows for one key are
   * an error for that key.
   */
  readonly keyColumn: string
  /**
   * The columns that make up the value: an object with a field per column. Not together with `valueColumn`.
   *
   * @default every column
   */
  readonly columns?: readonly string[]
  /** The one column that is the value. SQL `NULL` in it counts as not found. Not together with `columns`. */
  readonly valueColumn?: string
  /**
   * What `valueColumn` holds: JSON, text, or bytes.
   *
   * @default 'json'
   */
  readonly valueFormat?: 'json' | 'text' | 'bytes'
  /**
   * Whether fedcache may write to the table. A put inserts the row of its key or replaces it; columns that the value
   * has no field for become `NULL`. Needs a unique index on `keyColumn`. Not together with `map`.
   *
   * @default false
   */
  readonly writable?: boolean
  readonly query?: never
  readonly keyPattern?: never
}

/** A query of your own. */
export interface SqlQueryOptions {
  readonly query: string
  /**
   * The column of the result that holds a row's key. Integers count as their decimal text. Rows for keys that were not
   * asked for are ignored; two rows for one key are an error for that key.
   */
  readonly keyColumn: string
  /**
   * What keys look like. Others are not found without a question to the database, which keeps a malformed key from
   * failing a whole query, as `abc` does where the query casts keys to numbers.
   *
   * @default every key is asked for
   */
  readonly keyPattern?: RegExp
  readonly table?: never
  readonly schema?: never
  readonly columns?: never
  readonly valueColumn?: never
  readonly valueFormat?: never
  readonly writable?: never
}

/** What may be done with every row. */
export interface SqlRowOptions {
  /**
   * Makes the value from a row; `null` means not found. What it throws fails that key only.
   *
   * @default the row as an object
   */
  readonly map?: (row: SqlRow) => LoadResult
  /**
   * Gives the tags of a row's value. With `valueColumn` the row has that column alone, decoded. What it throws fails
   * that key only.
   */
  readonly tags?: (row: SqlRow) => readonly string[]
}

type AnySqlOptions = Partial<Omit<SqlTableOptions, 'query' | 'keyPattern'>> &
  Partial<Pick<SqlQueryOptions, 'query' | 'keyPattern'>> &
  SqlRowOptions

const tableOnly = ['schema', 'columns', 'valueColumn', 'valueFormat', 'writable'] as const

/** Notes what is wrong with the options that SQL sources share. */
export function checkSqlOptions(problems: OptionProblems, given: SqlRowOptions): void {
  const options = given as AnySqlOptions
  if ((options.table === undefined) === (options.query === undefined)) {
    problems.add('table', 'give exactly one of table and query', options.table)
  }
  for (const option of ['table', 'schema', 'keyColumn', 'valueColumn', 'query'] as const) {
    problems.type(option, options[option], 'string')
  }
  if (options.keyColumn === undefined) problems.add('keyColumn', 'name the column that holds the key', undefined)
  for (const option of ['map', 'tags'] as const) problems.type(option, options[option], 'function')
  problems.type('writable', options.writable, 'boolean')
  if (options.query !== undefined) {
    for (const option of tableOnly)
      if (options[option] !== undefined) problems.add(option, 'goes with table, not with query', options[option])
  } else if (options.keyPattern !== undefined)
    problems.add('keyPattern', 'goes with query, not with table', options.keyPattern)
  checkColumns(problems, options)
}

function checkColumns(problems: OptionProblems, options: AnySqlOptions): void {
  const { columns, valueColumn, valueFormat, keyPattern } = options
  if (columns !== undefined && !isListOfTexts(columns)) {
    problems.add('columns', 'must be a list of column names that is not empty', columns)
  }
  if (columns !== undefined && valueColumn !== undefined)
    problems.add('columns', 'give columns or valueColumn, not both', columns)
  if (valueFormat !== undefined && !['json', 'text', 'bytes'].includes(valueFormat)) {
    problems.add('valueFormat', "must be 'json', 'text' or 'bytes'", valueFormat)
  }
  if (valueFormat !== undefined && valueColumn === undefined)
    problems.add('valueFormat', 'goes with valueColumn', valueFormat)
  if (options.map !== undefined && valueColumn !== undefined)
    problems.add('map', 'give map or valueColumn, not both', options.map)
  if (options.map !== undefined && options.writable === true) {
    problems.add('map', 'cannot be turned around, so a source with map cannot be writable', options.map)
  }
  if (keyPattern !== undefined && !(keyPattern instanceof RegExp)) {
    problems.add('keyPattern', 'must be a regular expression', keyPattern)
  }
}

/** The table as messages call it. */
export function shownTable({ schema, table }: SqlTableOptions): string {
  return schema === undefined ? table : `${schema}.${table}`
}

/** An identifier as SQL takes it, whatever characters it has. */
export function quotedIdentifier(...names: readonly (string | undefined)[]): string {
  return names
    .filter((name) => name !== undefined)
    .map((name) => `"${name.replaceAll('"', '""')}"`)
    .join('.')
}

/** Whether a key may be asked for. A pattern with the flags `g` or `y` is used from its start each time. */
export function mayAsk(keyPattern: RegExp | undefined, key: string): boolean {
  if (keyPattern === undefined) return true
  keyPattern.lastIndex = 0
  return keyPattern.test(key)
}

/** The error of a query whose result does not hold keys. */
export function missingKeyColumn(keyColumn: string, names: readonly string[]): Error {
  return new Error(`the query gives no column ${JSON.stringify(keyColumn)}; it gives ${names.join(', ')}`)
}

/** The column of a table's load that holds the key as text. */
export const keyName = 'fedcache_key'
