import type { Plugin } from 'graphql-yoga'
import type { Metrics } from './metrics.ts'

/** Answers `/metrics` in the text format of Prometheus. */
export function useMetrics(metrics: Metrics): Plugin {
  return {
    onRequest: async (event) => {
      const { request, url, fetchAPI } = event
      if (url.pathname !== '/metrics' || request.method !== 'GET') return
      const { contentType, text } = await metrics.scrape()
      event.endResponse(new fetchAPI.Response(text, { headers: { 'content-type': contentType } }))
    },
  }
}
