/** A length of time: milliseconds, or a number with a unit such as `'250ms'`, `'30s'`, `'5m'`, `'1h'`, `'7d'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

/** An amount of memory: bytes, or a number with a unit such as `'512b'`, `'64kb'`, `'256mb'`, `'2gb'` (1 kb = 1,024 b). */
export type Size = number | `${number}${'b' | 'kb' | 'mb' | 'gb'}`

const printedMillisecondsOf: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
])

const millisecondsOf: ReadonlyMap<string, number> = new Map([...printedMillisecondsOf, ['d', 86_400_000]])

const bytesOf: ReadonlyMap<string, number> = new Map([
  ['b', 1],
  ['kb', 2 ** 10],
  ['mb', 2 ** 20],
  ['gb', 2 ** 30],
])

/**
 * Reads a duration as milliseconds, rounded to whole ones.
 *
 * @returns `undefined` for what is not a finite number or a number with one of the units `ms s m h d`. Negative
 * durations are read as they are; what range is right is for the caller to say.
 */
export function parseDuration(duration: unknown): number | undefined {
  return parseAmount(duration, millisecondsOf)
}

/**
 * Reads a size as bytes, rounded to whole ones. Units are powers of 1,024 and may be in capitals.
 *
 * @returns `undefined` for what is not a finite number or a number with one of the units `b kb mb gb`.
 */
export function parseSize(size: unknown): number | undefined {
  return parseAmount(typeof size === 'string' ? size.toLowerCase() : size, bytesOf)
}

/** Prints milliseconds with the largest of `ms s m h` that divides them exactly, as the API prints them too. */
export function formatDuration(durationMs: number): string {
  return formatAmount(durationMs, printedMillisecondsOf)
}

/** Prints bytes with the largest unit that divides them exactly, as `parseSize` reads it. */
export function formatSize(bytes: number): string {
  return formatAmount(bytes, bytesOf)
}

function parseAmount(amount: unknown, units: ReadonlyMap<string, number>): number | undefined {
  if (typeof amount === 'number') return Number.isFinite(amount) ? Math.round(amount) : undefined
  if (typeof amount !== 'string') return undefined
  const [, digits, unit] = /^(-?\d+(?:\.\d+)?)([a-z]+)$/.exec(amount) ?? []
  const factor = unit === undefined ? undefined : units.get(unit)
  return factor === undefined ? undefined : Math.round(Number(digits) * factor)
}

function formatAmount(amount: number, units: ReadonlyMap<string, number>): string {
  let printed = ''
  for (const [unit, factor] of units) {
    if (printed === '' || (amount !== 0 && amount % factor === 0)) printed = `${amount / factor}${unit}`
  }
  return printed
}
