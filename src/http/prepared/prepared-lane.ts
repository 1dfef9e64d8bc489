import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { GraphqlHandler } from '../graphql-handler.ts'
import type { RequestContext } from '../request-context.ts'
import { isForeign } from '../request-guard.ts'
import type { OperationContext } from '../use-caller.ts'
import { traceHeader } from '../use-federated-tracing.ts'
import type { WholeBodyRequest } from '../whole-body-request.ts'
import { acceptedMediaType } from './accepted-media-type.ts'
import type { TrustedDocuments } from '../trusted-documents.ts'
import { PreparedDocument, PreparedDocuments } from './prepared-documents.ts'
import { type PlainParameters, addressParameters, bodyParameters } from './request-parameters.ts'
import type { AnswerTarget, AnswerWriter } from './write-answer.ts'

/** What the lane is made of. */
export interface PreparedLaneOptions {
  /** Judges documents. */
  readonly handler: GraphqlHandler
  /** Answers whatever this lane does not. */
  readonly general: RequestListener<IncomingMessage>
  /** What resolvers share, as the sender of a request may use it. */
  readonly context: OperationContext
  readonly maxBodyBytes: number
  /** Documents known beforehand, which the handler knows as well. Default: none. */
  readonly trusted?: TrustedDocuments
  readonly answer: AnswerWriter
}

interface Target extends AnswerTarget {
  readonly request: WholeBodyRequest
  readonly known: RequestContext
}

/** Answers a request that came over a socket; `known` is what has been found out of it already. */
export type RequestListener<Request extends IncomingMessage = WholeBodyRequest> = (
  request: Request,
  response: ServerResponse,
  known: RequestContext,
) => void

/** What is kept of operations, and for how many. */
const documentLimits = { maxDocuments: 1000, maxBytes: 32 * 2 ** 20 }
/** Longer documents are not kept: whoever writes values into them never sends the same one again. */
const maxDocumentLength = 20_000

/**
 * Makes the short way for what nearly all requests are: a query, as a POST of JSON or a GET. It is parsed, validated
 * and compiled once, executed without a promise where all is in memory, and written to the socket as one string.
 *
 * Whatever is not that plain, and whatever is wrong, goes to the general handler, before anything was executed: so it
 * alone knows how to refuse. The two must answer alike; `test/integration/http/two-lanes.test.ts` compares them.
 */
export function preparedLane(options: PreparedLaneOptions): RequestListener {
  const { handler, general, context, maxBodyBytes, trusted, answer } = options
  const documentOf = documentReader(handler)

  const respond = (target: Target, parameters: PlainParameters | undefined, body?: Buffer): void => {
    const result =
      parameters &&
      documentOf(parameters.query)?.operation(parameters.operationName)?.execute(parameters.variables, target.context)
    if (result === undefined) {
      const { request, response, known, context: operationContext } = target
      general(body === undefined ? request : withBody(request, body), response, { ...known, operationContext })
    } else if (result instanceof Promise) {
      void result.then((late) => answer(target, late))
    } else {
      answer(target, result)
    }
  }

  const answerQuery = (target: Target): void => {
    const { method, url = '' } = target.request
    if (method === 'GET') respond(target, addressParameters(url.slice(url.indexOf('?') + 1), trusted))
    else target.request.takeBody((body) => respond(target, bodyParameters(body, trusted), body))
  }

  return (request, response, known) => {
    const mediaType = isPlain(request, known, maxBodyBytes) ? acceptedMediaType(request.headers.accept) : undefined
    if (mediaType === undefined) return general(request, response, known)
    let made: object | Promise<object>
    try {
      made = context(known.head)
    } catch {
      return general(request, response, known)
    }
    if (made instanceof Promise) {
      made.then(
        (late) => answerQuery({ request, response, known, mediaType, context: late }),
        () => general(request, response, known),
      )
    } else {
      answerQuery({ request, response, known, mediaType, context: made })
    }
  }
}

/** Makes the reader of documents: each is read once and kept, and `undefined` where there is something wrong with it. */
function documentReader(handler: GraphqlHandler): (query: string) => PreparedDocument | undefined {
  const documents = new PreparedDocuments(documentLimits)
  return (query) => {
    const known = documents.get(query)
    if (known !== undefined || query.length > maxDocumentLength) return known
    // By Yoga, with all that its plugins add: limits hold here as they hold there.
    const { schema, parse, validate } = handler.getEnveloped({ params: { query } })
    try {
      const parsed = parse(query)
      if (validate(schema, parsed).length > 0) return undefined
      const document = new PreparedDocument(schema, parsed)
      documents.add(query, document)
      return document
    } catch {
      return undefined
    }
  }
}

/** Whether a request has nothing about it that only the general handler knows what to make of. */
function isPlain(
  { method, url = '', headers }: IncomingMessage,
  { head }: RequestContext,
  maxBodyBytes: number,
): boolean {
  if (method === 'POST') {
    if (url !== '/graphql') return false
    const type = headers['content-type']
    if (type !== 'application/json' && type !== 'application/json; charset=utf-8') return false
    const length = Number(headers['content-length'])
    // Without a length a body has no end that is known now.
    if (!(length > 0 && length <= maxBodyBytes) || headers['content-encoding'] !== undefined) return false
  } else if (method !== 'GET' || !url.startsWith('/graphql?')) {
    return false
  }
  if (headers[traceHeader] !== undefined) return false
  const site = headers['sec-fetch-site']
  // What nearly all requests are: sent by a program, or by a page of this server without saying so.
  if (headers.origin === undefined && site === undefined) return true
  const { host, scheme } = head.sentAs
  return !isForeign({ origin: headers.origin, site: site?.toString(), host, scheme })
}

/** The same request, to be read once more. */
function withBody(request: IncomingMessage, body: Buffer): IncomingMessage {
  const { method, url, headers, socket } = request
  return Object.assign(Readable.from([body], { objectMode: false }), {
    method,
    url,
    headers,
    socket,
  }) as unknown as IncomingMessage
}
