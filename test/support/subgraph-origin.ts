import { buildSubgraphSchema } from '@apollo/subgraph'
import { execute, parse } from 'graphql'
import { bodyOf, httpOrigin, type HttpOrigin } from './http-origin.ts'

/** A subgraph that products come from. */
export interface SubgraphOrigin extends HttpOrigin {
  readonly values: Map<string, unknown>
  /** Keys that fail. */
  readonly failing: Set<string>
  /** The variables of every request. */
  readonly variables: readonly unknown[]
  /** Headers of every answer. */
  readonly headers: Record<string, string>
}

const sdl = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  scalar JSON
  type Query { products(ids: [ID!]!): [Product] sorted(ids: [ID!]!): [Product!]! failing: [Product] }
  type Product @key(fields: "id") { id: ID! value: JSON price: Int }
`

/** Starts a real subgraph over a map. */
export async function subgraphOrigin(): Promise<SubgraphOrigin> {
  const values = new Map<string, unknown>()
  const failing = new Set<string>()
  const variables: unknown[] = []
  const headers: Record<string, string> = {}
  const product = (id: string): object | null => {
    if (failing.has(id)) throw new Error(`no product ${id} today`)
    return values.has(id) ? { id, value: values.get(id) } : null
  }
  const each = (ids: readonly string[]): unknown[] =>
    ids.map((id) => {
      try {
        return product(id)
      } catch (error) {
        return error
      }
    })
  const price = ({ id }: { readonly id: string }): number => {
    if (id === 'priceless') throw new Error('no price')
    return 1
  }
  const resolvers = {
    Query: {
      products: (_parent: unknown, { ids }: { readonly ids: readonly string[] }) => each(ids),
      sorted: (_parent: unknown, { ids }: { readonly ids: readonly string[] }) =>
        each(ids.toSorted()).filter((found) => found !== null),
      failing: () => {
        throw new Error('everything failed')
      },
    },
    // One that throws at once would fail the whole list.
    Product: { __resolveReference: async ({ id }: { readonly id: string }) => product(id), price },
  }
  const schema = buildSubgraphSchema([{ typeDefs: parse(sdl), resolvers: resolvers as never }])
  const origin = await httpOrigin(async (request, response) => {
    const sent = JSON.parse(await bodyOf(request)) as { query: string; variables: Record<string, unknown> }
    variables.push(sent.variables)
    const result = await execute({ schema, document: parse(sent.query), variableValues: sent.variables })
    response.writeHead(200, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify(result))
  })
  return { ...origin, requests: origin.requests, values, failing, variables, headers }
}
