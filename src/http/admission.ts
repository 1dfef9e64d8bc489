import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { errorBody } from './http-error.ts'
import { NodeRequestHead } from './node-request-head.ts'
import type { OpenResponse } from './open-responses.ts'
import type { RequestListener } from './prepared/prepared-lane.ts'
import { hostGuard } from './request-guard.ts'
import type { UnderWay } from './server-limits.ts'
import { type Refusal, refusalOf, refuse, refuseUpgrade, tooMany, upgradeRefusalOf } from './socket-refusals.ts'
import { type ProxySettings, sentAsReader } from './trusted-proxies.ts'
import type { WebSockets } from './web-sockets.ts'
import type { WholeBodyRequest } from './whole-body-request.ts'

/** What requests are let in by. */
export interface AdmissionOptions {
  /** Where the server listens. */
  readonly host: string
  readonly allowedHosts: readonly string[] | undefined
  readonly proxies: ProxySettings | undefined
  readonly underWay: UnderWay
}

/** What stands before every lane: names, proxies, and how much may be under way. */
export class Admission {
  readonly #isNamed: (hostHeader: string | undefined) => boolean
  readonly #readSentAs: ReturnType<typeof sentAsReader>
  readonly #underWay: UnderWay

  constructor({ host, allowedHosts, proxies, underWay }: AdmissionOptions) {
    this.#isNamed = hostGuard(host, allowedHosts)
    this.#readSentAs = sentAsReader(proxies)
    this.#underWay = underWay
  }

  /** Passes a request on, or refuses it. */
  request(request: WholeBodyRequest, response: OpenResponse, respond: RequestListener): void {
    const head = new NodeRequestHead(request, this.#readSentAs)
    const refusal = refusalOf(request, head, this.#isNamed)
    if (refusal !== undefined) return refuse(response, refusal)
    if (!isOperation(request.url ?? '')) return respond(request, response, { head })
    const place = this.#underWay.operations.take()
    if (place === undefined) return refuse(response, this.#tooManyOperations())
    response.place = place
    respond(request, response, { head, place })
  }

  /** Makes a WebSocket of a connection, or refuses it. */
  upgrade(request: IncomingMessage, socket: Socket, first: Buffer, sockets: WebSockets): void {
    const head = new NodeRequestHead(request, this.#readSentAs)
    const { maxWebSockets } = this.#underWay.limits
    const refusal =
      refusalOf(request, head, this.#isNamed) ??
      upgradeRefusalOf(request, head) ??
      (sockets.size < maxWebSockets ? undefined : tooMany(`This server has at most ${maxWebSockets} WebSockets.`))
    if (refusal === undefined) sockets.upgrade(request, socket, first, head)
    else refuseUpgrade(socket, refusal)
  }

  /** Answers a request that came without a socket, or refuses it. */
  async fetched(request: Request, respond: (request: Request) => Promise<Response> | Response): Promise<Response> {
    const { pathname } = new URL(request.url)
    if (!isOperation(pathname)) return respond(request)
    const place = this.#underWay.operations.take()
    if (place === undefined) return refused(this.#tooManyOperations())
    try {
      return await respond(request)
    } finally {
      place.leave()
    }
  }

  #tooManyOperations(): Refusal {
    return tooMany(`This server has at most ${this.#underWay.operations.max} operations at once.`)
  }
}

// Those that ask how the server is are never turned away.
function isOperation(pathAndQuery: string): boolean {
  return pathAndQuery === '/graphql' || /^\/graphql[/?]/.test(pathAndQuery)
}

function refused({ status, code, message, retryAfterSeconds }: Refusal): Response {
  const headers = new Headers({ 'content-type': 'application/json; charset=utf-8' })
  if (retryAfterSeconds !== undefined) headers.set('retry-after', String(retryAfterSeconds))
  return new Response(errorBody(message, code), { status, headers })
}
