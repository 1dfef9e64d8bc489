import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import type { Metrics } from './metrics.ts'
import type { WebSockets } from './web-sockets.ts'

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
export function originOf(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return `http://${name}:${port}`
}

/** Counts a request once it has been answered. */
export function observe(request: IncomingMessage, response: ServerResponse, metrics: Metrics): void {
  const startedAt = performance.now()
  response.once('close', () => {
    if (isStream(response)) return
    metrics.answered({
      method: request.method ?? '',
      path: request.url?.split('?')[0] ?? '',
      status: response.statusCode,
      seconds: (performance.now() - startedAt) / 1000,
    })
  })
}

function isStream(response: ServerResponse): boolean {
  const type = String(response.getHeader('content-type') ?? '')
  return type.startsWith('text/event-stream') || type.startsWith('multipart/mixed')
}

/** What a server has open. */
export interface Open {
  readonly responses: ReadonlySet<ServerResponse>
  readonly sockets: ReadonlySet<Socket>
}

/** Keeps account of what a server has open: answers that are not complete, and connections that speak HTTP. */
export function openOf(server: Server): Open {
  const responses = new Set<ServerResponse>()
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('upgrade', (_request, socket: Socket) => sockets.delete(socket))
  server.on('request', (_request, response) => {
    responses.add(response)
    response.once('close', () => {
      responses.delete(response)
      // Connections that become idle while the server closes would stay until they time out.
      if (!server.listening) server.closeIdleConnections()
    })
  })
  return { responses, sockets }
}

/**
 * Closes a server: no new connections, streams cut so that their clients go elsewhere, WebSockets closed with 1001,
 * requests in flight answered. What is left after `graceMs` is cut off.
 */
export async function closed(server: Server, webSockets: WebSockets, open: Open, graceMs: number): Promise<void> {
  if (!server.listening) return
  const serverClosed = new Promise<void>((resolve) => server.close(() => resolve()))
  for (const response of open.responses) {
    if (response.headersSent && isStream(response)) response.destroy()
    // A client that keeps its connection would send its next request to a server that is gone.
    else if (!response.headersSent) response.shouldKeepAlive = false
  }
  const grace = setTimeout(() => {
    webSockets.terminate()
    server.closeAllConnections()
  }, graceMs)
  // Browsers connect ahead of need. Node does not count a connection as idle that has not carried a request yet; the
  // turn of the event loop lets those in that have just sent one.
  await setImmediate()
  for (const socket of open.sockets) if (socket.bytesRead === 0) socket.destroy()
  await Promise.all([serverClosed, webSockets.close()])
  clearTimeout(grace)
}
