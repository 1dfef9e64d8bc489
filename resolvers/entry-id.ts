import { FedcacheError } from '../src/errors.ts'

/** The id that names an entry across keyspaces: base64url of the JSON list of its keyspace and key. */
export function entryId(keyspace: string, key: string): string {
  return Buffer.from(JSON.stringify([keyspace, key])).toString('base64url')
}

/**
 * Reads an id made by {@link entryId}.
 *
 * @throws FedcacheError `BAD_USER_INPUT` for anything else.
 */
export function parseEntryId(id: unknown): readonly [keyspace: string, key: string] {
  const parts = typeof id === 'string' ? parseJson(Buffer.from(id, 'base64url').toString()) : undefined
  if (Array.isArray(parts) && parts.length === 2) {
    const [keyspace, key]: readonly unknown[] = parts
    if (typeof keyspace === 'string' && typeof key === 'string') return [keyspace, key]
  }
  throw new FedcacheError(
    'BAD_USER_INPUT',
    `An entry's id is base64url of the JSON list [keyspace, key]; received ${received(id)}.`,
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function received(id: unknown): string {
  return (JSON.stringify(id) ?? 'nothing').slice(0, 100)
}
