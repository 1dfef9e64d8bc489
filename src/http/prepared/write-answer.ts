import type { IncomingMessage, ServerResponse } from 'node:http'
import type { GraphQLError } from 'graphql'
import { maskError, processRegularResult } from 'graphql-yoga'
import {
  type CacheTagHeaders,
  cacheHeaders,
  entityTag,
  hasTag,
  named,
  recordIn,
  reportHeader,
  tagExtensions,
} from '../cache-headers.ts'
import type { AnswerMediaType } from './accepted-media-type.ts'
import type { Executed } from './prepare-operation.ts'
import { jsonText } from './response-text.ts'

/** What an answer is written to, and as what. */
export interface AnswerTarget {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly mediaType: AnswerMediaType
  /** What resolvers shared; it knows what was read. */
  readonly context: object
}

/** Writes the answer to a query that was executed. */
export type AnswerWriter = (target: AnswerTarget, executed: Executed) => void

const plainHeaders: Readonly<Record<AnswerMediaType, readonly string[]>> = {
  'application/json': plainHeadersFor('application/json'),
  'application/graphql-response+json': plainHeadersFor('application/graphql-response+json'),
}

function plainHeadersFor(mediaType: AnswerMediaType): readonly string[] {
  return ['content-type', `${mediaType}; charset=utf-8`, 'x-content-type-options', 'nosniff']
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** One character per byte. */
  readonly text: string
}

/**
 * Makes the writer of answers.
 *
 * @param logError is told of the errors that clients do not get to see.
 * @param cacheTags which headers tell the tags of answers. Default: none do.
 */
export function answerWriter(logError: (error: unknown) => void, cacheTags?: CacheTagHeaders): AnswerWriter {
  return ({ request, response, mediaType, context }, { data, errors }) => {
    if (response.destroyed) return
    const isReported = request.headers[reportHeader] !== undefined
    const kept = cacheHeaders(recordIn(context), { hasErrors: errors.length > 0, isReported, cacheTags })
    if (errors.length === 0) {
      const extensions = tagExtensions(recordIn(context))
      const text =
        extensions === undefined ? `{"data":${data}}` : `{"data":${data},"extensions":${jsonText(extensions)}}`
      const headers = ['content-length', String(text.length)].concat(plainHeaders[mediaType], kept)
      if (request.method === 'GET' && kept[1]?.includes('max-age') === true) {
        const tag = entityTag(text, 'latin1')
        if (hasTag(request.headers['if-none-match'], tag)) {
          response.writeHead(304, ['x-content-type-options', 'nosniff', ...kept, 'etag', tag]).end()
          return
        }
        headers.push('etag', tag)
      }
      response.writeHead(200, headers)
      response.end(text, 'latin1')
      return
    }
    const { status, headers, text } = answerWithErrors(
      data,
      errors.map((error) => masked(error, logError)),
      mediaType,
    )
    response.writeHead(status, {
      ...headers,
      ...named(kept),
      'content-length': text.length,
      'x-content-type-options': 'nosniff',
    })
    response.end(text, 'latin1')
  }
}

function masked(error: GraphQLError, logError: (error: unknown) => void): GraphQLError {
  const shown = maskError(error, 'Unexpected error.', false) as GraphQLError
  if (shown !== error) logError(error)
  return shown
}

/** Status, headers and what is shown of errors are for Yoga to say; only `data` is written already. */
function answerWithErrors(data: string, errors: readonly GraphQLError[], mediaType: AnswerMediaType): Answer {
  const result = {
    errors,
    data: null,
    stringify: (shown: { readonly errors?: unknown }) => `{"errors":${jsonText(shown.errors)},"data":${data}}`,
  }
  return processRegularResult(result as never, { Response: TextResponse } as never, mediaType) as unknown as Answer
}

class TextResponse implements Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string

  constructor(text: string, { status, headers }: Pick<Answer, 'status' | 'headers'>) {
    this.status = status
    this.headers = headers
    this.text = text
  }
}
