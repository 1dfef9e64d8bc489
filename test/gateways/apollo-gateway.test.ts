import { composeServices } from '@apollo/composition'
import { ApolloGateway } from '@apollo/gateway'
import { ApolloServer } from '@apollo/server'
import { startStandaloneServer } from '@apollo/server/standalone'
import { gql } from 'graphql-tag'
import { gatewayCases } from './support/gateway-cases.ts'
import { asked } from './support/shop.ts'

gatewayCases('@apollo/gateway with @apollo/server', async (subgraphs) => {
  const { supergraphSdl, errors } = composeServices(
    subgraphs.map(({ name, url, sdl }) => ({ name, url, typeDefs: gql(sdl) })),
  )
  if (supergraphSdl === undefined) throw new AggregateError(errors ?? [], 'these subgraphs do not compose')
  const server = new ApolloServer({ gateway: new ApolloGateway({ supergraphSdl }) })
  const { url } = await startStandaloneServer(server, { listen: { port: 0, host: '127.0.0.1' } })
  return { ask: (query) => asked(url, query), close: () => server.stop() }
})
