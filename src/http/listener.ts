import { createServer, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https'
import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import type { Metrics } from './metrics.ts'
import { OpenResponse, OpenResponses } from './open-responses.ts'
import type { ServerTimeouts } from './server-limits.ts'
import type { WebSockets } from './web-sockets.ts'
import { WholeBodyRequest } from './whole-body-request.ts'

/** A server, not listening yet. */
export interface NodeServer {
  readonly server: Server
  /** The same, where it speaks TLS; it has no certificate yet. */
  readonly secure: SecureServer | undefined
  /** The event that tells of a connection over which requests may come. */
  readonly connection: 'connection' | 'secureConnection'
}

/** The most bytes that the head of a request may have. */
const maxHeadBytes = 16_384

/** Makes a server that waits for slow requests no longer than it is told to. */
export function nodeServer(
  timeouts: ServerTimeouts,
  isSecure: boolean,
  answer: (request: WholeBodyRequest, response: OpenResponse) => void,
): NodeServer {
  const { headersMs, requestMs, keepAliveMs } = timeouts
  const options = {
    headersTimeout: Math.min(headersMs, requestMs),
    requestTimeout: requestMs,
    keepAliveTimeout: keepAliveMs,
    maxHeaderSize: maxHeadBytes,
    IncomingMessage: WholeBodyRequest,
    ServerResponse: OpenResponse,
    // How often it looks for requests that took too long.
    connectionsCheckingInterval: Math.ceil(Math.min(headersMs, requestMs) / 4),
  }
  if (!isSecure) return { server: createServer(options, answer), secure: undefined, connection: 'connection' }
  const secure = createSecureServer({ ...options, handshakeTimeout: headersMs }, answer)
  return { server: secure, secure, connection: 'secureConnection' }
}

/** Starts listening; rejects when the address cannot be had. */
export function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** Where a server is reached that listens on that address; on this machine, where it listens on all addresses. */
export function originOf(host: string, port: number, scheme: 'http' | 'https' = 'http'): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return `${scheme}://${name}:${port}`
}

/** What a server has open. */
export interface Open {
  /** Answers that are not complete now. */
  responses(): readonly OpenResponse[]
  /** Connections that speak HTTP. */
  readonly sockets: ReadonlySet<Socket>
  /** Notes that an answer has begun; it is counted, and gives back its place, when it has ended. */
  begin(response: OpenResponse): void
}

/** Keeps account of what a server has open, and of how long its answers took. */
export function openOf(server: Server, metrics: Metrics): Open {
  const responses = new OpenResponses()
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('upgrade', (_request, socket: Socket) => sockets.delete(socket))
  // One function for all answers, and not one made for each.
  function end(this: OpenResponse): void {
    const seconds = (performance.now() - this.startedAtMs) / 1000
    responses.delete(this)
    this.place?.leave()
    // Connections that become idle while the server closes would stay until they time out.
    if (!server.listening) server.closeIdleConnections()
    if (isStream(this)) return
    const { method = '', url = '' } = this.req
    const search = url.indexOf('?')
    const path = search === -1 ? url : url.slice(0, search)
    metrics.answered({ method, path, status: this.statusCode, seconds })
  }
  return {
    responses: () => responses.all(),
    sockets,
    begin: (response) => {
      responses.add(response)
      response.on('close', end)
    },
  }
}

function isStream(response: ServerResponse): boolean {
  const type = String(response.getHeader('content-type') ?? '')
  return type.startsWith('text/event-stream') || type.startsWith('multipart/mixed')
}

/**
 * Closes a server: streams are cut so that their clients go elsewhere, requests in flight answered, WebSockets closed
 * with 1001. While requests that it began with are in flight it still accepts, so that whoever asks `/ready` hears that
 * it leaves. What is left after `graceMs` is cut off.
 */
export async function closed(server: Server, webSockets: WebSockets, open: Open, graceMs: number): Promise<void> {
  let graceIsOver = false
  const cutOff = () => {
    graceIsOver = true
    webSockets.terminate()
    server.closeAllConnections()
  }
  const grace = setTimeout(cutOff, graceMs)
  const socketsClosed = webSockets.close()
  leave(open.responses())
  await completed(open.responses())
  const serverClosed = new Promise<void>((resolve) => server.close(() => resolve()))
  leave(open.responses())
  // Browsers connect ahead of need. Node does not count a connection as idle that has not carried a request yet; the
  // turn of the event loop lets those in that have just sent one.
  await setImmediate()
  for (const socket of open.sockets) if (socket.bytesRead === 0) socket.destroy()
  if (graceIsOver) cutOff()
  await Promise.all([serverClosed, socketsClosed])
  clearTimeout(grace)
}

function leave(responses: Iterable<ServerResponse>): void {
  for (const response of responses) {
    if (response.headersSent && isStream(response)) response.destroy()
    // A client that keeps its connection would send its next request to a server that is gone.
    else if (!response.headersSent) response.shouldKeepAlive = false
  }
}

/** Waits for the answers that are under way now, and not for those that come while it waits. */
async function completed(responses: Iterable<ServerResponse>): Promise<void> {
  await Promise.all(Array.from(responses, (response) => new Promise((resolve) => response.once('close', resolve))))
}
