import { numberOrText } from './number-or-text.ts'

/** How a value that PostgreSQL sent as text becomes a JavaScript value. */
export type PostgresParser = (text: string) => unknown

/** The parsers of `pg`, which are the default for every type not named here. */
export interface PostgresParsers {
  getTypeParser(oid: number, format: 'text'): PostgresParser
}

const textArray = 1009

/** Scalar types, and the types of arrays of them, that `pg` would turn into local dates, objects or inexact numbers. */
const scalars: readonly (readonly [oid: number, arrayOid: number, parse: PostgresParser])[] = [
  [20, 1016, (text) => numberOrText(BigInt(text))], // bigint
  [1700, 1231, (text) => text], // numeric
  [1082, 1182, (text) => text], // date
  [1114, 1115, (text) => text.replace(' ', 'T')], // timestamp
  [1184, 1185, isoTimestamp], // timestamp with time zone
  [1186, 1187, (text) => text], // interval
]

const jsonTypes: ReadonlySet<number> = new Set([114, 3802])

/**
 * Parsers whose values JSON can hold without loss.
 *
 * @param isRaw whether JSON columns are left as text.
 */
export function postgresTypes(defaults: PostgresParsers, isRaw: boolean): PostgresParsers {
  const parsers = new Map<number, PostgresParser>()
  const items = defaults.getTypeParser(textArray, 'text')
  for (const [oid, arrayOid, parse] of scalars) {
    parsers.set(oid, parse)
    parsers.set(arrayOid, (text) => mapped(items(text), parse))
  }
  if (isRaw) for (const oid of jsonTypes) parsers.set(oid, (text) => text)
  return { getTypeParser: (oid, format) => parsers.get(oid) ?? defaults.getTypeParser(oid, format) }
}

function mapped(value: unknown, parse: PostgresParser): unknown {
  if (Array.isArray(value)) return value.map((item) => mapped(item, parse))
  return typeof value === 'string' ? parse(value) : value
}

/** ISO 8601 in UTC with all digits of the fraction; other texts, such as `infinity`, as they are. */
function isoTimestamp(text: string): string {
  const parts = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d+)?([+-]\d\d)(:\d\d)?(?::\d\d)?$/.exec(text)
  if (parts === null) return text
  const [, date, time, fraction = '', hours, minutes = ':00'] = parts
  const utc = new Date(`${date}T${time}${hours}${minutes}`)
  return Number.isNaN(utc.getTime()) ? text : utc.toISOString().replace('.000Z', `${fraction}Z`)
}
