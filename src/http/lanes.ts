import type { BoundedLog } from '../ports/index.ts'
import { graphqlHandler, type GraphqlHandler } from './graphql-handler.ts'
import type { HttpServerOptions } from './http-server.ts'
import type { Metrics } from './metrics.ts'
import { preparedLane, type RequestListener } from './prepared/prepared-lane.ts'
import { answerWriter } from './prepared/write-answer.ts'
import type { ServerTimeouts, UnderWay } from './server-limits.ts'
import type { SlowReaders } from './slow-readers.ts'
import { webSockets, type WebSockets } from './web-sockets.ts'
import { yogaLogger } from './yoga-logger.ts'

/** What the lanes of a server share. */
export interface LaneParts {
  readonly metrics: Metrics
  readonly underWay: UnderWay
  readonly timeouts: ServerTimeouts
  readonly slowReaders: SlowReaders
  readonly log: BoundedLog
}

/** The ways by which operations are answered. */
export interface Lanes {
  /** Answers requests of every kind, with or without a socket. */
  readonly handler: GraphqlHandler
  /** Answers requests that came over a socket, plain ones the short way. */
  readonly respond: RequestListener
  readonly sockets: WebSockets
}

/** Makes all lanes of one server. */
export function lanesOf(
  options: HttpServerOptions,
  { metrics, underWay, timeouts, slowReaders, log }: LaneParts,
): Lanes {
  const { context, maxBodyBytes = 16 * 2 ** 20, logger, trusted } = options
  const logError = yogaLogger(logger).error
  const handler = graphqlHandler({
    ...options,
    checkMetrics: options.checkMetrics ?? (() => {}),
    metrics,
    maxBodyBytes,
    maxDocumentTokens: options.maxDocumentTokens ?? 30_000,
    subscriptions: underWay.subscriptions,
    graphiqlTabs: options.graphiql === false ? undefined : (options.graphiql?.tabs ?? []),
  })
  const respond = preparedLane({
    handler,
    general: (request, response, known) => {
      // A header set ahead also makes Node keep those that are written later where they can be read: see isStream.
      response.setHeader('x-content-type-options', 'nosniff')
      void handler(request as never, response as never, known as never)
    },
    context,
    maxBodyBytes,
    ...(trusted === undefined ? {} : { trusted }),
    answer: answerWriter(logError, options.cacheTags),
  })
  const sockets = webSockets({
    handler,
    context,
    maxMessageBytes: maxBodyBytes,
    timeouts,
    maxWaitingBytes: underWay.limits.maxWaitingBytes,
    maxOperations: underWay.limits.maxOperationsPerWebSocket,
    operations: underWay.operations,
    slowReaders,
    log,
    logError,
  })
  return { handler, respond, sockets }
}
