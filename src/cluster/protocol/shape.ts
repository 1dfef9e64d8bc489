import { ProtocolError } from './protocol-error.ts'

/** A decoded head whose fields are checked as they are read. */
export type Fields = Readonly<Record<string, unknown>>

/** @throws ProtocolError unless `head` is an object. */
export function fields(head: unknown): Fields {
  if (typeof head === 'object' && head !== null && !Array.isArray(head)) return head as Fields
  throw wrong('a head', 'an object', head)
}

/** @throws ProtocolError unless the field is a string. */
export function text(from: Fields, name: string): string {
  const value = from[name]
  if (typeof value === 'string') return value
  throw wrong(name, 'a string', value)
}

/** @throws ProtocolError unless the field is a number that is not NaN. */
export function number(from: Fields, name: string): number {
  const value = from[name]
  if (typeof value === 'number' && !Number.isNaN(value)) return value
  throw wrong(name, 'a number', value)
}

/** @throws ProtocolError unless the field is a list. */
export function list(from: Fields, name: string): readonly unknown[] {
  const value = from[name]
  if (Array.isArray(value)) return value
  throw wrong(name, 'a list', value)
}

/** @throws ProtocolError unless the field is a list of strings. */
export function texts(from: Fields, name: string): readonly string[] {
  const values = list(from, name)
  if (values.every((value) => typeof value === 'string')) return values
  throw wrong(name, 'a list of strings', values)
}

/** @throws ProtocolError unless the field is a string of bytes. */
export function bytes(from: Fields, name: string): Uint8Array {
  const value = from[name]
  if (value instanceof Uint8Array) return value
  throw wrong(name, 'bytes', value)
}

/** @throws ProtocolError unless the field is a list of such. */
export function manyBytes(from: Fields, name: string): readonly Uint8Array[] {
  const values = list(from, name)
  if (values.every((value) => value instanceof Uint8Array)) return values
  throw wrong(name, 'a list of bytes', values)
}

/** @throws ProtocolError unless the field is one of the words. */
export function word<Word extends string>(from: Fields, name: string, words: readonly Word[]): Word {
  const value = from[name]
  const found = words.find((each) => each === value)
  if (found !== undefined) return found
  throw wrong(name, `one of ${words.join(' ')}`, value)
}

function wrong(what: string, expected: string, received: unknown): ProtocolError {
  const shown = Array.isArray(received) ? 'a list' : received === null ? 'null' : typeof received
  return new ProtocolError('MALFORMED', `${what}: ${expected} expected, received ${shown}.`)
}
