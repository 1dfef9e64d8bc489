import type { CatalogueRecord, Invalidation, KeyChange } from '../../ports/index.ts'
import { decodeFrame, encodeFrame } from './frame.ts'
import { ProtocolError } from './protocol-error.ts'
import { type Fields, fields, list, number, text, texts, word } from './shape.ts'

/** A numbered message to everybody: a change of entries, or of the catalogue. */
export type NumberedChange =
  | {
      readonly process: string
      readonly number: number
      /** Number of the sender's last invalidation of tags before this one; 0 where there was none. */
      readonly tagInvalidation: number
      readonly invalidation: Invalidation
    }
  | { readonly process: string; readonly number: number; readonly records: readonly CatalogueRecord[] }

/** Packs a numbered change. */
export function encodeChange(change: NumberedChange): Uint8Array {
  if ('records' in change) return encodeFrame({ ...change, kind: 'CATALOGUE' })
  const { process, number: sequence, tagInvalidation, invalidation } = change
  const head = { process, number: sequence, tagInvalidation }
  if (invalidation.kind !== 'KEYS') return encodeFrame({ ...head, ...invalidation })
  // Key, version and one bit: many changes travel in one message.
  const { kind, keyspace, changes } = invalidation
  const rows = changes.map((each) => [each.key, each.version, each.kind === 'PUT' ? 1 : 0])
  return encodeFrame({ ...head, kind, keyspace, changes: rows })
}

/** @throws ProtocolError for what is no numbered change. */
export function decodeChange(data: Uint8Array): NumberedChange {
  const head = fields(decodeFrame(data).head)
  const process = text(head, 'process')
  const sequence = number(head, 'number')
  const kind = word(head, 'kind', ['CATALOGUE', 'KEYS', 'TAGS', 'CLEAR'])
  if (kind === 'CATALOGUE') return { process, number: sequence, records: catalogueRecords(list(head, 'records')) }
  return {
    process,
    number: sequence,
    tagInvalidation: number(head, 'tagInvalidation'),
    invalidation: invalidationOf(kind, text(head, 'keyspace'), head),
  }
}

/** @throws ProtocolError for what is no list of catalogue records. */
export function catalogueRecords(records: readonly unknown[]): readonly CatalogueRecord[] {
  return records.map((record) => {
    const head = fields(record)
    const settings = head['settings']
    return {
      name: text(head, 'name'),
      version: number(head, 'version'),
      clearedAt: number(head, 'clearedAt'),
      settings: settings === null ? null : fields(settings),
    }
  })
}

function invalidationOf(kind: 'KEYS' | 'TAGS' | 'CLEAR', keyspace: string, head: Fields): Invalidation {
  switch (kind) {
    case 'KEYS':
      return { kind, keyspace, changes: list(head, 'changes').map(keyChange) }
    case 'TAGS':
      return { kind, keyspace, tags: texts(head, 'tags'), version: number(head, 'version') }
    case 'CLEAR':
      return { kind, keyspace, version: number(head, 'version') }
  }
}

function keyChange(row: unknown): KeyChange {
  const [key, version, put] = Array.isArray(row) ? (row as readonly unknown[]) : []
  if (typeof key !== 'string' || typeof version !== 'number') {
    throw new ProtocolError('MALFORMED', 'A change of a key has no key or no version.')
  }
  return { key, version, kind: put === 1 ? 'PUT' : 'DELETED' }
}
