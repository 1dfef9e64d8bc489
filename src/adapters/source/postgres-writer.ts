import { FedcacheError } from '../../errors.ts'
import type { StoreRequest, WriteResult } from '../../ports/index.ts'
import { harmless } from './answers.ts'
import { isStatementError, type StatementError, tookTooLong } from './postgres-connection.ts'
import type { PostgresColumn, PostgresTable } from './postgres-table.ts'
import { bytesOfBase64, fieldsOf, invalidValue, refusedRow } from './row-fields.ts'

/** Runs one statement with one parameter. */
export type RunStatement = (text: string, parameter: unknown) => Promise<unknown>

/** Inserts or replaces rows in one statement. A row that is refused fails alone: the others are then written singly. */
export async function storeRows(
  table: PostgresTable,
  requests: readonly StoreRequest[],
  run: RunStatement,
): Promise<readonly WriteResult[]> {
  const records = requests.map((request) => recordOrError(table, request))
  return eachOrAll(records, (fitting) => run(table.upsert, JSON.stringify(fitting)))
}

/** Deletes rows in one statement. A row that cannot go, because others refer to it, fails alone. */
export async function deleteRows(
  table: PostgresTable,
  keys: readonly string[],
  run: RunStatement,
): Promise<readonly WriteResult[]> {
  const askable = keys.map((key) => (table.keyType.accepts(key) ? key : undefined))
  return eachOrAll(askable, (accepted) => run(table.remove, accepted))
}

/** Writes what is neither an error nor `undefined`: at once, or one by one when the database refuses one of them. */
async function eachOrAll<Write>(
  writes: readonly (Write | FedcacheError | undefined)[],
  run: (writes: readonly Write[]) => Promise<unknown>,
): Promise<readonly WriteResult[]> {
  const isWrite = (write: Write | FedcacheError | undefined): write is Write =>
    write !== undefined && !(write instanceof FedcacheError)
  const results: WriteResult[] = writes.map((write) => (write instanceof FedcacheError ? write : undefined))
  const all = writes.filter(isWrite)
  if (all.length === 0) return results
  const refusal = await refusalOf(() => run(all))
  if (refusal === undefined) return results
  for (const [index, write] of writes.entries()) {
    if (isWrite(write)) results[index] = all.length === 1 ? refusal : await refusalOf(() => run([write]))
  }
  return results
}

/**
 * What the database has against the data of a statement; `undefined` when it took it.
 *
 * @throws what went wrong otherwise, with `outcome` where the statement was rolled back.
 */
async function refusalOf(run: () => Promise<unknown>): Promise<FedcacheError | undefined> {
  try {
    await run()
    return undefined
  } catch (error) {
    if (!isStatementError(error)) throw error
    // Classes of SQLSTATE: wrong data, constraints, and what triggers raise.
    if (/^(?:22|23|P0)/.test(error.code)) return refusedRow(offended(error), error)
    throw tookTooLong(error, { outcome: 'NONE' }) ?? harmless('the statement was rolled back', error)
  }
}

function offended({ column, constraint }: StatementError): string {
  if (column !== undefined) return `column "${column}"`
  return constraint === undefined ? '' : `constraint "${constraint}"`
}

type FieldsByColumn = Readonly<Record<string, unknown>>

function recordOrError(table: PostgresTable, { key, value }: StoreRequest): FieldsByColumn | FedcacheError {
  const shownKey = JSON.stringify(key)
  if (!table.keyType.accepts(key)) {
    const message = `The key ${shownKey} is not spelt as the key column would spell it.`
    return new FedcacheError('BAD_USER_INPUT', message, { outcome: 'NONE' })
  }
  try {
    return { ...recordOf(table, key, value), [table.keyColumn]: key }
  } catch (error) {
    return error instanceof FedcacheError
      ? error
      : invalidValue(`The value of ${shownKey} ${(error as Error).message}.`)
  }
}

function recordOf(table: PostgresTable, key: string, value: unknown): FieldsByColumn {
  const { valueColumn, valueFormat = 'json', written, generated: ignored, keyColumn } = table
  if (valueColumn === undefined) {
    const fields = fieldsOf({ key, value, keyColumn, names: written.map(({ name }) => name), ignored })
    return Object.fromEntries(written.map((column) => [column.name, storedField(fields[column.name], column)]))
  }
  const [column] = written
  const isJsonColumn = column?.held === 'json' || column?.held === 'jsonb'
  if (valueFormat === 'json' && isJsonColumn) return { [valueColumn]: value }
  const encoded = valueFormat === 'json' ? JSON.stringify(value) : (value as string | Uint8Array)
  return { [valueColumn]: column?.held === 'bytea' ? bytea(Buffer.from(encoded as string)) : encoded }
}

function storedField(value: unknown, { held, category, name }: PostgresColumn): unknown {
  if (value === null || value === undefined) return null
  if (held === 'bytea') return bytea(bytesOfBase64(value))
  if (held === '_bytea') return byteaArray(value)
  if (category === 'S' && typeof value === 'object')
    throw new TypeError(`has an object or list for the text column "${name}"`)
  return value
}

function byteaArray(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(byteaArray)
  return value === null ? null : bytea(bytesOfBase64(value))
}

function bytea(bytes: Buffer): string {
  return `\\x${bytes.toString('hex')}`
}
