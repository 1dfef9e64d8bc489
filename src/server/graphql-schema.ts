import type { GraphQLSchema } from 'graphql'
import { mappingErrors } from '../../resolvers/errors.ts'
import { resolvers } from '../../resolvers/index.ts'
import type { ResolvedConfig } from '../config/resolve-config.ts'
import type { KeyspaceDefinition } from '../engine/policy.ts'
import { ConfigError, type ConfigProblem } from '../errors.ts'
import { readTypes } from '../federation/read-types.ts'
import { subgraphSchema } from '../federation/subgraph-schema.ts'
import { type SubgraphSdlOptions, subgraphSdl } from '../federation/subgraph-sdl.ts'
import type { TypedSchema } from '../federation/typed-schema.ts'

/** What a printed subgraph may be asked for beside what the configuration says. */
export type PrintOptions = Pick<SubgraphSdlOptions, 'expose' | 'profile'>

/** What is wrong with the SDL of typed keyspaces. */
export function typeProblems(
  typeDefs: readonly string[],
  keyspaces: readonly KeyspaceDefinition[],
): readonly ConfigProblem[] {
  return readTypes(typeDefs, keyspaces).problems
}

/** The schema that `/graphql` executes. */
export function graphqlSchema(config: ResolvedConfig): GraphQLSchema {
  const { expose, maxRepresentations } = config.subgraph
  return subgraphSchema({ resolvers, mapErrors: mappingErrors, types: typesOf(config), expose, maxRepresentations })
}

/** The SDL that a gateway composes. What is asked for goes before what the configuration says. */
export function subgraphSdlOf(
  config: ResolvedConfig,
  { expose = config.subgraph.expose, profile }: PrintOptions,
): string {
  return subgraphSdl({ types: typesOf(config), expose, profile })
}

function typesOf({ subgraph, keyspaces }: ResolvedConfig): TypedSchema {
  const { types, problems } = readTypes(subgraph.typeDefs, keyspaces)
  if (problems.length > 0) throw new ConfigError(problems)
  return types
}
