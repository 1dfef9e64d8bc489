import type { GraphQLError } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { errorBody, requestError } from './http-error.ts'

const answers = ['application/graphql-response+json', 'application/json', 'text/event-stream', 'multipart/mixed']
const events = ['text/event-stream']

/** Whether a request takes an answer in one of these media types, as Yoga judges it. */
function accepts({ headers }: Request, mediaTypes: readonly string[]): boolean {
  const ranges = (headers.get('accept') || '*/*').replaceAll(/\s/g, '').toLowerCase().split(',')
  return ranges.some((range) => {
    const [type = '', ...parameters] = range.split(';')
    const charset = parameters.find((parameter) => parameter.includes('charset='))
    if (charset !== undefined && charset !== 'charset=utf-8') return false
    return mediaTypes.some((mediaType) => type === '*/*' || type === mediaType || isOfKind(mediaType, type))
  })
}

/** Whether a range like `text/*` takes in a media type. */
function isOfKind(mediaType: string, range: string): boolean {
  return range.endsWith('/*') && mediaType.startsWith(range.slice(0, -1))
}

function refusal(request: Request, what: string): GraphQLError {
  const received = JSON.stringify(request.headers.get('accept')?.slice(0, 100))
  return requestError(406, `${what}, which the header accept must allow; received ${received}.`)
}

/**
 * Refuses with 406 what its sender would not take the answer of, before anything is executed. Yoga finds out afterwards,
 * says nothing, and leaves the events of a subscription to whoever never comes for them.
 */
export function useAcceptableAnswers(): Plugin {
  return {
    onRequest: (event) => {
      const { request, fetchAPI } = event
      if (accepts(request, answers)) return
      const { message } = refusal(request, 'Answers come as application/json')
      const headers = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' }
      event.endResponse(new fetchAPI.Response(errorBody(message, 'BAD_REQUEST'), { status: 406, headers }))
    },
    onSubscribe: ({ args: { contextValue }, setResultAndStopExecution }) => {
      const { request } = contextValue as { readonly request?: Request }
      if (request === undefined || accepts(request, events)) return
      setResultAndStopExecution({
        errors: [refusal(request, 'The events of a subscription come as text/event-stream')],
      })
    },
  }
}
