import type { Plugin } from 'graphql-yoga'
import type { GraphiqlTab } from './http-server.ts'

async function page(tabs: readonly GraphiqlTab[]): Promise<string> {
  // Nine megabytes that only browsers need, and only once.
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql')
  const defaultTabs = tabs.map(({ query, variables }) => ({
    query,
    variables: variables === undefined ? null : JSON.stringify(variables, null, 2),
  }))
  return renderGraphiQL({
    title: 'fedcache',
    endpoint: '/graphql',
    schemaDescription: true,
    ...(defaultTabs.length === 0 ? {} : { defaultTabs }),
  })
}

/**
 * Shows GraphiQL to browsers that open `/graphql`, without loading anything from elsewhere. The page runs no query by
 * itself, and no other page may frame it: its buttons must be pressed knowingly.
 */
export function useGraphiql(tabs: readonly GraphiqlTab[]): Plugin {
  let rendered: Promise<string> | undefined
  return {
    onRequest: async (event) => {
      const { request, url, fetchAPI } = event
      if (request.method !== 'GET' || (url.pathname !== '/graphql' && url.pathname !== '/graphql/')) return
      if (request.headers.get('accept')?.includes('text/html') !== true) return
      rendered ??= page(tabs)
      event.endResponse(
        new fetchAPI.Response(await rendered, {
          headers: {
            'content-type': 'text/html; charset=utf-8',
            'content-security-policy': "frame-ancestors 'none'",
            'cross-origin-resource-policy': 'same-origin',
            'referrer-policy': 'no-referrer',
            'x-frame-options': 'DENY',
          },
        }),
      )
    },
  }
}
