import type { Plugin } from 'graphql-yoga'
import { FedcacheError } from '../errors.ts'
import type { RequestHead } from '../ports/index.ts'
import type { Metrics } from './metrics.ts'
import { headOf } from './request-context.ts'
import { refusalResponse } from './use-caller.ts'

/** Answers `/metrics` in the text format of Prometheus to whom `check` lets through. */
export function useMetrics(metrics: Metrics, check: (request: RequestHead) => void | Promise<void>): Plugin {
  return {
    onRequest: async (event) => {
      const { request, url, fetchAPI } = event
      if (url.pathname !== '/metrics' || request.method !== 'GET') return
      try {
        await check(headOf(event.serverContext) ?? request)
      } catch (error) {
        if (!(error instanceof FedcacheError)) throw error
        return event.endResponse(refusalResponse(error, fetchAPI))
      }
      const { contentType, text } = await metrics.scrape()
      event.endResponse(new fetchAPI.Response(text, { headers: { 'content-type': contentType } }))
    },
  }
}
