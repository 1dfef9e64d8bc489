import { buildSubgraphSchema } from '@apollo/subgraph'
import { type GraphQLSchema, concatAST, parse } from 'graphql'
import { describeFederation } from './describe-federation.ts'
import { entityTypeName, resolveEntities } from './entities.ts'
import { type SubgraphSdlOptions, federationLink, subgraphSdl } from './subgraph-sdl.ts'
import { typeDefinitions } from './type-definitions.ts'

/** What the schema is made of. */
export interface SubgraphSchemaOptions extends SubgraphSdlOptions {
  /** Resolvers by type and field; entities have a `__resolveReference`. */
  readonly resolvers: Readonly<Record<string, object>>
}

/**
 * Builds the whole schema that `/graphql` executes: that of schema/ and federation's `_entities` and `_service`, which
 * tells a gateway no more than is exposed.
 */
export function subgraphSchema({ resolvers, ...sdlOptions }: SubgraphSchemaOptions): GraphQLSchema {
  const sdl = subgraphSdl(sdlOptions)
  const schema = buildSubgraphSchema([
    {
      typeDefs: concatAST([parse(federationLink, { noLocation: true }), typeDefinitions()]),
      resolvers: {
        ...resolvers,
        Query: { ...resolvers['Query'], _entities: resolveEntities, _service: () => ({ sdl }) },
        _Entity: { __resolveType: entityTypeName },
      },
    },
  ])
  describeFederation(schema)
  return schema
}
