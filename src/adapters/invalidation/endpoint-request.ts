/** One request to a cache that is to drop something. */
export interface EndpointRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
  readonly signal: AbortSignal
}

const longestAnswerBytes = 2 ** 16
const refusals: ReadonlySet<number> = new Set([400, 413, 414, 422, 431])

/**
 * Makes a request, of whose answer only the status counts. Redirects are not followed: another address must not see what
 * the headers hold. Errors name the method, the origin and the status, and nothing of the path, query, headers or body,
 * where secrets may be.
 *
 * @throws Error for any status but 2xx, and where there is no answer; the signal's reason when it was aborted. `refused`
 * where the status says that this request is wrong, and not its sender, time or place.
 */
export async function requestEndpoint({ method, url, headers, body, signal }: EndpointRequest): Promise<void> {
  const shown = `${method} ${new URL(url).origin}`
  let response: Response
  try {
    const options = { method, headers: { 'user-agent': 'fedcache', ...headers }, redirect: 'manual', signal } as const
    response = await fetch(url, body === undefined ? options : { ...options, body })
  } catch (error) {
    signal.throwIfAborted()
    // The error of fetch may quote the URL; what is behind it is about the connection only.
    const cause = error instanceof Error ? error.cause : undefined
    const code = cause instanceof Error && 'code' in cause ? `: ${cause.code as string}` : ''
    throw new Error(`${shown} got no response${code}`, cause === undefined ? undefined : { cause })
  }
  // Only a connection whose answers were read to their end can be used again. Leaving the loop closes it.
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength
    if (length > longestAnswerBytes) break
  }
  const { status } = response
  if (response.ok) return
  throw Object.assign(new Error(`${shown} answered with status ${status}`), { refused: refusals.has(status) })
}
