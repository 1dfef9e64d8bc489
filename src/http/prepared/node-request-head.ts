import type { IncomingMessage } from 'node:http'
import type { RequestHead } from '../../ports/index.ts'

/** The head of a request that came over a socket, in the shape of the one that Yoga makes. */
export class NodeRequestHead implements RequestHead {
  readonly #request: IncomingMessage

  constructor(request: IncomingMessage) {
    this.#request = request
  }

  get method(): string {
    return this.#request.method ?? ''
  }

  get url(): string {
    return `http://${this.#request.headers.host}${this.#request.url}`
  }

  get headers(): RequestHead['headers'] {
    return { get: (name) => headerOf(this.#request, name) }
  }
}

function headerOf({ headers }: IncomingMessage, name: string): string | null {
  const value = headers[name.toLowerCase()]
  return Array.isArray(value) ? value.join(', ') : (value ?? null)
}
