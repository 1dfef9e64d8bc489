import type { DatabaseSync } from 'node:sqlite'
import { keyName, quotedIdentifier, shownTable, type SqlTableOptions } from './sql-options.ts'

/** A column that can be written. */
export interface SqliteColumn {
  readonly name: string
  /** The declared type in capitals; empty where there is none. */
  readonly type: string
}

/** A table as a source uses it, with the statements for it. */
export interface SqliteTable extends SqlTableOptions {
  /** Columns that a put writes, without the key column. */
  readonly written: readonly SqliteColumn[]
  /** Names of generated columns: given by the table, never written. */
  readonly generated: ReadonlySet<string>
  /** Loads the rows of the keys in `:keys`, a JSON list. */
  readonly select: string
  /** Inserts or replaces one row: the key, then the values of `written`; gives the key as the table holds it. */
  readonly upsert: string
  /** Deletes the row of one key. */
  readonly remove: string
}

interface ColumnInformation {
  readonly name: string
  readonly type: string
  /** 0: ordinary, 1: of a virtual table and not in `*`, 2 and 3: generated. */
  readonly hidden: number
}

/**
 * Looks up a table and its columns.
 *
 * @throws Error when the table, or a column that the options name, is not there.
 */
export function sqliteTable(database: DatabaseSync, options: SqlTableOptions): SqliteTable {
  const { table, schema, keyColumn, valueColumn, columns } = options
  const known = columnsOf(database, options)
  const requested = valueColumn === undefined ? columns : [valueColumn]
  const selected = requested ?? known.filter(({ hidden }) => hidden !== 1).map(({ name }) => name)
  for (const name of [keyColumn, ...selected]) {
    if (known.some((column) => column.name === name)) continue
    const there = known.map((column) => column.name).join(', ')
    throw new Error(`the table ${shownTable(options)} has no column ${name}; it has ${there}`)
  }
  const written = known.filter(({ name, hidden }) => selected.includes(name) && name !== keyColumn && hidden === 0)
  const target = quotedIdentifier(schema, table)
  const key = quotedIdentifier(keyColumn)
  return {
    ...options,
    written: written.map(({ name, type }) => ({ name, type: type.toUpperCase() })),
    generated: new Set(known.filter(({ hidden }) => hidden > 1).map(({ name }) => name)),
    select: `
      select cast(${key} as text) as ${keyName}, ${selected.map((name) => quotedIdentifier(name)).join(', ')}
      from ${target} where ${key} in (select value from json_each(:keys))`,
    upsert: upsertOf(target, key, written),
    // The second condition keeps "042" from deleting what only "42" reads.
    remove: `delete from ${target} where ${key} = :key and cast(${key} as text) = :key`,
  }
}

function columnsOf(database: DatabaseSync, options: SqlTableOptions): readonly ColumnInformation[] {
  const { table, schema } = options
  const columns =
    schema === undefined
      ? database.prepare('select name, type, hidden from pragma_table_xinfo(?)').all(table)
      : database.prepare('select name, type, hidden from pragma_table_xinfo(?, ?)').all(table, schema)
  if (columns.length === 0) throw new Error(`the database has no table ${shownTable(options)}`)
  return columns as readonly unknown[] as readonly ColumnInformation[]
}

function upsertOf(target: string, key: string, written: readonly SqliteColumn[]): string {
  const names = written.map(({ name }) => quotedIdentifier(name))
  // The key itself is not assigned: where the column takes two spellings for one, the first to come keeps its row.
  const assignments = names.length === 0 ? [`${key} = ${key}`] : names.map((name) => `${name} = excluded.${name}`)
  return `
    insert into ${target} (${[key, ...names].join(', ')}) values (?${', ?'.repeat(names.length)})
    on conflict (${key}) do update set ${assignments.join(', ')}
    returning cast(${key} as text) as ${keyName}`
}
