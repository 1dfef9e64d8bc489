import type { IncomingMessage, ServerResponse } from 'node:http'
import { bodyOf, type HttpOrigin, httpOrigin } from './http-origin.ts'

/** A request that told what to drop. */
export interface ReceivedRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** How a receiver answers: it takes requests, fails, never answers, or closes the connection. */
export type ReceiverMode = 'take' | 'hang' | 'cut' | { readonly status: number }

/** A real server that caches are told through. */
export class InvalidationReceiver implements AsyncDisposable {
  /** The requests that it took, in order. */
  readonly taken: ReceivedRequest[] = []
  /** The requests that it did not take. */
  readonly refused: ReceivedRequest[] = []
  mode: ReceiverMode = 'take'
  #origin: HttpOrigin | undefined
  readonly #waiting: { readonly isEnough: () => boolean; readonly found: () => void }[] = []
  readonly #answer: (request: ReceivedRequest) => { readonly status: number; readonly body: unknown }

  private constructor(answer: (request: ReceivedRequest) => { readonly status: number; readonly body: unknown }) {
    this.#answer = answer
  }

  static async start(
    answer: (request: ReceivedRequest) => { readonly status: number; readonly body: unknown } = () => ({
      status: 200,
      body: {},
    }),
  ): Promise<InvalidationReceiver> {
    const receiver = new InvalidationReceiver(answer)
    receiver.#origin = await httpOrigin((request, response) => receiver.#receive(request, response))
    return receiver
  }

  get url(): string {
    return this.#origin!.url
  }

  /** Resolves once it is so; looked at after every request. */
  async until(isEnough: () => boolean): Promise<void> {
    if (isEnough()) return
    await new Promise<void>((found) => this.#waiting.push({ isEnough, found }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#origin!.close()
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: path = '', headers } = request
    const received = { method, path, headers, body: await bodyOf(request) }
    const { mode } = this
    const answer = mode === 'take' ? this.#answer(received) : undefined
    if (answer !== undefined && answer.status < 300) this.taken.push(received)
    else this.refused.push(received)
    if (answer !== undefined) response.writeHead(answer.status).end(JSON.stringify(answer.body))
    else if (mode === 'cut') response.destroy()
    else if (typeof mode === 'object') response.writeHead(mode.status).end('not now')
    for (const waiting of this.#waiting.splice(0)) {
      if (waiting.isEnough()) waiting.found()
      else this.#waiting.push(waiting)
    }
  }
}

/** One of the things that Apollo Router may be told to drop. */
interface RouterInvalidation {
  readonly kind: string
  readonly subgraphs: readonly string[]
  readonly cache_tag: string
}

/**
 * The response cache of Apollo Router, as far as tags go: it keeps entities under the tags of their answers, and drops
 * them as its invalidation endpoint does, which takes nothing that is not in the form that the router reads.
 */
export class RouterCache {
  readonly #kept = new Map<string, { readonly entity: unknown; readonly tags: ReadonlySet<string> }>()
  readonly #sharedKey: string
  readonly #subgraph: string

  constructor(sharedKey: string, subgraph: string) {
    this.#sharedKey = sharedKey
    this.#subgraph = subgraph
  }

  /** Keeps the entities of an answer to `_entities`. */
  keep(names: readonly string[], entities: readonly unknown[], tags: readonly (readonly string[])[]): void {
    names.forEach((name, index) => this.#kept.set(name, { entity: entities[index], tags: new Set(tags[index]) }))
  }

  has(name: string): boolean {
    return this.#kept.has(name)
  }

  get size(): number {
    return this.#kept.size
  }

  /** What the endpoint answers. */
  answer({ method, headers, body }: ReceivedRequest): { readonly status: number; readonly body: unknown } {
    if (headers.authorization !== this.#sharedKey) return { status: 401, body: {} }
    if (method !== 'POST') return { status: 405, body: {} }
    const requests = JSON.parse(body) as readonly RouterInvalidation[]
    const fields = 'kind,subgraphs,cache_tag'
    if (!Array.isArray(requests) || requests.some((each) => Object.keys(each).join() !== fields)) {
      return { status: 400, body: {} }
    }
    let count = 0
    for (const { kind, subgraphs, cache_tag: tag } of requests) {
      if (kind !== 'cache_tag' || !subgraphs.includes(this.#subgraph)) continue
      for (const [name, { tags }] of this.#kept) if (tags.has(tag) && this.#kept.delete(name)) count++
    }
    return { status: 202, body: { count } }
  }
}
