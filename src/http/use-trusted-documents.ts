import { GraphQLError } from 'graphql'
import type { GraphQLParams, Plugin } from 'graphql-yoga'
import { requestError } from './http-error.ts'
import { documentIdIn, type TrustedDocuments } from './trusted-documents.ts'

/**
 * Executes documents that are known beforehand by their ids, as `documentId` or as `extensions.persistedQuery`. Where
 * others are not trusted, they are refused before they are validated, by whichever way they come.
 */
export function useTrustedDocuments(trusted: TrustedDocuments): Plugin {
  return {
    onParams: ({ params, request, setParams }) => {
      const id = documentIdIn(params) ?? idInAddress(params, request)
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

/** Yoga takes no names of its plugins from addresses. */
function idInAddress({ query }: GraphQLParams, { method, url }: Request): string | undefined {
  if (method !== 'GET') return undefined
  return documentIdIn({ query, documentId: new URL(url).searchParams.get('documentId') })
}
