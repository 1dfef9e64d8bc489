import { ConfigError, type ConfigProblem } from '../errors.ts'

const secretName = /pass|secret|token|credential|auth|jwt|seed|nkey|private|api_?key/i
const longestPrinted = 120

/** Gathers what is wrong with a configuration, so that all of it is told at once. */
export class Problems {
  readonly #problems: ConfigProblem[]
  readonly #origins: ReadonlyMap<string, string>

  /**
   * @param origins where a value came from, by path, when it is not the file: such as `--port`.
   * @param found what was found wrong before.
   */
  constructor(origins: ReadonlyMap<string, string> = new Map(), found: readonly ConfigProblem[] = []) {
    this.#origins = origins
    this.#problems = [...found]
  }

  /**
   * Notes a problem.
   *
   * @param message what would be right; where the value came from and what it was are added to it.
   */
  add(path: string, message: string, received: unknown): void {
    const shown = withoutSecrets(path, received)
    const origin = this.#origins.get(path)
    const suffix = origin === undefined ? '' : ` (from ${origin})`
    this.#problems.push({ path, message: `${message}; received ${described(shown)}${suffix}`, received: shown })
  }

  /** Notes a problem that was found elsewhere, in the words that it has. */
  include(problem: ConfigProblem): void {
    this.#problems.push(problem)
  }

  /** @throws ConfigError with every problem noted, when there is one. */
  throwIfAny(): void {
    if (this.#problems.length > 0) throw new ConfigError(this.#problems)
  }
}

/** The path of a field inside another: `keyspaces.cities`, or `keyspaces["a b"]` where a dot would mislead. */
export function pathOf(parent: string, name: string): string {
  if (!/^[\w$-]+$/.test(name)) return `${parent}[${JSON.stringify(name)}]`
  return parent === '' ? name : `${parent}.${name}`
}

/** A message without the user names, passwords and query values of the URLs in it. */
export function redacted(message: string): string {
  return withoutQueryValues(message.replace(/:\/\/\S*@/g, '://***@'))
}

/** What a value is, in a few words, with nothing of what is inside objects. */
export function described(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'string') return quoted(value)
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return `${value}`
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (value instanceof Promise) return 'a promise'
  if (typeof value !== 'object') return `a ${typeof value}`
  const names = Object.keys(value)
  return names.length === 0 ? 'an empty object' : `an object with ${names.slice(0, 10).join(', ')}`
}

function quoted(text: string): string {
  return JSON.stringify(text.length <= longestPrinted ? text : `${text.slice(0, longestPrinted)}…`)
}

function withoutSecrets(path: string, value: unknown): unknown {
  const name = path.slice(path.lastIndexOf('.') + 1)
  return shownOf(secretName.test(name), value)
}

function shownOf(isSecret: boolean, value: unknown): unknown {
  if (typeof value === 'string') return isSecret ? '***' : withoutCredentials(value)
  if (Array.isArray(value)) return value.map((item: unknown) => shownOf(isSecret, item))
  if (!isPlain(value)) return value
  // Everything within a secret is one: `token: { text: '…' }`.
  const fields = Object.entries(value)
  return Object.fromEntries(fields.map(([name, inner]) => [name, shownOf(isSecret || secretName.test(name), inner)]))
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

function withoutCredentials(value: string): string {
  // Up to the last "@": passwords are often written with "@", "/" and spaces unescaped.
  return withoutQueryValues(value.replace(/^(.*?:\/\/)?.*@/s, '$1***@'))
}

function withoutQueryValues(text: string): string {
  return text.replace(/([?&][^=&\s]*=)[^&\s]+/g, '$1***')
}
