import type { InvalidationEndpoint } from '../../ports/index.ts'
import { requestEndpoint } from './endpoint-request.ts'

/** Where a router is told what to drop, and as whom. */
export interface ApolloRouterEndpointOptions {
  readonly name: string
  /** Where its `response_cache.invalidation` listens. */
  readonly url: string
  /** Gives its `shared_key`; asked for every request, so that it may change. */
  readonly sharedKey: () => Promise<string>
  /** The names that fedcache has in the supergraph. */
  readonly subgraphs: readonly string[]
  readonly maxTags: number
}

/** The response cache of Apollo Router: entries with one of the tags, of the subgraphs named. */
export function apolloRouterEndpoint(options: ApolloRouterEndpointOptions): InvalidationEndpoint {
  const { name, url, sharedKey, subgraphs, maxTags } = options
  return {
    name,
    maxTags,
    invalidate: async (tags, signal) => {
      const headers = { 'content-type': 'application/json', authorization: await sharedKey() }
      const body = JSON.stringify(tags.map((tag) => ({ kind: 'cache_tag', subgraphs, cache_tag: tag })))
      try {
        await requestEndpoint({ method: 'POST', url, headers, body, signal })
      } catch (error) {
        // It answers 400 as well while its own store cannot be reached.
        if (error instanceof Error) Object.assign(error, { refused: false })
        throw error
      }
    },
  }
}
