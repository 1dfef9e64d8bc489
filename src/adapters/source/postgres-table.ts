import { type PostgresKeyType, postgresKeyType } from './postgres-keys.ts'
import { keyName, quotedIdentifier, shownTable, type SqlTableOptions } from './sql-options.ts'

/** Reads the columns of the table named in `$1`. */
export const columnsQuery = `
  select a.attname as name, t.typname as type, coalesce(b.typname, t.typname) as held, t.typcategory as category,
    a.attgenerated <> '' or a.attidentity = 'a' as is_generated
  from pg_attribute a join pg_type t on t.oid = a.atttypid left join pg_type b on b.oid = t.typbasetype
  where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped
  order by a.attnum`

/** A column as {@link columnsQuery} describes it. */
export interface PostgresColumn {
  readonly name: string
  /** Name of its type in `pg_type`. */
  readonly type: string
  /** Name of the type of its values: of a domain, that which it is made of. */
  readonly held: string
  /** `S` for text types. */
  readonly category: string
  /** Whether the database fills it itself. */
  readonly is_generated: boolean
}

/** A table as a source uses it, with the statements for it. Keys are `$1`, a list of texts. */
export interface PostgresTable extends SqlTableOptions {
  readonly keyType: PostgresKeyType
  /** Columns that a put writes, without the key column. */
  readonly written: readonly PostgresColumn[]
  /** Names of columns that the database fills. */
  readonly generated: ReadonlySet<string>
  readonly select: string
  /** Inserts or replaces rows: `$1` is a JSON list of objects with a field per column. */
  readonly upsert: string
  readonly remove: string
}

/** A table or column that is not as the options say. Trying again does not help. */
export class PostgresTableError extends Error {
  override readonly name: string = 'PostgresTableError'
}

/** The table's name as SQL takes it. */
export function tableName({ schema, table }: SqlTableOptions): string {
  return quotedIdentifier(schema, table)
}

/**
 * Makes the statements for a table.
 *
 * @param known the table's columns; none when there is no such table.
 * @throws PostgresTableError when the table, or a column that the options name, is not there or cannot be used.
 */
export function postgresTable(options: SqlTableOptions, known: readonly PostgresColumn[]): PostgresTable {
  const { keyColumn, valueColumn, columns, writable } = options
  const requested = valueColumn === undefined ? columns : [valueColumn]
  const selected = requested ?? known.map(({ name }) => name)
  requireColumns(options, known, [keyColumn, ...selected])
  const type = known.find(({ name }) => name === keyColumn)?.type ?? ''
  const keyType = postgresKeyType(type)
  if (writable === true && !keyType.isWritable) {
    const message = `the key column ${keyColumn} is of type ${type}; a table is writable by integer, text and uuid keys`
    throw new PostgresTableError(message)
  }
  const written = known.filter(
    ({ name, is_generated }) => selected.includes(name) && name !== keyColumn && !is_generated,
  )
  const [target, key] = [tableName(options), quotedIdentifier(keyColumn)]
  const isOneOfKeys =
    keyType.cast === undefined ? `${key}::text = any($1::text[])` : `${key} = any($1::text[]::${keyType.cast}[])`
  return {
    ...options,
    keyType,
    written,
    generated: new Set(known.filter((column) => column.is_generated).map(({ name }) => name)),
    select: `
      select ${key}::text as ${keyName}, ${selected.map((name) => quotedIdentifier(name)).join(', ')}
      from ${target} where ${isOneOfKeys}`,
    upsert: upsertOf(target, key, written),
    remove: `delete from ${target} where ${isOneOfKeys}`,
  }
}

function requireColumns(options: SqlTableOptions, known: readonly PostgresColumn[], names: readonly string[]): void {
  const table = shownTable(options)
  if (known.length === 0) throw new PostgresTableError(`the database has no table ${table}`)
  const missing = names.find((name) => !known.some((column) => column.name === name))
  if (missing === undefined) return
  const there = known.map(({ name }) => name).join(', ')
  throw new PostgresTableError(`the table ${table} has no column ${missing}; it has ${there}`)
}

function upsertOf(target: string, key: string, written: readonly PostgresColumn[]): string {
  const names = written.map(({ name }) => quotedIdentifier(name))
  const list = [key, ...names].join(', ')
  const assignments =
    names.length === 0 ? [`${key} = excluded.${key}`] : names.map((name) => `${name} = excluded.${name}`)
  return `
    insert into ${target} (${list}) overriding system value
    select ${list} from json_populate_recordset(null::${target}, $1::json)
    on conflict (${key}) do update set ${assignments.join(', ')}`
}
