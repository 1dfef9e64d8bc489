import { ConfigError, type ConfigProblem } from '../errors.ts'
import { described, withoutSecrets } from '../ports/received-value.ts'

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
