import type { Plugin } from 'graphql-yoga'
import { errorBody } from './http-error.ts'

/** Sends those who ask for `/` to `/graphql`, and tells the others what exists. */
export function useRoutes(): Plugin {
  return {
    onRequest: (event) => {
      const { request, fetchAPI } = event
      const { pathname } = event.url
      if (pathname === '/graphql' || pathname === '/graphql/') return
      if (pathname === '/' && request.method === 'GET') {
        event.endResponse(new fetchAPI.Response(null, { status: 302, headers: { location: '/graphql' } }))
        return
      }
      const message = 'There is nothing here. The API is at /graphql; /health, /ready and /metrics answer GET.'
      event.endResponse(
        new fetchAPI.Response(errorBody(message, 'NOT_FOUND'), {
          status: 404,
          headers: { 'content-type': 'application/json; charset=utf-8' },
        }),
      )
    },
  }
}
