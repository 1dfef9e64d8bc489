import { isAnyArrayBuffer } from 'node:util/types'
import { FedcacheError } from '../errors.ts'
import type { ValueFormat } from './policy.ts'

/**
 * The value as it is kept and sent: a flat string with one character (U+0000 to U+00FF) per byte of UTF-8. V8 keeps
 * such strings in one byte per character, joins them without copying and writes them to a socket as `latin1`.
 */
export type Encoded = string

/** Turns any text into {@link Encoded}. All text that shares a response with encoded values must pass here. */
export function encodeText(text: string): Encoded {
  // Always through a buffer: the copy lets go of a larger string that `text` may be a slice of, and is one-byte even
  // where V8 built `text` with two bytes per character. Through the same one where it is large enough, because what is
  // allocated beside the heap for every value leaves it in pieces: a tenth of the process for values of 1 KiB.
  if (text.length * maxBytesPerUnit > scratch.length) return Buffer.from(text, 'utf8').toString('latin1')
  return scratch.toString('latin1', 0, scratch.write(text, 'utf8'))
}

/** Bytes of UTF-8 that one UTF-16 unit takes at most. */
const maxBytesPerUnit = 3
const scratch = Buffer.allocUnsafeSlow(64 * 1024)

/** The text of an encoded value. */
export function decodeText(encoded: Encoded): string {
  return Buffer.from(encoded, 'latin1').toString('utf8')
}

/** The value that was encoded: parsed JSON, text, or a copy of the bytes. */
export function decodeValue(format: ValueFormat, encoded: Encoded): unknown {
  if (format === 'bytes') return decodeBytes(encoded)
  const text = decodeText(encoded)
  return format === 'json' ? JSON.parse(text) : text
}

/** A copy of the bytes of an encoded value. */
export function decodeBytes(encoded: Encoded): Uint8Array {
  return new Uint8Array(Buffer.from(encoded, 'latin1'))
}

/**
 * Encodes a value by the format of its keyspace.
 *
 * @param where names the value in messages, such as `entries[3]`.
 * @throws FedcacheError `INVALID_VALUE`
 */
export function encodeValue(format: ValueFormat, value: unknown, where: string): Encoded {
  switch (format) {
    case 'json':
      return encodeText(jsonText(value, where))
    case 'text':
      if (typeof value !== 'string') throw invalid(where, `text expected, received ${describe(value)}`)
      if (!value.isWellFormed())
        throw invalid(where, 'the text holds half of a surrogate pair, which UTF-8 cannot carry')
      return encodeText(value)
    case 'bytes':
      if (!(value instanceof Uint8Array))
        throw invalid(where, `bytes (a Uint8Array) expected, received ${describe(value)}`)
      return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1')
  }
}

function jsonText(value: unknown, where: string): string {
  let loss: Loss | undefined
  let text: string | undefined
  try {
    loss = lossIn(value)
    if (loss === undefined) text = JSON.stringify(value)
  } catch (error) {
    // A TypeError is a BigInt or a cycle met by JSON.stringify, a RangeError a value nested too deep for the stack.
    throw invalid(
      where,
      error instanceof RangeError ? 'it refers to itself or is nested too deep' : 'it is not a JSON value',
    )
  }
  if (loss !== undefined) throw invalid(where, `${loss.problem} (at ${shortened(`$${loss.path}`)})`)
  if (text === undefined || text === 'null') {
    throw invalid(where, `a JSON value other than null expected, received ${describe(value)}`)
  }
  return text
}

/** What JSON would lose, and where in the value it is: `.list[3].price`. */
interface Loss {
  readonly problem: string
  readonly path: string
}

/** JSON.stringify writes NaN as null and leaves functions out; a cache must not change what it was given. */
function lossIn(value: unknown): Loss | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return undefined
    case 'number':
      return Number.isFinite(value) ? undefined : lossHere(`JSON has no ${value}`)
    case 'object':
      return value === null ? undefined : lossInObject(value)
    case 'bigint':
    case 'function':
    case 'symbol':
      return lossHere(`a ${typeof value} has no JSON form`)
  }
}

function lossInObject(value: object): Loss | undefined {
  // Before toJSON, which a Buffer has: what it gives is read back as an object.
  if (ArrayBuffer.isView(value) || isAnyArrayBuffer(value)) {
    return lossHere('bytes have no JSON form; give base64 text')
  }
  if ('toJSON' in value && typeof value.toJSON === 'function') return undefined
  if (value instanceof Map || value instanceof Set || value instanceof Promise) {
    return lossHere(`a ${value.constructor.name} has no JSON form`)
  }
  return Array.isArray(value) ? lossInList(value) : lossInMembers(value as Readonly<Record<string, unknown>>)
}

function lossInList(list: readonly unknown[]): Loss | undefined {
  for (let index = 0; index < list.length; index++) {
    const item = list[index]
    const loss = item === undefined ? lossHere('JSON has no undefined in a list') : lossIn(item)
    if (loss !== undefined) return within(`[${index}]`, loss)
  }
  return undefined
}

function lossInMembers(members: Readonly<Record<string, unknown>>): Loss | undefined {
  for (const name in members) {
    const loss = Object.hasOwn(members, name) ? lossIn(members[name]) : undefined
    if (loss !== undefined) return within(`.${name}`, loss)
  }
  return undefined
}

function lossHere(problem: string): Loss {
  return { problem, path: '' }
}

/** The place is put together on the way out, so that values without loss, which is nearly all, make no text for it. */
function within(place: string, { problem, path }: Loss): Loss {
  return { problem, path: `${place}${path}` }
}

function shortened(path: string): string {
  return path.length > 80 ? `${path.slice(0, 79)}…` : path
}

/** Says what a value is, without showing it: it may be secret, or large. */
export function describe(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (value instanceof Uint8Array) return 'bytes'
  if (typeof value === 'object') return 'an object'
  return value === undefined ? 'nothing' : `a ${typeof value}`
}

function invalid(where: string, problem: string): FedcacheError {
  return new FedcacheError('INVALID_VALUE', `The value of ${where} cannot be stored: ${problem}.`)
}
