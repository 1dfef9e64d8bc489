import type { EntryTransfer, WriteAnswer, WriteTransfer } from '../../ports/index.ts'
import { errorOf, errorRow } from './error-row.ts'
import { ProtocolError } from './protocol-error.ts'

/** A part of a message that carries values: rows of plain data, and beside them the values. */
export interface Rows {
  readonly rows: readonly unknown[]
  readonly values: readonly (string | null)[]
}

type Row = readonly unknown[]

const noTags: readonly string[] = []

/** Bytes that a row takes at most, beside the strings in it. */
export const rowOverheadBytes = 64

/** Packs entries, as they are handed over. */
export function packEntries(entries: readonly EntryTransfer[]): Rows {
  return { rows: entries.map(entryRow), values: entries.map((entry) => entry.encoded) }
}

/** @throws ProtocolError for rows that are none of `packEntries`. */
export function unpackEntries({ rows, values }: Rows): readonly EntryTransfer[] {
  requireSameLength(rows, values)
  return rows.map((row, index) => entryOf(requireRow(row), values[index]!))
}

/** Packs writes on their way to their owner. */
export function packWrites(writes: readonly WriteTransfer[]): Rows {
  return {
    rows: writes.map((write) =>
      write.kind === 'PUT'
        ? [write.key, finite(write.ttlMs), tagsOrNothing(write.tags), write.isTtlGiven]
        : [write.key],
    ),
    values: writes.map((write) => (write.kind === 'PUT' ? write.encoded : null)),
  }
}

/** @throws ProtocolError for rows that are none of `packWrites`. */
export function unpackWrites({ rows, values }: Rows): readonly WriteTransfer[] {
  requireSameLength(rows, values)
  return rows.map((each, index): WriteTransfer => {
    const row = requireRow(each)
    const encoded = values[index]
    const key = requireString(row[0])
    if (encoded === null || encoded === undefined) return { kind: 'DELETE', key }
    const isTtlGiven = row[3] === true
    return { kind: 'PUT', key, encoded, ttlMs: infinite(row[1]), isTtlGiven, tags: requireTags(row[2]) }
  })
}

/** Packs what became of writes. */
export function packWriteAnswers(answers: readonly WriteAnswer[]): Rows {
  const values: (string | null)[] = []
  const rows = answers.map((answer) => {
    switch (answer.kind) {
      case 'WRITTEN':
        if (answer.entry === undefined) return ['D']
        return ['W', ...entryRow(answer.entry)]
      case 'ERROR':
        return ['F', ...errorRow(answer.error)]
      case 'ELSEWHERE':
        return ['X']
    }
  })
  return { rows, values }
}

/**
 * @param writes what was asked; a put's value is not sent back.
 * @throws ProtocolError for rows that are none of `packWriteAnswers`.
 */
export function unpackWriteAnswers({ rows }: Rows, writes: readonly WriteTransfer[]): readonly WriteAnswer[] {
  if (rows.length !== writes.length) throw malformed(`${rows.length} answers for ${writes.length} writes`)
  return rows.map((each, index): WriteAnswer => {
    const row = requireRow(each)
    const write = writes[index]!
    switch (row[0]) {
      case 'D':
        return { kind: 'WRITTEN', entry: undefined }
      case 'W':
        return { kind: 'WRITTEN', entry: entryOf(row.slice(1), write.kind === 'PUT' ? write.encoded : null) }
      case 'F':
        return { kind: 'ERROR', error: errorOf(row.slice(1)) }
      case 'X':
        return { kind: 'ELSEWHERE' }
      default:
        throw malformed('a write answer of unknown kind')
    }
  })
}

function entryRow({ key, version, ageMs, ttlMs, tags }: EntryTransfer): Row {
  return [key, version, ageMs, finite(ttlMs), tagsOrNothing(tags)]
}

function entryOf(row: Row, encoded: string | null): EntryTransfer {
  const [key, version, ageMs, ttlMs, tags] = row
  if (typeof version !== 'number' || typeof ageMs !== 'number') throw malformed('an entry without version or age')
  return { key: requireString(key), encoded, version, ageMs, ttlMs: infinite(ttlMs), tags: requireTags(tags) }
}

/** MessagePack has infinity, but a plain -1 is shorter. */
function finite(ttlMs: number): number {
  return ttlMs === Infinity ? -1 : ttlMs
}

function infinite(ttlMs: unknown): number {
  if (typeof ttlMs !== 'number' || Number.isNaN(ttlMs)) throw malformed('an entry without lifetime')
  return ttlMs < 0 ? Infinity : ttlMs
}

function tagsOrNothing(tags: readonly string[]): readonly string[] | 0 {
  return tags.length === 0 ? 0 : tags
}

function requireTags(tags: unknown): readonly string[] {
  if (tags === 0) return noTags
  if (Array.isArray(tags) && tags.every((tag) => typeof tag === 'string')) return tags
  throw malformed('tags that are no strings')
}

function requireRow(row: unknown): Row {
  if (Array.isArray(row)) return row
  throw malformed('a row that is no list')
}

function requireString(value: unknown): string {
  if (typeof value === 'string') return value
  throw malformed('a string is missing')
}

function requireSameLength(rows: readonly unknown[], values: readonly unknown[]): void {
  if (rows.length !== values.length) throw malformed(`${rows.length} rows with ${values.length} values`)
}

function malformed(what: string): ProtocolError {
  return new ProtocolError('MALFORMED', `The message has ${what}.`)
}
