/** Apollo Server 5 as its documentation starts it, over objects in lru-cache. */
import { ApolloServer } from '@apollo/server'
import { startStandaloneServer } from '@apollo/server/standalone'
import { announce, schemaText } from './data.mjs'
import { entriesInMemory } from './mercurius.mjs'

const cache = entriesInMemory()
const server = new ApolloServer({
  typeDefs: schemaText,
  resolvers: {
    Query: {
      entry: (_parent, { key }) => cache.get(key),
      entries: (_parent, { keys }) => keys.map((key) => cache.get(key)),
    },
  },
})
const { url } = await startStandaloneServer(server, { listen: { port: 0, host: '127.0.0.1' } })
announce(new URL(url).port)
