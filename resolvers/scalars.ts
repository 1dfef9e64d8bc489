import { GraphQLScalarType, valueFromASTUntyped, visit } from 'graphql'
import { EncodedJson } from '../src/engine/encoded-json.ts'
import { FedcacheError } from '../src/errors.ts'
import { graphqlError } from './errors.ts'

function refusal(expected: string, received: unknown): Error {
  const shown = String(JSON.stringify(received))
  const quoted = shown.length > 100 ? `${shown.slice(0, 100)}…` : shown
  return graphqlError(new FedcacheError('BAD_USER_INPUT', `${expected}; received ${quoted}.`))
}

/** Any JSON value, as it is; an EncodedJson stands for the value it holds. */
export const jsonScalar: GraphQLScalarType<unknown, unknown> = new GraphQLScalarType<unknown, unknown>({
  name: 'JSON',
  serialize: (output) => (output instanceof EncodedJson ? output.value : output),
  parseValue: (input) => input,
  parseLiteral: (node, variables) => {
    // graphql-js would read an unquoted word as a string.
    visit(node, {
      EnumValue: ({ value }) => {
        throw refusal('A JSON value is written with strings in quotes', value)
      },
    })
    return valueFromASTUntyped(node, variables)
  },
})

// Largest first: the first unit that divides a duration is the one it is printed in. Days are read only: clients rely
// on no more units than these.
const units = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const
const unitMs: ReadonlyMap<string, number> = new Map([['d', 86_400_000], ...units, ['ms', 1]])
const maxDurationMs = 3650 * 86_400_000

function parseDuration(input: unknown): number {
  const expected = 'A Duration is a whole number and a unit, such as "250ms", "30s", "5m", "1h" or "7d"'
  const match = typeof input === 'string' ? /^(\d+)(ms|s|m|h|d)$/.exec(input) : null
  if (match === null) throw refusal(expected, input)
  const durationMs = Number(match[1]) * Number(unitMs.get(String(match[2])))
  if (durationMs > maxDurationMs) throw refusal('A Duration is at most "3650d"', input)
  return durationMs
}

function printDuration(output: unknown): string {
  if (typeof output !== 'number' || !Number.isFinite(output)) throw new TypeError(`Not a duration: ${String(output)}`)
  const durationMs = Math.max(0, Math.round(output))
  if (durationMs === 0) return '0s'
  const unit = units.find(([, ms]) => durationMs % ms === 0)
  return unit === undefined ? `${durationMs}ms` : `${durationMs / unit[1]}${unit[0]}`
}

/** A length of time: milliseconds here, `5m` outside. */
export const durationScalar: GraphQLScalarType<number, string> = new GraphQLScalarType<number, string>({
  name: 'Duration',
  parseValue: parseDuration,
  parseLiteral: (node) => parseDuration(valueFromASTUntyped(node)),
  serialize: printDuration,
})

const dateTime = /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/

function parseDateTime(input: unknown): Date {
  const match = typeof input === 'string' ? dateTime.exec(input) : null
  if (match !== null) {
    const date = new Date(match[0])
    // Date takes the 31st of April for the 1st of May.
    const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
    const lastDay = new Date(Date.UTC(year, month, 0)).getUTCDate()
    if (!Number.isNaN(date.getTime()) && day <= lastDay) return date
  }
  throw refusal('A DateTime is written with its offset, such as "2030-01-31T12:00:00Z"', input)
}

/** A moment in time: a Date here, RFC 3339 outside. */
export const dateTimeScalar: GraphQLScalarType<Date, string> = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  parseValue: parseDateTime,
  parseLiteral: (node) => parseDateTime(valueFromASTUntyped(node)),
  serialize: (output) => {
    if (!(output instanceof Date)) throw new TypeError(`Not a date: ${String(output)}`)
    return output.toISOString()
  },
})

function parseBase64(input: unknown): Uint8Array {
  if (typeof input === 'string') {
    const bytes = Buffer.from(input, 'base64')
    // Buffer skips what is not base64; only what comes out again as it went in was base64.
    if (bytes.toString('base64') === input) return bytes
  }
  throw refusal('Base64Bytes are standard base64 with padding, such as "aGVsbG8="', input)
}

/** Bytes: a Uint8Array here, base64 outside. */
export const base64BytesScalar: GraphQLScalarType<Uint8Array, string> = new GraphQLScalarType<Uint8Array, string>({
  name: 'Base64Bytes',
  parseValue: parseBase64,
  parseLiteral: (node) => parseBase64(valueFromASTUntyped(node)),
  serialize: (output) => {
    if (!(output instanceof Uint8Array)) throw new TypeError('Not bytes')
    return Buffer.from(output.buffer, output.byteOffset, output.byteLength).toString('base64')
  },
})
