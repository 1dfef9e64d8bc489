import { mappingErrors } from '../../resolvers/errors.ts'
import { resolvers } from '../../resolvers/index.ts'
import { readTypes } from '../../src/federation/read-types.ts'
import { subgraphSchema } from '../../src/federation/subgraph-schema.ts'
import type { TypedSchema } from '../../src/federation/typed-schema.ts'
import type { CacheTagHeaders } from '../../src/http/cache-headers.ts'
import { type ServedCache, type TestKeyspace, servedCache } from './served-cache.ts'

/** What a typed cache may have beside its keyspaces and types. */
export interface TypedCacheOptions {
  readonly maxRepresentations?: number
  readonly cacheTags?: CacheTagHeaders
}

/** The types of some SDL over keyspaces of these names; throws what is wrong with it. */
export function typesOver(names: readonly string[], typeDefs: string): TypedSchema {
  const { types, problems } = readTypes(
    [typeDefs],
    names.map((name) => ({ name, policy: { format: 'json' } })),
  )
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join('\n'))
  return types
}

/** A whole server with types over its keyspaces. */
export function typedCache(
  keyspaces: Readonly<Record<string, TestKeyspace>>,
  typeDefs: string,
  { cacheTags, ...options }: TypedCacheOptions = {},
): ServedCache {
  const types = typesOver(Object.keys(keyspaces), typeDefs)
  return servedCache(keyspaces, {
    schema: subgraphSchema({ resolvers, mapErrors: mappingErrors, types, ...options }),
    ...(cacheTags === undefined ? {} : { cacheTags }),
  })
}
