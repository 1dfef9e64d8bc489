import { documentIdIn, type DocumentReference, type TrustedDocuments } from '../trusted-documents.ts'
import { parseJson } from './parse-json.ts'
import type { GivenVariables } from './variables.ts'

/** A request for one operation, in its plainest form. */
export interface PlainParameters {
  readonly query: string
  readonly operationName: string | undefined
  readonly variables: GivenVariables
}

/**
 * Reads a JSON body. `undefined` for whatever needs more than this lane knows, and for what is wrong.
 *
 * @param trusted documents that may be meant by their ids.
 */
export function bodyParameters(body: Buffer, trusted?: TrustedDocuments): PlainParameters | undefined {
  let parsed: unknown
  try {
    parsed = parseJson(body)
  } catch {
    return undefined
  }
  return typeof parsed === 'object' && parsed !== null ? plain(parsed as Record<string, unknown>, trusted) : undefined
}

/** Reads the query part of an address, likewise. */
export function addressParameters(search: string, trusted?: TrustedDocuments): PlainParameters | undefined {
  const parameters = new URLSearchParams(search)
  const variables = parameters.get('variables')
  const extensions = parameters.get('extensions')
  try {
    const given = {
      query: parameters.get('query') ?? undefined,
      documentId: parameters.get('documentId') ?? undefined,
      operationName: parameters.get('operationName') || undefined,
      variables: variables ? JSON.parse(variables) : undefined,
      extensions: extensions ? JSON.parse(extensions) : undefined,
    }
    return plain(given, trusted)
  } catch {
    return undefined
  }
}

function plain(
  given: Readonly<Record<string, unknown>>,
  trusted: TrustedDocuments | undefined,
): PlainParameters | undefined {
  const { operationName, variables, extensions } = given
  const query = given['query'] === undefined ? trustedDocument(given, trusted) : given['query']
  for (const name in given) {
    if (!isPlain(name) && isGiven(given[name])) return undefined
  }
  // Beside a document an id says nothing.
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

/** The document that is meant by its id, if that is known. */
function trustedDocument(given: DocumentReference, trusted: TrustedDocuments | undefined): string | undefined {
  const id = trusted && documentIdIn(given)
  return id === undefined ? undefined : trusted?.find(id)
}

// Names that the text of the body has are the very ones that are compared with: no text is looked at, nor hashed.
function isPlain(name: string): boolean {
  return (
    name === 'query' ||
    name === 'variables' ||
    name === 'operationName' ||
    name === 'extensions' ||
    name === 'documentId'
  )
}

const noVariables: GivenVariables = {}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null
}
