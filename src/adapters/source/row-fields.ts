import { FedcacheError } from '../../errors.ts'

/** The error of a value that a source cannot hold. */
export function invalidValue(message: string, cause?: unknown): FedcacheError {
  return new FedcacheError('INVALID_VALUE', message, { outcome: 'NONE', cause })
}

/**
 * The error of a row that a database does not take. What the database says goes to the log alone: it may quote values.
 *
 * @param part what of the table the row offends, such as `column "name"`; empty where the database does not tell.
 */
export function refusedRow(part: string, cause: unknown): FedcacheError {
  const reason = part === '' ? '' : ` for the ${part}`
  return invalidValue(`The database refused the row${reason}; its error is in this peer's log.`, cause)
}

/** A value on its way into the columns of a row. */
export interface RowFields {
  readonly key: string
  readonly value: unknown
  readonly keyColumn: string
  /** Columns that may be written, without the key column. */
  readonly names: readonly string[]
  /** Columns that the database fills itself; the value may have them and they are left out. */
  readonly ignored: ReadonlySet<string>
}

/**
 * The fields of a value that is to become a row.
 *
 * @throws FedcacheError `INVALID_VALUE` when it is no object, has a field without a column, or names another key.
 */
export function fieldsOf({ key, value, keyColumn, names, ignored }: RowFields): Readonly<Record<string, unknown>> {
  const shownKey = JSON.stringify(key)
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) {
    throw invalidValue(`The value of ${shownKey} must be a JSON object with a field per column.`)
  }
  const fields = value as Readonly<Record<string, unknown>>
  for (const name of Object.keys(fields)) {
    if (names.includes(name) || ignored.has(name) || name === keyColumn) continue
    throw invalidValue(`The value of ${shownKey} has a field "${name}", for which there is no column.`)
  }
  const named = fields[keyColumn]
  if (named !== undefined && `${named as string | number}` !== key) {
    throw invalidValue(`The value of ${shownKey} has another key in its field "${keyColumn}".`)
  }
  return fields
}

/**
 * The bytes of a field for a binary column.
 *
 * @throws TypeError where it is no base64 text, which is how such a column is read.
 */
export function bytesOfBase64(value: unknown): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'base64') : undefined
  if (bytes?.toString('base64') === value) return bytes as Buffer
  throw new TypeError('is not base64, and its column holds bytes')
}
