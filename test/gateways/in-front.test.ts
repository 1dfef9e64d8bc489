import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { composeServices } from '@apollo/composition'
import { ApolloGateway } from '@apollo/gateway'
import { ApolloServer } from '@apollo/server'
import { startStandaloneServer } from '@apollo/server/standalone'
import { buildSubgraphSchema } from '@apollo/subgraph'
import { gql } from 'graphql-tag'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ServeProcess } from '../integration/serve-process.ts'
import { asked } from './support/shop.ts'

const config = fileURLToPath(new URL('support/in-front/fedcache.config.ts', import.meta.url))
const commandLine = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))

const sdl = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  type Query { newBooks: [Book!]! }
  type Book @key(fields: "id") { id: ID! title: String! pages: Int author: Author }
  type Author @key(fields: "id") { id: ID! name: String! }
`

/** The references of every request for entities that came to the origin. */
const asks: (readonly string[])[] = []
const closing: (() => Promise<unknown>)[] = []
let gatewayUrl: string

async function listening(server: ApolloServer): Promise<string> {
  closing.push(() => server.stop())
  const { url } = await startStandaloneServer(server, { listen: { port: 0, host: '127.0.0.1' } })
  return url
}

beforeAll(async () => {
  const resolvers = {
    Query: { newBooks: () => Array.from({ length: 20 }, (_, index) => ({ id: `${index}` })) },
    Book: {
      __resolveReference: ({ id }: { readonly id: string }) => ({
        id,
        title: `Book ${id}`,
        pages: 7,
        author: { id: `a${id}` },
      }),
    },
    Author: { __resolveReference: ({ id }: { readonly id: string }) => ({ id, name: `Author ${id}` }) },
  }
  const origin = new ApolloServer({
    schema: buildSubgraphSchema([{ typeDefs: gql(sdl), resolvers: resolvers as never }]),
    plugins: [
      {
        requestDidStart: async ({ request }) => {
          const { representations } = (request.variables ?? {}) as {
            representations?: readonly { __typename: string }[]
          }
          if (representations !== undefined) asks.push(representations.map(({ __typename }) => __typename))
        },
      },
    ],
  })
  const books = await listening(origin)
  const served = new ServeProcess(['serve', '--config', config], { environment: { BOOKS_URL: books } })
  closing.push(() => (served.child.kill(), served.exitCode))
  const { url } = (await served.logged('listening')) as unknown as { readonly url: string }
  const overriding = execFileSync(
    process.execPath,
    [commandLine, 'schema', '--config', config, '--override', 'books'],
    {
      encoding: 'utf8',
    },
  )
  const { supergraphSdl, errors } = composeServices([
    { name: 'books', url: books, typeDefs: gql(sdl) },
    { name: 'fedcache', url, typeDefs: gql(overriding) },
  ])
  if (supergraphSdl === undefined) throw new AggregateError(errors ?? [], 'these subgraphs do not compose')
  gatewayUrl = await listening(new ApolloServer({ gateway: new ApolloGateway({ supergraphSdl }) }))
})

afterAll(async () => {
  for (const close of closing.toReversed()) await close()
})

it('a cache in front of a subgraph answers for it: the origin is asked once, in bulk', async () => {
  const query = '{ newBooks { id title pages author { name } } }'
  const first = await asked(gatewayUrl, query)
  expect(first.errors).toBeUndefined()
  expect(first.data.newBooks[3]).toEqual({ id: '3', title: 'Book 3', pages: 7, author: { name: 'Author a3' } })
  const bookAsks = () => asks.filter((types) => types.includes('Book')).map((types) => types.length)
  expect(bookAsks()).toEqual([20])
  await expect(asked(gatewayUrl, query)).resolves.toEqual(first)
  expect(bookAsks()).toEqual([20])
})

it('without taking the fields over, the two do not compose', () => {
  const plain = execFileSync(process.execPath, [commandLine, 'schema', '--config', config], { encoding: 'utf8' })
  const { errors } = composeServices([
    { name: 'books', typeDefs: gql(sdl) },
    { name: 'fedcache', typeDefs: gql(plain) },
  ])
  expect(errors?.map(({ message }) => message).join('\n')).toContain('Book.title')
})
