import type { GraphQLSchema } from 'graphql'
import { mappingErrors } from '../../resolvers/errors.ts'
import { resolvers } from '../../resolvers/index.ts'
import { entityTypeOf } from '../adapters/source/subgraph-source.ts'
import type { ResolvedConfig } from '../config/resolve-config.ts'
import type { KeyspaceDefinition } from '../engine/policy.ts'
import { ConfigError, type ConfigProblem } from '../errors.ts'
import { readTypes } from '../federation/read-types.ts'
import { subgraphSchema } from '../federation/subgraph-schema.ts'
import { type SubgraphSdlOptions, subgraphSdl } from '../federation/subgraph-sdl.ts'
import type { TypedSchema } from '../federation/typed-schema.ts'

/** What a printed subgraph may be asked for beside what the configuration says. */
export interface PrintOptions extends Pick<SubgraphSdlOptions, 'expose' | 'profile'> {
  /** The subgraph from which to take over the fields of types whose values come from a subgraph. */
  readonly overrideFrom?: string | undefined
}

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
export function subgraphSdlOf(config: ResolvedConfig, options: PrintOptions): string {
  const { expose = config.subgraph.expose, profile, overrideFrom } = options
  const types = typesOf(config)
  const override =
    overrideFrom === undefined ? undefined : { from: overrideFrom, types: typesOfSubgraphs(config, types) }
  return subgraphSdl({ types, expose, profile, override })
}

/** Types all of whose entries come from a subgraph that has the same type. */
function typesOfSubgraphs({ keyspaces }: ResolvedConfig, { entities }: TypedSchema): ReadonlySet<string> {
  const origins = new Map(keyspaces.map(({ name, source }) => [name, entityTypeOf(source)]))
  const theirs = entities.filter(({ name, keys }) => keys.every(({ keyspace }) => origins.get(keyspace) === name))
  return new Set(theirs.map(({ name }) => name))
}

function typesOf({ subgraph, keyspaces }: ResolvedConfig): TypedSchema {
  const { types, problems } = readTypes(subgraph.typeDefs, keyspaces)
  if (problems.length > 0) throw new ConfigError(problems)
  return types
}
