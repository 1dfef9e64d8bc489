import { FedcacheError } from '../../errors.ts'

/** How the body of a response is read. */
export type HttpFormat = 'json' | 'text' | 'bytes'

/** One request to make. */
export interface HttpRequest {
  readonly method: string
  readonly url: string
  /** What errors call the URL. */
  readonly shown: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** How many redirects to follow; none leads to another origin. */
  readonly maxRedirects: number
  readonly timeoutMs: number
  readonly maxResponseBytes: number
  readonly format: HttpFormat
  /** Statuses that mean that there is nothing. */
  readonly notFoundStatuses: readonly number[]
  readonly signal: AbortSignal
}

/** A response with its body read. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: Headers
  /** By `format`; `null` where there is nothing. */
  readonly body: unknown
}

/**
 * Makes a request and reads the response. Errors name the method, origin and path of the request and the status, never
 * the query, headers or bodies.
 *
 * @throws FedcacheError `SOURCE_TIMEOUT` when no whole response came in time; the signal's reason when it was aborted;
 * an Error for any other status, a redirect to elsewhere, a body too large or not in its format, or no connection.
 */
export async function httpExchange(request: HttpRequest): Promise<HttpAnswer> {
  const timeout = AbortSignal.timeout(request.timeoutMs)
  try {
    return await exchange(request, AbortSignal.any([request.signal, timeout]))
  } catch (error) {
    request.signal.throwIfAborted()
    if (timeout.aborted) {
      throw new FedcacheError('SOURCE_TIMEOUT', `The source did not answer within ${request.timeoutMs} ms.`)
    }
    throw error
  }
}

async function exchange(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
  const response = await followed(request, signal)
  const { status, headers } = response
  if (status === 204 || request.notFoundStatuses.includes(status)) {
    await response.body?.cancel()
    return { status, headers, body: null }
  }
  if (!response.ok) {
    await response.body?.cancel()
    throw failed(request, `answered with status ${status}`)
  }
  return { status, headers, body: decoded(request, await bytesOf(request, response)) }
}

async function followed(request: HttpRequest, signal: AbortSignal): Promise<Response> {
  const { origin } = new URL(request.url)
  let url = request.url
  for (let redirects = 0; ; redirects++) {
    const response = await sent(request, url, signal)
    const location = response.headers.get('location')
    const isRedirect = response.status >= 300 && response.status < 400 && location !== null
    if (!isRedirect || redirects >= request.maxRedirects) return response
    await response.body?.cancel()
    // Another origin must see neither the headers, which may hold credentials, nor keys.
    if (!URL.canParse(location, url) || new URL(location, url).origin !== origin) {
      throw failed(request, 'was redirected to another origin, which is not followed')
    }
    url = new URL(location, url).href
  }
}

async function sent(request: HttpRequest, url: string, signal: AbortSignal): Promise<Response> {
  const { method, headers, body } = request
  try {
    return await fetch(url, { method, headers, signal, redirect: 'manual', ...(body === undefined ? {} : { body }) })
  } catch (error) {
    // The error of fetch may quote the URL; what is behind it is about the connection only.
    const cause = error instanceof Error ? error.cause : undefined
    const code = cause instanceof Error && 'code' in cause ? `: ${cause.code as string}` : ''
    throw failed(request, `got no response${code}`, cause)
  }
}

async function bytesOf(request: HttpRequest, response: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let length = 0
  // Leaving the loop closes the connection, so that the rest of a large body is not even received.
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength
    if (length > request.maxResponseBytes) {
      throw failed(request, `answered with more than ${request.maxResponseBytes} bytes`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, length)
}

function decoded(request: HttpRequest, bytes: Buffer): unknown {
  if (request.format === 'bytes') return new Uint8Array(bytes)
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return request.format === 'text' ? text : (JSON.parse(text) as unknown)
  } catch {
    // Without the cause: a parser's message quotes the text.
    throw failed(
      request,
      `answered with ${bytes.length} bytes that are not ${request.format === 'text' ? 'UTF-8' : 'JSON'}`,
    )
  }
}

function failed({ method, shown }: HttpRequest, what: string, cause?: unknown): Error {
  return new Error(`${method} ${shown} ${what}`, cause === undefined ? undefined : { cause })
}
