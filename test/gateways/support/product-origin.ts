import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** The server that products come from. */
export interface ProductOrigin {
  readonly url: string
  /** The ids of every request that came. */
  readonly requests: readonly (readonly string[])[]
  /** Ids that are answered as broken. */
  readonly broken: Set<string>
  close(): Promise<void>
}

/** Starts a server that has every product. */
export async function productOrigin(): Promise<ProductOrigin> {
  const requests: string[][] = []
  const broken = new Set<string>()
  const product = (id: string) => ({
    name: `Product ${id}`,
    price: Number(id),
    brandId: Number(id) % 5,
    sellerId: `s${id}`,
  })
  const server = createServer((request, response) => {
    const ids = (new URL(request.url ?? '', 'http://localhost').searchParams.get('ids') ?? '').split(',')
    requests.push(ids)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(ids.map((id) => (broken.has(id) ? { broken: true } : product(id)))))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    broken,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
