/** How keys are compared with a key column. */
export interface PostgresKeyType {
  /** The type that keys are cast to; `undefined`: the column is cast to text. */
  readonly cast: string | undefined
  /** Whether a key is spelt as the column would spell it; others cannot be there. */
  readonly accepts: (key: string) => boolean
  /** Whether what is put under a key is read under that same key. */
  readonly isWritable: boolean
}

/** A key type by the name of the column's type in `pg_type`. */
export function postgresKeyType(typeName: string): PostgresKeyType {
  return keyTypes.get(typeName) ?? { cast: undefined, accepts: isText, isWritable: false }
}

/** Whether a string can be sent as text: PostgreSQL takes neither the character U+0000 nor half of a surrogate pair. */
export function isText(key: string): boolean {
  return !key.includes('\0') && key.isWellFormed()
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

const keyTypes: ReadonlyMap<string, PostgresKeyType> = new Map([
  ['int2', integer('smallint', 15n)],
  ['int4', integer('integer', 31n)],
  ['int8', integer('bigint', 63n)],
  ['text', { cast: 'text', accepts: isText, isWritable: true }],
  ['varchar', { cast: 'text', accepts: isText, isWritable: true }],
  ['bpchar', { cast: 'bpchar', accepts: (key) => isText(key) && !key.endsWith(' '), isWritable: true }],
  ['uuid', { cast: 'uuid', accepts: (key) => uuidPattern.test(key), isWritable: true }],
  // One row stands for all spellings of its key, so a put under another spelling would not be found again.
  ['citext', { cast: 'citext', accepts: isText, isWritable: false }],
])

function integer(cast: string, bits: bigint): PostgresKeyType {
  const accepts = (key: string) => {
    if (!/^(?:0|-?[1-9]\d{0,18})$/.test(key)) return false
    const value = BigInt(key)
    return value >= -(2n ** bits) && value < 2n ** bits
  }
  return { cast, accepts, isWritable: true }
}
