import { ConfigError, type ConfigProblem } from '../../errors.ts'
import { described, hidden, withoutSecrets } from '../../ports/received-value.ts'

/** What may hold a secret though its name does not say so. */
const secretOptions: readonly string[] = ['headers', 'connectionString', 'poolOptions']

/** Gathers what is wrong with the options of a source, so that all of it is told at once. */
export class OptionProblems {
  readonly #factory: string
  readonly #problems: ConfigProblem[] = []

  /** @param factory name of the function that was given the options. */
  constructor(factory: string) {
    this.#factory = factory
  }

  /** Notes a problem. What was received is told without the secrets in it. */
  add(option: string, message: string, received: unknown): void {
    const shown = secretOptions.includes(option) ? hidden(received) : withoutSecrets(option, received)
    this.#problems.push({
      path: `${this.#factory}.${option}`,
      message: `${message}; received ${described(shown)}`,
      received: shown,
    })
  }

  /** @throws ConfigError when what was received in place of all options is no object. */
  requireOptions(received: unknown): void {
    if (isObject(received)) return
    const shown = hidden(received)
    const message = `needs an object with its options; received ${described(shown)}`
    this.#problems.push({ path: this.#factory, message, received: shown })
    this.throwIfAny()
  }

  /** Whether the option is an object. Notes a problem unless it is, or is left out. */
  object(option: string, received: unknown): received is object {
    if (received !== undefined && !isObject(received)) this.add(option, 'must be an object', received)
    return isObject(received)
  }

  /** Notes a problem unless the option is left out or a whole number from `minimum`. */
  wholeNumber(option: string, received: unknown, minimum: number): void {
    if (received === undefined || (Number.isSafeInteger(received) && (received as number) >= minimum)) return
    this.add(option, `must be a whole number from ${minimum}`, received)
  }

  /** Notes a problem unless the option is left out or of that type. */
  type(option: string, received: unknown, type: 'string' | 'boolean' | 'function'): void {
    if (received === undefined || (typeof received === type && received !== '')) return
    this.add(option, `must be a ${type}${type === 'string' ? ' that is not empty' : ''}`, received)
  }

  /** @throws ConfigError with every problem noted, when there is one. */
  throwIfAny(): void {
    if (this.#problems.length > 0) throw new ConfigError(this.#problems)
  }
}

/** Whether it is a list with something in it, and nothing but texts that are not empty. */
export function isListOfTexts(received: unknown): boolean {
  return (
    Array.isArray(received) && received.length > 0 && received.every((text) => typeof text === 'string' && text !== '')
  )
}

function isObject(received: unknown): received is object {
  return typeof received === 'object' && received !== null && !Array.isArray(received)
}
