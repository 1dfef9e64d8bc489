import type { Plugin } from 'graphql-yoga'
import type { Readiness } from './http-server.ts'

/** Answers `/health`, 200 while the process lives, and `/ready`, 200 or 503 by `readiness`. */
export function useHealth(readiness: () => Readiness): Plugin {
  return {
    onRequest: (event) => {
      const { request, url, fetchAPI } = event
      if (request.method !== 'GET' && request.method !== 'HEAD') return
      const answer = (status: number, body: object) =>
        event.endResponse(
          new fetchAPI.Response(request.method === 'HEAD' ? null : JSON.stringify(body), {
            status,
            headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
          }),
        )
      if (url.pathname === '/health') answer(200, { status: 'alive' })
      if (url.pathname === '/ready') {
        const state = readiness()
        answer(state.ready ? 200 : 503, state)
      }
    },
  }
}
