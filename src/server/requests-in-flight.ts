import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

const channel = 'http.server.request.start'
const pollMs = 20

/**
 * Knows the HTTP requests of one port that are not answered yet, as Node.js itself tells of them. Subscriptions do not
 * count: they have no end to wait for.
 */
export class RequestsInFlight {
  readonly #port: number
  readonly #responses = new Set<ServerResponse>()

  constructor(port: number) {
    this.#port = port
    subscribe(channel, this.#onRequest)
  }

  /**
   * Waits for the requests that are in flight now to be answered, at most `graceMs`; not for those that come while it
   * waits. Call it once: afterwards no more are noticed.
   */
  async answered(graceMs: number): Promise<void> {
    unsubscribe(channel, this.#onRequest)
    const deadline = performance.now() + graceMs
    while ([...this.#responses].some((response) => !isStream(response)) && performance.now() < deadline) {
      await delay(pollMs)
    }
  }

  readonly #onRequest = (message: unknown): void => {
    const { response, socket } = message as { readonly response: ServerResponse; readonly socket: Socket }
    if (socket.localPort !== this.#port) return
    this.#responses.add(response)
    response.once('close', () => this.#responses.delete(response))
  }
}

function isStream(response: ServerResponse): boolean {
  return (
    response.headersSent && /^(text\/event-stream|multipart\/mixed)/.test(String(response.getHeader('content-type')))
  )
}
