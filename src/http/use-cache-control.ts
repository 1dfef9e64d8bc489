import type { Plugin } from 'graphql-yoga'
import {
  type CacheTagHeaders,
  cacheHeaders,
  entityTag,
  hasTag,
  named,
  recordIn,
  reportHeader,
  tagExtensions,
} from './cache-headers.ts'

/**
 * Says how long an answer may be kept, and on request what it was made of; answers a GET of what the client has already
 * with 304. The prepared lane does the same for the queries that it answers.
 *
 * @param cacheTags which headers tell the tags of answers. Default: none do.
 */
export function useCacheControl(cacheTags?: CacheTagHeaders): Plugin {
  return {
    onExecutionResult: (event) => {
      const { request, result, context } = event
      if (result === undefined || Symbol.asyncIterator in result) return
      const reads = recordIn(context) ?? recordIn((context as { operationContext?: object }).operationContext)
      const isReported = request.headers.has(reportHeader)
      const hasErrors = (result.errors ?? []).length > 0
      const headers = named(cacheHeaders(reads, { hasErrors, isReported, cacheTags }))
      const http: object | undefined = (result.extensions as { http?: object } | undefined)?.http
      event.setResult({
        ...result,
        extensions: { ...result.extensions, ...(hasErrors ? {} : tagExtensions(reads)), http: { ...http, headers } },
      })
    },
    onResponse: async (event) => {
      const { request, response, fetchAPI } = event
      if (request.method !== 'GET' || response.status !== 200) return
      const kept = response.headers.get('cache-control')
      if (kept === null || !kept.includes('max-age')) return
      const body = new Uint8Array(await response.arrayBuffer())
      const tag = entityTag(body)
      const headers = new fetchAPI.Headers(response.headers)
      headers.set('etag', tag)
      if (hasTag(request.headers.get('if-none-match'), tag)) {
        headers.delete('content-type')
        headers.delete('content-length')
        return event.setResponse(new fetchAPI.Response(null, { status: 304, headers }))
      }
      event.setResponse(new fetchAPI.Response(body, { status: 200, headers }))
    },
  }
}
