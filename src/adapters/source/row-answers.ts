import { type LoadResult, sourceEntry } from '../../ports/index.ts'
import { answerOrError } from './answers.ts'
import type { SqlRow, SqlRowOptions } from './sql-options.ts'

/** How values are made from rows. */
export interface RowReading extends SqlRowOptions {
  readonly valueColumn?: string
  readonly valueFormat?: 'json' | 'text' | 'bytes'
}

/**
 * Makes the answer for one row: its `valueColumn` decoded, what `map` makes of it, or the row itself with binary
 * columns as base64. Whatever is thrown is the answer.
 */
export function answerOfRow(reading: RowReading, row: () => SqlRow): LoadResult {
  return answerOrError(() => {
    const columns = row()
    const value = valueOfRow(reading, columns)
    if (reading.tags === undefined || value === null || value === undefined) return value
    const { valueColumn } = reading
    return sourceEntry(value, { tags: reading.tags(valueColumn === undefined ? columns : { [valueColumn]: value }) })
  })
}

function valueOfRow({ map, valueColumn, valueFormat = 'json' }: RowReading, row: SqlRow): LoadResult {
  if (map !== undefined) return map(row)
  if (valueColumn !== undefined) return decoded(valueFormat, row[valueColumn])
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, withoutBytes(value)]))
}

function decoded(format: 'json' | 'text' | 'bytes', value: unknown): LoadResult {
  if (value === null || value === undefined) return null
  if (format === 'bytes') {
    if (value instanceof Uint8Array) return value
    throw new TypeError('the value column holds no bytes')
  }
  const text = value instanceof Uint8Array ? new TextDecoder('utf-8', { fatal: true }).decode(value) : value
  if (format === 'text') return `${text as string | number | boolean}`
  return typeof text === 'string' ? parsedJson(text) : text
}

/** @throws SyntaxError that does not quote the text. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new SyntaxError(`${text.length} characters are not JSON`)
  }
}

function withoutBytes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutBytes)
  return value instanceof Uint8Array
    ? Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64')
    : value
}
