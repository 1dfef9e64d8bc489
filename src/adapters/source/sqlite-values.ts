import type { SQLInputValue } from 'node:sqlite'
import { numberOrText } from './number-or-text.ts'
import { parsedJson } from './row-answers.ts'
import { bytesOfBase64 } from './row-fields.ts'
import type { SqlRow } from './sql-options.ts'

/**
 * A row with its values as JavaScript has them.
 *
 * @param types declared types of the columns in capitals; empty for an expression.
 * @param rawColumn a column whose text is not looked into, whatever its declared type.
 * @throws SyntaxError where a column declared JSON holds something else.
 */
export function readRow(row: SqlRow, types: ReadonlyMap<string, string>, rawColumn: string | undefined): SqlRow {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      readValue(value, name === rawColumn ? '' : (types.get(name) ?? '')),
    ]),
  )
}

function readValue(stored: unknown, type: string): unknown {
  const value = typeof stored === 'bigint' ? numberOrText(stored) : stored
  if (isBoolean(type) && (value === 0 || value === 1)) return value === 1
  if (isJson(type) && typeof value === 'string') return parsedJson(value)
  return value
}

/**
 * One field of a value as SQLite takes it.
 *
 * @param type declared type of the column in capitals.
 * @throws TypeError where the column could not give the value back.
 */
export function storedValue(value: unknown, type: string): SQLInputValue {
  if (value === null || value === undefined) return null
  if (isJson(type)) return JSON.stringify(value)
  if (type === 'BLOB') return bytesOfBase64(value)
  // A JavaScript number is bound as a REAL, of which a text column makes "5.0".
  if (Number.isSafeInteger(value)) return BigInt(value as number)
  if (typeof value === 'string' || typeof value === 'number') return value
  if (typeof value === 'boolean') {
    if (isBoolean(type)) return value ? 1 : 0
    throw new TypeError('is true or false, and its column is not declared BOOLEAN')
  }
  throw new TypeError('is an object or list, and its column is not declared JSON')
}

function isBoolean(type: string): boolean {
  return type === 'BOOLEAN' || type === 'BOOL'
}

function isJson(type: string): boolean {
  return type === 'JSON'
}
