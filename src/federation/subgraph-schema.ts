import type { GraphQLSchema } from 'graphql'

/** Builds the whole schema that `/graphql` executes, from the SDL in schema/ and a resolver map. */
export declare function subgraphSchema(options: { readonly resolvers: object }): GraphQLSchema
