import type { GraphQLSchema } from 'graphql'
import { type YogaServerInstance, createYoga } from 'graphql-yoga'
import type { Logger, RequestHead } from '../ports/index.ts'
import type { CacheTagHeaders } from './cache-headers.ts'
import { contextOf, type OperationContext, useCaller } from './use-caller.ts'
import { documentCache } from './document-cache.ts'
import type { GraphiqlTab, Readiness } from './http-server.ts'
import type { Metrics } from './metrics.ts'
import type { OperationPlaces } from './operation-places.ts'
import { useAcceptableAnswers } from './use-acceptable-answers.ts'
import { useCacheControl } from './use-cache-control.ts'
import type { TrustedDocuments } from './trusted-documents.ts'
import { type DocumentRules, useDocumentLimits } from './use-document-limits.ts'
import { useErrorCodes } from './use-error-codes.ts'
import { useFederatedTracing } from './use-federated-tracing.ts'
import { useGraphiql } from './use-graphiql.ts'
import { useHealth } from './use-health.ts'
import { useJsonRequests } from './use-json-requests.ts'
import { useMetrics } from './use-metrics.ts'
import { useOriginGuard } from './use-origin-guard.ts'
import { useRoutes } from './use-routes.ts'
import { useSubscriptionLimit } from './use-subscription-limit.ts'
import { useTrustedDocuments } from './use-trusted-documents.ts'
import { yogaLogger } from './yoga-logger.ts'

const defaultRules = { maxDepth: 30, maxFields: 10_000, maxAliases: 5000, introspection: true }

/** What requests are answered with. */
export interface GraphqlHandlerOptions {
  readonly schema: GraphQLSchema
  readonly context: OperationContext
  /** Throws or rejects for who may not read `/metrics`. */
  readonly checkMetrics: (request: RequestHead) => void | Promise<void>
  readonly readiness: () => Readiness
  readonly metrics: Metrics
  readonly logger: Logger
  readonly maxBodyBytes: number
  readonly maxDocumentTokens: number
  /** What else documents may be like. Default: 30 deep, 10,000 fields, 5,000 aliases, with introspection. */
  readonly documents?: Partial<Omit<DocumentRules, 'maxTokens'>>
  /** Documents known beforehand. Default: none. */
  readonly trusted?: TrustedDocuments
  /** Headers that tell the tags of answers. Default: none do. */
  readonly cacheTags?: CacheTagHeaders
  /** The subscriptions that may be open at once. */
  readonly subscriptions: OperationPlaces
  /** `undefined` for no GraphiQL. */
  readonly graphiqlTabs: readonly GraphiqlTab[] | undefined
}

/** Answers requests to every path of the server, with or without a socket. */
export type GraphqlHandler = YogaServerInstance<object, object>

/** Makes the handler of requests. */
export function graphqlHandler(options: GraphqlHandlerOptions): GraphqlHandler {
  const { schema, context, logger, maxBodyBytes, graphiqlTabs, trusted } = options
  return createYoga<object, object>({
    schema,
    context: contextOf(context),
    logging: yogaLogger(logger),
    // In any other mode Yoga shows the stacks of masked errors when NODE_ENV is `development`.
    maskedErrors: { isDev: false },
    maxRequestBodySize: maxBodyBytes,
    parserAndValidationCache: { documentCache: documentCache(), errorCache: documentCache() },
    batching: false,
    extraParamNames: ['documentId'],
    multipart: false,
    cors: false,
    graphiql: false,
    landingPage: false,
    // Yoga's own health check answers before all plugins, and any address that ends like this.
    healthCheckEndpoint: '#',
    plugins: [
      useHealth(options.readiness),
      // What stands before the guard is answered to pages of other origins as well.
      ...(graphiqlTabs === undefined ? [] : [useGraphiql(graphiqlTabs)]),
      useOriginGuard(),
      useMetrics(options.metrics, options.checkMetrics),
      useRoutes(),
      // Before a body is read, and whatever it says: nothing of a stranger's operation is looked at.
      useCaller(context),
      useAcceptableAnswers(),
      useJsonRequests(maxBodyBytes),
      ...(trusted === undefined ? [] : [useTrustedDocuments(trusted)]),
      useDocumentLimits({ ...defaultRules, ...options.documents, maxTokens: options.maxDocumentTokens }),
      useErrorCodes(),
      useSubscriptionLimit(options.subscriptions),
      useCacheControl(options.cacheTags),
      useFederatedTracing(schema),
    ],
  })
}
