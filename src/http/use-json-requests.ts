import { GraphQLError } from 'graphql'
import type { GraphQLParams, Plugin } from 'graphql-yoga'
import { requestError } from './http-error.ts'

type Parameters = GraphQLParams | GraphQLParams[] | Response

function tooLarge(maxBodyBytes: number, received: string): GraphQLError {
  return requestError(413, `A request's body has at most ${maxBodyBytes} bytes; received ${received}.`)
}

function refusal(error: unknown, maxBodyBytes: number): unknown {
  if (!(error instanceof GraphQLError)) return requestError(400, 'variables and extensions are JSON objects.')
  return error.extensions['code'] === 'REQUEST_ENTITY_TOO_LARGE' ? tooLarge(maxBodyBytes, 'more') : error
}

/** Reads a body. Yoga's own parser knows the media type in small letters only. */
async function postedParameters(request: Request): Promise<Parameters> {
  const body: unknown = await request.json().catch((error: unknown) => {
    throw error instanceof GraphQLError ? error : requestError(400, 'POST body sent invalid JSON.')
  })
  if (typeof body === 'object' && body !== null) return body
  const received = body === null ? 'null' : typeof body
  throw requestError(400, `POST body is expected to be object but received ${received}`)
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
        if (type?.toLowerCase() !== 'application/json') {
          const received = JSON.stringify(type ?? '').slice(0, 100)
          throw requestError(415, `A POST has the content type application/json; received ${received}.`)
        }
        const length = headers.get('content-length')
        if (Number(length) > maxBodyBytes) throw tooLarge(maxBodyBytes, String(length))
      }
      const parse = method === 'POST' ? postedParameters : requestParser
      if (parse === undefined) return
      setRequestParser(async (request): Promise<Parameters> => {
        try {
          return await parse(request)
        } catch (error) {
          throw refusal(error, maxBodyBytes)
        }
      })
    },
  }
}
