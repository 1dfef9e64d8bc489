import { createGatewayRuntime } from '@graphql-hive/gateway'
import { composeServices } from '@theguild/federation-composition'
import { gql } from 'graphql-tag'
import { gatewayCases } from './support/gateway-cases.ts'
import type { Answer } from './support/shop.ts'

gatewayCases('@graphql-hive/gateway', async (subgraphs) => {
  const { supergraphSdl, errors } = composeServices(
    subgraphs.map(({ name, url, sdl }) => ({ name, url, typeDefs: gql(sdl) })),
  )
  if (supergraphSdl === undefined) throw new AggregateError(errors ?? [], 'these subgraphs do not compose')
  const runtime = createGatewayRuntime({ supergraph: supergraphSdl, logging: false, maskedErrors: false })
  return {
    ask: async (query) => {
      const response = await runtime.fetch('http://localhost/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query }),
      })
      return (await response.json()) as Answer
    },
    close: async () => runtime[Symbol.asyncDispose](),
  }
})
