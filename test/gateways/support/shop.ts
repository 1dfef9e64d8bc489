import { fileURLToPath } from 'node:url'
import { ApolloServer } from '@apollo/server'
import { startStandaloneServer } from '@apollo/server/standalone'
import { buildSubgraphSchema } from '@apollo/subgraph'
import { gql } from 'graphql-tag'
import { ServeProcess } from '../../integration/serve-process.ts'
import { type ProductOrigin, productOrigin } from './product-origin.ts'

/** A subgraph as a gateway needs it. */
export interface Subgraph {
  readonly name: string
  readonly url: string
  readonly sdl: string
}

/** A shop of three subgraphs: the cache, and two Apollo Servers that refer to its products and extend them. */
export interface Shop {
  readonly origin: ProductOrigin
  readonly subgraphs: readonly Subgraph[]
  /** Asks the cache itself. */
  ask(query: string): Promise<Answer>
  close(): Promise<void>
}

/** What a GraphQL server answers. */
export interface Answer {
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of every shape
  readonly data?: any
  readonly errors?: readonly { readonly message: string; readonly path?: readonly (string | number)[] }[]
}

const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])'
const ids = Array.from({ length: 50 }, (_, index) => `${index + 1}`)

const reviews = `${link}
  type Query { latestReviews: [Review]! }
  type Review { body: String! product: Product }
  type Product @key(fields: "id") { id: ID! reviews: [Review!]! }`
const reviewOf = (id: string) => ({ body: `Review of ${id}`, product: { id } })
const reviewResolvers = {
  Query: { latestReviews: () => ids.map(reviewOf) },
  Product: { reviews: ({ id }: { readonly id: string }) => [reviewOf(id)] },
}

const stock = `${link}
  type Query { sellers: [Seller!]! }
  type Seller @key(fields: "id") { id: ID! name: String! }
  type Product @key(fields: "id") { id: ID! inStock: Boolean! }`
const sellerOf = ({ id }: { readonly id: string }) => ({ id, name: `Seller ${id}` })
const stockResolvers = {
  Query: { sellers: () => [] },
  Seller: { __resolveReference: sellerOf },
  Product: { inStock: ({ id }: { readonly id: string }) => Number(id) % 2 === 0 },
}

async function apolloServer(
  name: string,
  sdl: string,
  resolvers: object,
): Promise<Subgraph & { close(): Promise<void> }> {
  const server = new ApolloServer({
    schema: buildSubgraphSchema([{ typeDefs: gql(sdl), resolvers: resolvers as never }]),
  })
  const { url } = await startStandaloneServer(server, { listen: { port: 0, host: '127.0.0.1' } })
  return { name, url, sdl, close: () => server.stop() }
}

/** Posts a query, and gives what came back. */
export async function asked(url: string, query: string): Promise<Answer> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query }) })
  return (await response.json()) as Answer
}

/** Starts the shop: a real fedcache process in front of an HTTP origin, and the Apollo Servers. */
export async function shop(): Promise<Shop> {
  const origin = await productOrigin()
  const config = fileURLToPath(new URL('products/fedcache.config.ts', import.meta.url))
  const served = new ServeProcess(['serve', '--config', config], { environment: { PRODUCT_ORIGIN: origin.url } })
  const { url } = (await served.logged('listening')) as unknown as { readonly url: string }
  const others = [
    await apolloServer('reviews', reviews, reviewResolvers),
    await apolloServer('stock', stock, stockResolvers),
  ]
  const { data } = await asked(url, '{ _service { sdl } }')
  const cache = { name: 'fedcache', url, sdl: String(data._service.sdl) }
  return {
    origin,
    subgraphs: [cache, ...others],
    ask: (query) => asked(url, query),
    close: async () => {
      await Promise.all(others.map((other) => other.close()))
      served.child.kill()
      await served.exitCode
      await origin.close()
    },
  }
}
