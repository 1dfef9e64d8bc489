// Answers that have no body.
const bodiless: ReadonlySet<number> = new Set([204, 205, 304])

/**
 * The same response in the classes of this runtime, which others know. Yoga's own are made for sockets: nobody can read
 * them as web streams, and events that are given up before the first of them was read would never end.
 *
 * @param signal ends an answer that goes on, as a client does that hangs up.
 */
export function platformResponse({ status, statusText, headers, body }: Response, signal: AbortSignal): Response {
  const init = { status, statusText, headers: Array.from(headers) }
  return new Response(body === null || bodiless.has(status) ? null : streamOf(body, signal), init)
}

function streamOf(body: ReadableStream<Uint8Array>, signal: AbortSignal): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  let stopListening = (): void => {}
  return new ReadableStream({
    start: (controller) => {
      const abort = (): void => {
        controller.error(signal.reason)
        void body.cancel()
      }
      signal.addEventListener('abort', abort)
      stopListening = () => signal.removeEventListener('abort', abort)
    },
    pull: async (controller) => {
      const { done, value } = await reader.read()
      if (signal.aborted) return
      if (!done) return controller.enqueue(value)
      stopListening()
      controller.close()
    },
    cancel: async () => {
      stopListening()
      // Not by the reader, which would wait for a reading that is under way; Yoga's streams know no locks.
      await body.cancel()
    },
  })
}
