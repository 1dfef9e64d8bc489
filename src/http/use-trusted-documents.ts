import { GraphQLError } from 'graphql'
import type { GraphQLParams, Plugin } from 'graphql-yoga'
import { requestError } from './http-error.ts'
import type { TrustedDocuments } from './trusted-documents.ts'

/**
 * Executes documents that are known beforehand by their ids, as `documentId` or as `extensions.persistedQuery`. Where
 * others are not trusted, they are refused before they are validated, by whichever way they come.
 */
export function useTrustedDocuments(trusted: TrustedDocuments): Plugin {
  return {
    onParams: ({ params, request, setParams }) => {
      const id = idIn(params, request)
      if (id === undefined) return
      const query = trusted.find(id)
      if (query === undefined)
        throw requestError(404, 'There is no trusted document of this id.', 'PERSISTED_QUERY_NOT_FOUND')
      const { documentId: _documentId, ...others } = params as GraphQLParams & { readonly documentId?: unknown }
      setParams({ ...others, query })
    },
    onParse: ({ params }) => {
      const { source } = params
      const text = typeof source === 'string' ? source : source.body
      if (!trusted.only || trusted.has(text)) return
      throw new GraphQLError('Only trusted documents are executed here; send the documentId of one.', {
        extensions: { code: 'FORBIDDEN', http: { status: 403 } },
      })
    },
  }
}

function idIn(params: GraphQLParams, request: Request): string | undefined {
  if (typeof params.query === 'string' && params.query !== '') return undefined
  const persisted: unknown = (params.extensions as { readonly persistedQuery?: unknown } | undefined)?.persistedQuery
  const candidates: unknown[] = [
    (params as { readonly documentId?: unknown }).documentId,
    typeof persisted === 'object' && persisted !== null ? Reflect.get(persisted, 'sha256Hash') : undefined,
    request.method === 'GET' ? new URL(request.url).searchParams.get('documentId') : undefined,
  ]
  return candidates.find((candidate): candidate is string => typeof candidate === 'string')
}
