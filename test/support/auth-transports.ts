import { createHash } from 'node:crypto'
import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import type { Fedcache } from '../../src/server.ts'
import type { Answer } from './served-cache.ts'

/** An answer, and the HTTP status where it came with one. */
export interface Outcome extends Answer {
  readonly status?: number
  /** Code with which a WebSocket was closed before it answered. */
  readonly closed?: number
}

/** An operation as a client sends it. */
export interface Sent {
  readonly query: string
  readonly variables?: Readonly<Record<string, unknown>>
  /** Sent as `Authorization`. */
  readonly authorization?: string
  /** Sends the id of the document in place of it. */
  readonly byId?: boolean
  /** Sends it so that the short way for plain queries is not taken. */
  readonly isPlain?: boolean
}

/** Sends an operation, and gives its answer; of a subscription the first that is no error, or that there is none. */
export type Transport = (fedcache: Fedcache, url: string, sent: Sent) => Promise<Outcome>

const started = { data: 'STARTED' }

function requestOf(url: string, sent: Sent, method: string, accept: string): Request {
  const { query, variables, authorization, byId = false, isPlain = true } = sent
  const headers = { accept, ...(authorization === undefined ? {} : { authorization }) }
  const id = `sha256:${createHash('sha256').update(query).digest('hex')}`
  const document: Record<string, string> = byId ? { documentId: id } : { query }
  if (method === 'GET') {
    const search = new URLSearchParams({ ...document, variables: JSON.stringify(variables ?? {}) })
    return new Request(`${url}${isPlain ? '' : '/'}?${search.toString()}`, { headers })
  }
  return new Request(url, {
    method,
    headers: { ...headers, 'content-type': isPlain ? 'application/json' : 'application/json;charset=UTF-8' },
    body: JSON.stringify({ ...document, variables }),
  })
}

async function outcomeOf(response: Response, { query }: Sent): Promise<Outcome> {
  const { status } = response
  if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true) {
    return { status, ...((await response.json()) as Answer) }
  }
  // What there is at once is an error or an answer; a subscription that was let in says nothing until something happens.
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const quiet = quietOf(query)
  for (;;) {
    const part = await Promise.race([reader.read(), quiet])
    if (part === undefined) {
      await reader.cancel()
      return { status, ...started }
    }
    text += part.value ?? ''
    const data = /^event: next\ndata: (.*)$/m.exec(text)?.[1]
    if (data !== undefined) {
      await reader.cancel()
      return { status, ...(JSON.parse(data) as Answer) }
    }
    if (part.done) throw new Error(`the stream ended with ${JSON.stringify(text)}`)
  }
}

/**
 * Resolves when a subscription has said nothing for a while: that nothing comes is what is waited for. Everything else
 * always answers, however long it takes.
 */
function quietOf(query: string): Promise<undefined> {
  return new Promise((resolve) => {
    if (query.includes('subscription')) setTimeout(() => resolve(undefined), 500)
  })
}

/** Sends over graphql-transport-ws, with these credentials in the upgrade and those in `connection_init`. */
function overWebSocket(url: string, sent: Sent, inHeader: boolean): Promise<Outcome> {
  const { query, variables, authorization } = sent
  const credentials = authorization === undefined ? {} : { authorization }
  class Socket extends WebSocket {
    constructor(address: string, protocols?: string | string[]) {
      super(address, protocols, { headers: inHeader ? credentials : {} })
    }
  }
  const client = createClient({
    url: url.replace('http', 'ws'),
    webSocketImpl: Socket,
    retryAttempts: 0,
    ...(inHeader ? {} : { connectionParams: credentials }),
  })
  return new Promise<Outcome>((resolve, reject) => {
    client.on('connected', () => void quietOf(query).then(() => resolve(started)))
    client.subscribe<unknown>(
      { query, ...(variables === undefined ? {} : { variables }) },
      {
        next: (answer) => resolve(answer as Outcome),
        complete: () => {},
        error: (error) => {
          if (Array.isArray(error)) resolve({ errors: error as NonNullable<Answer['errors']> })
          else if (typeof error === 'object' && error !== null && 'code' in error)
            resolve({ closed: Number(error.code) })
          else reject(error instanceof Error ? error : new Error(String(error)))
        },
      },
    )
  }).finally(() => void client.dispose())
}

/** Every way to send an operation, by name. */
export const transports: Readonly<Record<string, Transport>> = {
  POST: async (_fedcache, url, sent) => outcomeOf(await fetch(requestOf(url, sent, 'POST', 'application/json')), sent),
  GET: async (_fedcache, url, sent) => outcomeOf(await fetch(requestOf(url, sent, 'GET', 'application/json')), sent),
  'POST, the general way': async (_fedcache, url, sent) =>
    outcomeOf(await fetch(requestOf(url, { ...sent, isPlain: false }, 'POST', 'application/json')), sent),
  'GET, the general way': async (_fedcache, url, sent) =>
    outcomeOf(await fetch(requestOf(url, { ...sent, isPlain: false }, 'GET', 'application/json')), sent),
  'POST of an id': async (_fedcache, url, sent) =>
    outcomeOf(await fetch(requestOf(url, { ...sent, byId: true }, 'POST', 'application/json')), sent),
  'GET of an id': async (_fedcache, url, sent) =>
    outcomeOf(await fetch(requestOf(url, { ...sent, byId: true }, 'GET', 'application/json')), sent),
  'SSE by POST': async (_fedcache, url, sent) =>
    outcomeOf(await fetch(requestOf(url, sent, 'POST', 'text/event-stream')), sent),
  'SSE by GET': async (_fedcache, url, sent) =>
    outcomeOf(await fetch(requestOf(url, sent, 'GET', 'text/event-stream')), sent),
  'WebSocket, credentials in connection_init': (_fedcache, url, sent) => overWebSocket(url, sent, false),
  'WebSocket, credentials in the header': (_fedcache, url, sent) => overWebSocket(url, sent, true),
  'fetch without a socket': async (fedcache, _url, sent) =>
    outcomeOf(await fedcache.fetch(requestOf('http://localhost/graphql', sent, 'POST', 'application/json')), sent),
}
