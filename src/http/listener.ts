import type { IncomingMessage, Server, ServerResponse } from 'node:http'
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

/**
 * Closes a server: no new connections, streams cut so that their clients go elsewhere, WebSockets closed with 1001,
 * requests in flight answered. What is left after `graceMs` is cut off.
 */
export async function closed(
  server: Server,
  webSockets: WebSockets,
  inFlight: ReadonlySet<ServerResponse>,
  graceMs: number,
): Promise<void> {
  if (!server.listening) return
  const serverClosed = new Promise<void>((resolve) => server.close(() => resolve()))
  for (const response of inFlight) {
    if (response.headersSent && isStream(response)) response.destroy()
    // A client that keeps its connection would send its next request to a server that is gone.
    else if (!response.headersSent) response.shouldKeepAlive = false
  }
  const grace = setTimeout(() => {
    webSockets.terminate()
    server.closeAllConnections()
  }, graceMs)
  await Promise.all([serverClosed, webSockets.close()])
  clearTimeout(grace)
}
