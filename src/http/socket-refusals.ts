import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { errorBody } from './http-error.ts'
import type { NodeRequestHead } from './node-request-head.ts'
import { isForeign } from './request-guard.ts'

/** Why a request that came over a socket is not even looked at. */
export interface Refusal {
  readonly status: number
  readonly code: string
  readonly message: string
  /** When to come back, in seconds. */
  readonly retryAfterSeconds?: number
}

/** What is refused because there is too much of it now. */
export function tooMany(message: string): Refusal {
  return { status: 503, code: 'BUSY', message: `${message} Try again later, or elsewhere.`, retryAfterSeconds: 1 }
}

/** What is wrong with the address that a request names, `undefined` when nothing is. */
export function refusalOf(
  { url = '', headers }: IncomingMessage,
  { sentAs }: NodeRequestHead,
  isNamed: (hostHeader: string | undefined) => boolean,
): Refusal | undefined {
  // Proxies send whole addresses; this is none. What cannot be read as an address must not reach what relies on it.
  if (url !== '/graphql' && (!url.startsWith('/') || URL.parse(`http://localhost${url}`) === null)) {
    return { status: 400, code: 'BAD_REQUEST', message: 'The address of the request cannot be read.' }
  }
  // A page that pointed its name at the proxy is no better than one that pointed it here.
  if (isNamed(headers.host) && (sentAs.host === headers.host || isNamed(sentAs.host))) return undefined
  const message = 'This server does not answer under the name in the Host header. Add it to the allowed hosts.'
  return { status: 403, code: 'FORBIDDEN', message }
}

/** Why a connection may not become a WebSocket, `undefined` when it may. */
export function upgradeRefusalOf(
  { url = '', headers }: IncomingMessage,
  { sentAs: { host, scheme } }: NodeRequestHead,
): Refusal | undefined {
  const { pathname } = new URL(url, 'http://localhost')
  if (pathname !== '/graphql' && pathname !== '/graphql/') {
    return { status: 404, code: 'NOT_FOUND', message: 'WebSockets are at /graphql.' }
  }
  const site = headers['sec-fetch-site']
  // Browsers let any page open a WebSocket anywhere; its Origin is all that a server has to go by.
  if (isForeign({ origin: headers.origin, site: site?.toString(), host, scheme })) {
    return { status: 403, code: 'FORBIDDEN', message: 'Requests from web pages of other origins are refused.' }
  }
  return undefined
}

/** Answers a request that is refused. */
export function refuse(response: ServerResponse, { status, code, message, retryAfterSeconds }: Refusal): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'x-content-type-options': 'nosniff',
    ...(retryAfterSeconds === undefined ? { connection: 'close' } : { 'retry-after': String(retryAfterSeconds) }),
  })
  response.end(errorBody(message, code))
}

/** The same for a connection that asked to become a WebSocket. */
export function refuseUpgrade(socket: Duplex, { status, retryAfterSeconds }: Refusal): void {
  const later = retryAfterSeconds === undefined ? '' : `retry-after: ${retryAfterSeconds}\r\n`
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${later}connection: close\r\n\r\n`)
}
