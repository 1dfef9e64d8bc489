import type { Plugin } from 'graphql-yoga'
import { acceptedRanges } from './accepted-ranges.ts'
import { errorBody, requestError } from './http-error.ts'

const answers = ['application/graphql-response+json', 'application/json', 'text/event-stream', 'multipart/mixed']
const events = ['text/event-stream']

/** Whether a request takes an answer in one of these media types. */
function accepts({ headers }: Request, mediaTypes: readonly string[]): boolean {
  return acceptedRanges(headers.get('accept')).some((range) =>
    mediaTypes.some((mediaType) => range === '*/*' || range === mediaType || isOfKind(mediaType, range)),
  )
}

/** Whether a range like `text/*` takes in a media type. */
function isOfKind(mediaType: string, range: string): boolean {
  return range.endsWith('/*') && mediaType.startsWith(range.slice(0, -1))
}

function problemOf({ headers }: Request, what: string): string {
  const received = JSON.stringify(headers.get('accept')?.slice(0, 100))
  return `${what}, which the header accept must allow; received ${received}.`
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
      const body = errorBody(problemOf(request, 'Answers come as application/json'), 'BAD_REQUEST')
      const headers = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' }
      event.endResponse(new fetchAPI.Response(body, { status: 406, headers }))
    },
    onSubscribe: ({ args: { contextValue }, setResultAndStopExecution }) => {
      const { request } = contextValue as { readonly request?: Request }
      if (request === undefined || accepts(request, events)) return
      const problem = problemOf(request, 'The events of a subscription come as text/event-stream')
      setResultAndStopExecution({ errors: [requestError(406, problem)] })
    },
  }
}
