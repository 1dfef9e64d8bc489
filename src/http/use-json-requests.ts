import { GraphQLError } from 'graphql'
import type { GraphQLParams, Plugin } from 'graphql-yoga'
import { requestError } from './http-error.ts'

type Parameters = GraphQLParams | GraphQLParams[] | Response

function tooLarge(maxBodyBytes: number, received: string): GraphQLError {
  return requestError(413, `A request's body has at most ${maxBodyBytes} bytes; received ${received}.`)
}

function refusal(error: unknown, maxBodyBytes: number): unknown {
  if (!(error instanceof GraphQLError)) return requestError(400, 'variables and extensions are JSON objects.')
  if (error.extensions['code'] === 'REQUEST_ENTITY_TOO_LARGE') return tooLarge(maxBodyBytes, 'more')
  // Anew: Yoga's own tells what its parser said, and is answered with 200 to clients that accept application/json.
  return requestError(400, error.message)
}

/**
 * Takes POSTs of `application/json` only. The types that an HTML form can send would let any web page post without
 * the browser asking first. What is no JSON, or over the limit, is refused with a clear error.
 */
export function useJsonRequests(maxBodyBytes: number): Plugin {
  return {
    onRequestParse: ({ request: { method, headers }, requestParser, setRequestParser }) => {
      if (method === 'POST') {
        const type = headers.get('content-type')?.split(';')[0]?.trim()
        if (type !== 'application/json') {
          const received = JSON.stringify(type ?? '').slice(0, 100)
          throw requestError(415, `A POST has the content type application/json; received ${received}.`)
        }
        const length = headers.get('content-length')
        if (Number(length) > maxBodyBytes) throw tooLarge(maxBodyBytes, String(length))
      }
      if (requestParser === undefined) return
      setRequestParser(async (request): Promise<Parameters> => {
        try {
          return await requestParser(request)
        } catch (error) {
          throw refusal(error, maxBodyBytes)
        }
      })
    },
  }
}
