import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A real HTTP server on a free port of this machine. */
export interface HttpOrigin {
  /** Such as `http://127.0.0.1:41234`, without a slash at its end. */
  readonly url: string
  /** The requests received, in order. */
  readonly requests: readonly IncomingMessage[]
  close(): Promise<void>
}

/** Starts a server. A handler that throws answers 500 with the error's text. */
export async function httpOrigin(
  handle: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
): Promise<HttpOrigin> {
  const requests: IncomingMessage[] = []
  const listener: RequestListener = (request, response) => {
    requests.push(request)
    Promise.resolve()
      .then(() => handle(request, response))
      .catch((error: unknown) => {
        response.statusCode = 500
        response.end(`${error as Error}`)
      })
  }
  const server = createServer(listener)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => {
        server.close(resolve)
      })
    },
  }
}

/** The whole body of a request as text. */
export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
