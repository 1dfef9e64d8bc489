import type { Plugin } from 'graphql-yoga'
import { errorBody } from './http-error.ts'
import { headOf } from './request-context.ts'
import { isForeign } from './request-guard.ts'

/**
 * Refuses what pages of other origins send, so that a page in a developer's browser can neither read nor write a cache
 * on their machine. Plugins before this one answer such pages too: what they answer must be harmless.
 */
export function useOriginGuard(): Plugin {
  return {
    onRequest: (event) => {
      const { url, fetchAPI } = event
      const { headers } = event.request
      const { host, scheme } = headOf(event.serverContext)?.sentAs ?? { host: url.host }
      if (!isForeign({ origin: headers.get('origin'), site: headers.get('sec-fetch-site'), host, scheme })) return
      event.endResponse(
        new fetchAPI.Response(errorBody('Requests from web pages of other origins are refused.', 'FORBIDDEN'), {
          status: 403,
          headers: { 'content-type': 'application/json; charset=utf-8' },
        }),
      )
    },
  }
}
