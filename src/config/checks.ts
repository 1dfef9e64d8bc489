import { type Problems, pathOf } from './problems.ts'
import { didYouMean } from './suggestion.ts'
import { formatDuration, formatSize, parseDuration, parseSize } from './units.ts'

// Each of these reads one value. A value that is left out becomes the fallback; a wrong one is noted, and becomes the
// fallback too, so that checking goes on and everything wrong is found at once. A number without fallback is required,
// and NaN when it is wrong.

/** The smallest and the largest value that is right. */
export interface Range {
  readonly min: number
  readonly max: number
}

/** The fields of an object. Unknown ones are noted; what is no object has no fields. */
export function checkFields(
  problems: Problems,
  path: string,
  value: unknown,
  known: readonly string[],
): Readonly<Record<string, unknown>> {
  const fields = checkRecord(problems, path, value)
  for (const [name, received] of Object.entries(fields)) {
    if (known.includes(name)) continue
    const hint = didYouMean(name, known)
    problems.add(
      pathOf(path, name),
      hint === '' ? `is no option. Known are ${known.join(', ')}` : `is no option.${hint}`,
      received,
    )
  }
  return fields
}

/** An object whose field names are free. */
export function checkRecord(problems: Problems, path: string, value: unknown): Readonly<Record<string, unknown>> {
  if (value === undefined) return {}
  if (isPlainObject(value)) return value
  problems.add(path === '' ? 'config' : path, 'must be an object', value)
  return {}
}

/** A duration in milliseconds. `word` names values that are right beside durations, for the message. */
export function checkDuration(
  problems: Problems,
  path: string,
  value: unknown,
  options: Range & { readonly fallback?: number; readonly word?: string },
): number {
  const { fallback = NaN } = options
  if (value === undefined && options.fallback !== undefined) return fallback
  const durationMs = parseDuration(value)
  if (durationMs !== undefined && isWithin(durationMs, options)) return durationMs
  const range = `from ${formatDuration(options.min)} to ${formatDuration(options.max)}`
  problems.add(path, `must be ${options.word ?? ''}a duration such as '250ms', '30s', '5m' or '1h', ${range}`, value)
  return fallback
}

/** A size in bytes. */
export function checkSize(
  problems: Problems,
  path: string,
  value: unknown,
  options: Range & { readonly fallback: number },
): number {
  if (value === undefined) return options.fallback
  const bytes = parseSize(value)
  if (bytes !== undefined && isWithin(bytes, options)) return bytes
  const range =
    options.max === Infinity
      ? `at least ${formatSize(options.min)}`
      : `from ${formatSize(options.min)} to ${formatSize(options.max)}`
  problems.add(path, `must be a size such as '64kb', '256mb' or '2gb', ${range}`, value)
  return options.fallback
}

/** A whole number. */
export function checkWholeNumber(
  problems: Problems,
  path: string,
  value: unknown,
  options: Range & { readonly fallback?: number },
): number {
  const { fallback = NaN } = options
  if (value === undefined && options.fallback !== undefined) return fallback
  if (typeof value === 'number' && Number.isInteger(value) && isWithin(value, options)) return value
  problems.add(path, `must be a whole number from ${options.min} to ${options.max}`, value)
  return fallback
}

/** A number from 0 to 1. */
export function checkShare(problems: Problems, path: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback
  if (typeof value === 'number' && isWithin(value, { min: 0, max: 1 })) return value
  problems.add(path, 'must be a number from 0 to 1', value)
  return fallback
}

/** One of a few words. */
export function checkOneOf<Word extends string, Fallback extends Word | undefined>(
  problems: Problems,
  path: string,
  value: unknown,
  words: readonly Word[],
  fallback: Fallback,
): Word | Fallback {
  if (value === undefined) return fallback
  const word = words.find((candidate) => candidate === value)
  if (word !== undefined) return word
  const hint = typeof value === 'string' ? didYouMean(value, words) : ''
  problems.add(
    path,
    `must be ${words.map((candidate) => `'${candidate}'`).join(' or ')}${hint === '' ? '' : `.${hint}`}`,
    value,
  )
  return fallback
}

/** A yes or no. */
export function checkBoolean(problems: Problems, path: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? fallback
  problems.add(path, 'must be true or false', value)
  return fallback
}

/** A text of a given form. `form` says it in words. */
export function checkText(
  problems: Problems,
  path: string,
  value: unknown,
  options: { readonly pattern: RegExp; readonly form: string; readonly fallback: string },
): string {
  if (value === undefined) return options.fallback
  if (typeof value === 'string' && options.pattern.test(value)) return value
  problems.add(path, `must be ${options.form}`, value)
  return options.fallback
}

/** Whether the value is left out or a function; anything else is noted. */
export function checkFunction(problems: Problems, path: string, value: unknown): boolean {
  if (value === undefined || typeof value === 'function') return true
  problems.add(path, 'must be a function', value)
  return false
}

/** Whether the value is an object that has all of the methods; `form` says in words what it should be. */
export function hasMethods(value: unknown, methods: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false
  return methods.every((method) => typeof Reflect.get(value, method) === 'function')
}

/** Whether a value is an object, and not one of a kind that has another use. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  return !(Array.isArray(value) || value instanceof Map || value instanceof Set || value instanceof Promise)
}

function isWithin(value: number, range: Range): boolean {
  return value >= range.min && value <= range.max
}
