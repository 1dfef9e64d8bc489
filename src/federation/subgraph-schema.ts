import { buildSubgraphSchema } from '@apollo/subgraph'
import { addResolversToSchema } from '@graphql-tools/schema'
import { type GraphQLSchema, GraphQLScalarType, concatAST } from 'graphql'
import type { TakesAlike } from '../engine/alike-objects.ts'
import { describeFederation } from './describe-federation.ts'
import { type ReferenceReader, entitiesResolver, entityTypeName } from './entities.ts'
import { federationLink } from './federation-link.ts'
import { type SubgraphSdlOptions, subgraphSdl } from './subgraph-sdl.ts'
import { typeDefinitions } from './type-definitions.ts'
import { type MapErrors, typedResolvers } from './typed-resolvers.ts'
import { noTypes } from './typed-schema.ts'

/** What the schema is made of. */
export interface SubgraphSchemaOptions extends SubgraphSdlOptions {
  /** Resolvers by type and field; entities have a `__resolveReferences`, which is a {@link ReferenceReader}. */
  readonly resolvers: Readonly<Record<string, object>>
  /** Maps the errors of the resolvers of typed keyspaces. Default: they stay as they are. */
  readonly mapErrors?: MapErrors
  /** The most entities that one `_entities`, or one field that reads several, takes. Default 10,000. */
  readonly maxRepresentations?: number
}

type ResolverMap = Record<string, Record<string, unknown>>

/**
 * Builds the whole schema that `/graphql` executes: that of schema/, the typed keyspaces, and federation's `_entities`
 * and `_service`, which tells a gateway no more than is exposed.
 */
export function subgraphSchema(options: SubgraphSchemaOptions): GraphQLSchema {
  const { resolvers, types = noTypes, maxRepresentations = 10_000, mapErrors = (fields) => fields } = options
  const sdl = subgraphSdl(options)
  const own = concatAST([typeDefinitions(), types.document])
  const typeDefs = concatAST([federationLink(own, 'v2.12'), own])
  const typed = typedResolvers(types, { mapErrors, maxKeys: maxRepresentations })
  const all = merged([resolvers as ResolverMap, typed])
  const subgraph = buildSubgraphSchema([{ typeDefs, resolvers: scalarsOf(all) as never }])
  const { _entities } = mapErrors({ _entities: entitiesResolver(readersOf(all), maxRepresentations) })
  const entities = { resolve: _entities, extensions: { takesAlike: 'representations' } satisfies TakesAlike }
  const roots = {
    Query: { _entities: entities, _service: () => ({ sdl }) },
    _Entity: { __resolveType: entityTypeName },
  }
  const schema = addResolversToSchema({
    schema: subgraph,
    resolvers: unbound(merged([fieldsOf(all), roots])) as never,
    // A resolver of something that does not exist is a slip of the pen.
    resolverValidationOptions: { requireResolversToMatchSchema: 'error' },
  })
  describeFederation(schema)
  return schema
}

/** Scalars would lose their descriptions if GraphQL Tools added them. */
function scalarsOf(map: ResolverMap): ResolverMap {
  return Object.fromEntries(Object.entries(map).filter(([, fields]) => fields instanceof GraphQLScalarType))
}

/** How entities are found by what refers to them. */
function readersOf(map: ResolverMap): ReadonlyMap<string, ReferenceReader> {
  const readers = new Map<string, ReferenceReader>()
  for (const [type, { __resolveReferences }] of Object.entries(map)) {
    if (__resolveReferences !== undefined) readers.set(type, __resolveReferences as ReferenceReader)
  }
  return readers
}

function fieldsOf(map: ResolverMap): ResolverMap {
  const others: ResolverMap = {}
  for (const [type, { __resolveReferences, ...fields }] of Object.entries(map)) {
    if (!(map[type] instanceof GraphQLScalarType)) others[type] = fields
  }
  return others
}

/** Resolvers in objects of their own: GraphQL Tools binds all others, for which every call pays. */
function unbound(map: ResolverMap): ResolverMap {
  const all: ResolverMap = {}
  for (const [type, fields] of Object.entries(map)) {
    const inObjects = Object.entries(fields).map(([name, field]) => {
      const isBound = typeof field === 'function' && !name.startsWith('__')
      return [name, isBound ? { resolve: field } : field]
    })
    all[type] = Object.fromEntries(inObjects)
  }
  return all
}

function merged(maps: readonly ResolverMap[]): ResolverMap {
  const all: ResolverMap = {}
  for (const [type, fields] of maps.flatMap((map) => Object.entries(map))) {
    // A scalar is an object of a class; merging would lose its methods.
    all[type] = all[type] === undefined ? fields : { ...all[type], ...fields }
  }
  return all
}
