import type { IncomingMessage } from 'node:http'
import type { RequestHead } from '../ports/index.ts'
import type { SentAs, SentAsReader } from './trusted-proxies.ts'

/** The head of a request that came over a socket, as its client sent it. Reads only what it is asked for. */
export class NodeRequestHead implements RequestHead {
  readonly #request: IncomingMessage
  readonly #read: SentAsReader
  #sentAs: SentAs | undefined

  constructor(request: IncomingMessage, read: SentAsReader) {
    this.#request = request
    this.#read = read
  }

  /** From where, how and under which name, seen from before the trusted proxies. */
  get sentAs(): SentAs {
    this.#sentAs ??= this.#read(this.#request)
    return this.#sentAs
  }

  get method(): string {
    return this.#request.method ?? ''
  }

  get url(): string {
    const { scheme = 'http', host } = this.sentAs
    return `${scheme}://${host}${this.#request.url}`
  }

  get headers(): RequestHead['headers'] {
    return { get: (name) => headerOf(this.#request, name) }
  }

  get clientAddress(): string | undefined {
    return this.sentAs.address
  }
}

function headerOf({ headers }: IncomingMessage, name: string): string | null {
  const value = headers[name.toLowerCase()]
  return Array.isArray(value) ? value.join(', ') : (value ?? null)
}
