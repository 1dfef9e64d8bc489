import type { IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { GraphQLSchema } from 'graphql'
import type { Engine } from '../engine/engine.ts'
import { BoundedLog, type Logger, type RequestHead } from '../ports/index.ts'
import type { CacheTagHeaders } from './cache-headers.ts'
import { Admission } from './admission.ts'
import { type CertificateFiles, followCertificate } from './certificate.ts'
import { lanesOf } from './lanes.ts'
import { closed, listening, nodeServer, openOf, originOf } from './listener.ts'
import { metrics, type Reading, type Siblings } from './metrics.ts'
import { defaultTimeouts, type ServerLimits, type ServerTimeouts, underWay } from './server-limits.ts'
import { platformResponse } from './platform-response.ts'
import { serverReadings } from './server-readings.ts'
import { SlowReaders } from './slow-readers.ts'
import type { TrustedDocuments } from './trusted-documents.ts'
import type { ProxySettings } from './trusted-proxies.ts'
import type { OperationContext } from './use-caller.ts'
import type { DocumentRules } from './use-document-limits.ts'

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
  /** Proxies in front of this server that are believed. Default: none. */
  readonly proxies?: ProxySettings
  /** How much may be under way at once. Default: 20,000 operations, 1,000 of them on one WebSocket; 10,000 subscriptions and WebSockets. */
  readonly limits?: Partial<ServerLimits>
  /** How long clients may take. Default: 10 s for a head, 60 s for a request, 30 s to read. */
  readonly timeouts?: Partial<ServerTimeouts>
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
   * listening; what takes longer than `graceMs` is cut off. Closing twice closes once, and
   * what was closed does not listen any more: `listen` rejects.
   */
  close(graceMs: number): Promise<void>
  /** Answers one request without a socket: the same paths, the same guards but the check of the `Host` header. */
  fetch(request: Request): Promise<Response>
}

/** Makes an HTTP server. It listens when told to. */
export function httpServer(options: HttpServerOptions): HttpServer {
  const { host = '127.0.0.1', port = 4000, logger, tls } = options
  const timeouts = { ...defaultTimeouts, ...options.timeouts }
  const busy = underWay(options.limits)
  const log = new BoundedLog(logger)
  const slowReaders = new SlowReaders({ timeoutMs: timeouts.slowClientMs, bytesPerSecond: timeouts.minBytesPerSecond })
  const readings = serverReadings(busy, slowReaders, () => sockets.size)
  const numbers = metrics(options.engine, [...(options.readings ?? []), ...readings], options.siblings)
  const { handler, respond, sockets } = lanesOf(options, {
    metrics: numbers,
    underWay: busy,
    timeouts,
    slowReaders,
    log,
  })
  const { allowedHosts, proxies } = options
  const admission = new Admission({ host, allowedHosts, proxies, underWay: busy })
  const { server, secure, connection } = nodeServer(timeouts, tls !== undefined, (request, response) => {
    open.begin(response)
    admission.request(request, response, respond)
  })
  const open = openOf(server, numbers)
  let stopFollowing = (): void => {}
  let opening: Promise<unknown> = Promise.resolve()
  let closing: Promise<void> | undefined
  server.on(connection, (socket: Socket) => {
    slowReaders.watch(socket, (waitingBytes) => {
      log.warn({ clientAddress: socket.remoteAddress, waitingBytes }, 'a client that reads too slowly was cut off')
      socket.destroy()
    })
  })
  server.on('upgrade', (request: IncomingMessage, socket: Socket, first: Buffer) => {
    admission.upgrade(request, socket, first, sockets)
  })
  const listen: HttpServer['listen'] = async () => {
    if (secure !== undefined && tls !== undefined) stopFollowing = await followCertificate(secure, tls, logger)
    await listening(server, host, port)
    const address = server.address() as AddressInfo
    const origin = originOf(host, address.port, secure === undefined ? 'http' : 'https')
    return { origin, url: `${origin}/graphql`, port: address.port }
  }
  const close = async (graceMs: number): Promise<void> => {
    // What is about to listen can be closed only when it does.
    await opening.catch(() => {})
    stopFollowing()
    if (server.listening) await closed(server, sockets, open, graceMs)
    slowReaders.stop()
  }
  return {
    listen: () => {
      if (closing !== undefined) return Promise.reject(new Error('This server was closed.'))
      const listened = listen()
      opening = listened
      return listened
    },
    close: (graceMs) => (closing ??= close(graceMs)),
    fetch: (request) =>
      admission.fetched(request, async (admitted) => platformResponse(await handler.fetch(admitted), admitted.signal)),
  }
}
