import type { GivenVariables } from './variables.ts'

/** A request for one operation, in its plainest form. */
export interface PlainParameters {
  readonly query: string
  readonly operationName: string | undefined
  readonly variables: GivenVariables
}

/** Reads a JSON body. `undefined` for whatever needs more than this lane knows, and for what is wrong. */
export function bodyParameters(body: string): PlainParameters | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    return undefined
  }
  return typeof parsed === 'object' && parsed !== null ? plain(parsed as Record<string, unknown>) : undefined
}

/** Reads the query part of an address, likewise. */
export function addressParameters(search: string): PlainParameters | undefined {
  const parameters = new URLSearchParams(search)
  const variables = parameters.get('variables')
  const extensions = parameters.get('extensions')
  try {
    return plain({
      query: parameters.get('query'),
      operationName: parameters.get('operationName') || undefined,
      variables: variables ? JSON.parse(variables) : undefined,
      extensions: extensions ? JSON.parse(extensions) : undefined,
    })
  } catch {
    return undefined
  }
}

function plain(given: Readonly<Record<string, unknown>>): PlainParameters | undefined {
  const { query, operationName, variables, extensions } = given
  for (const name in given) {
    if (!plainNames.has(name) && isGiven(given[name])) return undefined
  }
  // Without a query the extensions may say which document is meant; beside one they say nothing.
  if (typeof query !== 'string' || query === '') return undefined
  if (isGiven(extensions) && (typeof extensions !== 'object' || Array.isArray(extensions))) return undefined
  if (typeof operationName !== 'string' && isGiven(operationName)) return undefined
  if (isGiven(variables) && (typeof variables !== 'object' || Array.isArray(variables))) return undefined
  return {
    query,
    operationName: typeof operationName === 'string' ? operationName : undefined,
    variables: (variables ?? noVariables) as GivenVariables,
  }
}

const plainNames: ReadonlySet<string> = new Set(['query', 'variables', 'operationName', 'extensions'])
const noVariables: GivenVariables = {}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null
}
