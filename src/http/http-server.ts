import { STATUS_CODES, type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { GraphQLSchema } from 'graphql'
import type { Engine } from '../engine/engine.ts'
import type { Logger, RequestHead } from '../ports/index.ts'
import type { CacheTagHeaders } from './cache-headers.ts'
import { type CertificateFiles, followCertificate } from './certificate.ts'
import { graphqlHandler } from './graphql-handler.ts'
import { closed, listening, openOf, originOf } from './listener.ts'
import { metrics, type Reading, type Siblings } from './metrics.ts'
import { preparedLane } from './prepared/prepared-lane.ts'
import { answerWriter } from './prepared/write-answer.ts'
import { hostGuard } from './request-guard.ts'
import { refusalOf, refuse, upgradeRefusalOf } from './socket-refusals.ts'
import type { TrustedDocuments } from './trusted-documents.ts'
import type { OperationContext } from './use-caller.ts'
import type { DocumentRules } from './use-document-limits.ts'
import { webSockets } from './web-sockets.ts'
import { yogaLogger } from './yoga-logger.ts'

/** Whether this process should be sent traffic, as `/ready` tells it. */
export interface Readiness {
  /** False until the process has joined and again while it leaves; `/ready` then answers 503. */
  readonly ready: boolean
  /** Whether it serves what it can without the rest of the cluster. */
  readonly degraded: boolean
  /** Why it is not ready, or degraded; `null` when there is nothing to say. */
  readonly reason: string | null
}

/** A query that GraphiQL opens with. */
export interface GraphiqlTab {
  readonly query: string
  /** Variables by name. */
  readonly variables?: Readonly<Record<string, unknown>>
}

/** What an HTTP server is made of. */
export interface HttpServerOptions {
  /** What `/graphql` executes. */
  readonly schema: GraphQLSchema
  /**
   * Makes the context of one operation, as its sender may execute it; called anew for each. Whatever executes operations
   * has its engine from here. Throws or rejects with a FedcacheError where the sender is not known.
   */
  readonly context: OperationContext
  /** Throws or rejects with a FedcacheError for who may not read `/metrics`. Default: everyone may. */
  readonly checkMetrics?: (request: RequestHead) => void | Promise<void>
  /** Read for `/metrics` only. */
  readonly engine: Engine
  /** Numbers of other parts of the process, for `/metrics`. Default: none. */
  readonly readings?: readonly Reading[]
  /** Processes behind the same port, whose numbers `/metrics` tells as well. Default: none. */
  readonly siblings?: Siblings
  readonly readiness: () => Readiness
  readonly logger: Logger
  /** Address to listen on. Default `127.0.0.1`. */
  readonly host?: string
  /** Port to listen on; 0 takes a free one. Default 4000. */
  readonly port?: number
  /** The most bytes a request's body, or a WebSocket message, may have. Default 16 MiB. */
  readonly maxBodyBytes?: number
  /** The most lexical tokens a GraphQL document may have. Default 30,000. */
  readonly maxDocumentTokens?: number
  /** What else documents may be like. Default: 30 deep, 10,000 fields, 5,000 aliases, with introspection. */
  readonly documents?: Partial<Omit<DocumentRules, 'maxTokens'>>
  /** Certificate and key, for HTTPS. Default: none, and HTTP. */
  readonly tls?: CertificateFiles
  /** Documents known beforehand. Default: none. */
  readonly trusted?: TrustedDocuments
  /** Headers that tell shared caches the tags of answers. Default: none do. */
  readonly cacheTags?: CacheTagHeaders
  /** GraphiQL for browsers, with the tabs it opens with; `false` turns it off. Default: on, no tabs of its own. */
  readonly graphiql?: false | { readonly tabs?: readonly GraphiqlTab[] }
  /**
   * Names, without port, under which a server that listens on a loopback address answers beside `localhost` and
   * loopback addresses: those that a reverse proxy on this machine passes on. A server that listens elsewhere
   * answers under any name unless this is given. Why: a web page can point a name of its own at 127.0.0.1.
   */
  readonly allowedHosts?: readonly string[]
}

/** A GraphQL server with its health and metrics endpoints. */
export interface HttpServer {
  /**
   * Starts listening. Rejects when the address is taken.
   *
   * @returns `origin`, such as `http://localhost:4000`, and `url`, the GraphQL endpoint below it.
   */
  listen(): Promise<{ readonly origin: string; readonly url: string; readonly port: number }>
  /**
   * Cuts subscriptions (WebSockets with 1001), answers the requests in flight, accepting others until then, and stops
   * listening; what takes longer than `graceMs` is cut off. Closing twice, or what never listened, does nothing. A
   * server that was closed does not listen again.
   */
  close(graceMs: number): Promise<void>
  /** Answers one request without a socket: the same paths, the same guards but the check of the `Host` header. */
  fetch(request: Request): Promise<Response>
}

// A client gets this long to send its headers, and its whole request.
const headersTimeoutMs = 10_000
const requestTimeoutMs = 60_000

/** Makes an HTTP server. It listens when told to. */
export function httpServer(options: HttpServerOptions): HttpServer {
  const { host = '127.0.0.1', port = 4000, maxBodyBytes = 16 * 2 ** 20 } = options
  const numbers = metrics(options.engine, options.readings, options.siblings)
  const handler = graphqlHandler({
    ...options,
    checkMetrics: options.checkMetrics ?? (() => {}),
    metrics: numbers,
    maxBodyBytes,
    maxDocumentTokens: options.maxDocumentTokens ?? 30_000,
    graphiqlTabs: options.graphiql === false ? undefined : (options.graphiql?.tabs ?? []),
  })
  const respond = preparedLane({
    handler,
    general: (request, response, known) => {
      // A header set ahead also makes Node keep those that are written later where they can be read: see isStream.
      response.setHeader('x-content-type-options', 'nosniff')
      void handler(request as never, response as never, known as never)
    },
    context: options.context,
    maxBodyBytes,
    answer: answerWriter(yogaLogger(options.logger).error, options.cacheTags),
  })
  const sockets = webSockets(handler, options.context, maxBodyBytes)
  const isNamed = hostGuard(host, options.allowedHosts)
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    open.begin(response)
    const refusal = refusalOf(request, isNamed)
    if (refusal !== undefined) return refuse(response, refusal)
    respond(request, response)
  }
  const timeouts = {
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: 5000,
  }
  const secure = options.tls === undefined ? undefined : createSecureServer(timeouts, answer)
  const server = secure ?? createServer(timeouts, answer)
  let stopFollowing = (): void => {}
  const open = openOf(server, numbers)
  let closing: Promise<void> | undefined
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refusal = refusalOf(request, isNamed) ?? upgradeRefusalOf(request)
    if (refusal === undefined) sockets.upgrade(request, socket, head)
    else socket.end(`HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\nconnection: close\r\n\r\n`)
  })
  return {
    listen: async () => {
      if (secure !== undefined && options.tls !== undefined) {
        stopFollowing = await followCertificate(secure, options.tls, options.logger)
      }
      await listening(server, host, port)
      const address = server.address() as AddressInfo
      const origin = originOf(host, address.port, secure === undefined ? 'http' : 'https')
      return { origin, url: `${origin}/graphql`, port: address.port }
    },
    close: async (graceMs) => {
      stopFollowing()
      if (server.listening) closing ??= closed(server, sockets, open, graceMs)
      await closing
    },
    fetch: async (request) => handler.fetch(request),
  }
}
