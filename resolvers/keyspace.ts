import type { CacheScope as EngineCacheScope, ValueFormat as EngineValueFormat } from '../src/engine/policy.ts'
import type { KeyspaceInfo, KeyspaceSettings } from '../src/engine/results.ts'
import { FedcacheError } from '../src/errors.ts'
import { peersOf } from './cluster.ts'
import type { ResolverContext } from './context.ts'
import { entryError } from './errors.ts'
import type {
  CacheScope,
  CreateKeyspaceInput,
  Resolvers,
  UpdateKeyspaceInput,
  ValueFormat,
} from './generated/schema-types.ts'

const formats: Readonly<Record<EngineValueFormat, ValueFormat>> = { json: 'JSON', text: 'TEXT', bytes: 'BYTES' }
const engineFormats: Readonly<Record<ValueFormat, EngineValueFormat>> = { JSON: 'json', TEXT: 'text', BYTES: 'bytes' }
const scopes: Readonly<Record<EngineCacheScope, CacheScope>> = { private: 'PRIVATE', public: 'PUBLIC' }
const engineScopes: Readonly<Record<CacheScope, EngineCacheScope>> = { PRIVATE: 'private', PUBLIC: 'public' }

function settings(input: CreateKeyspaceInput | UpdateKeyspaceInput): KeyspaceSettings {
  return {
    ttlMs: input.ttl,
    ttlJitter: input.ttlJitter,
    negativeTtlMs: input.negativeTtl,
    staleWhileRevalidateMs: input.staleWhileRevalidate,
    staleIfErrorMs: input.staleIfError,
    nearTtlMs: input.nearTtl,
    readTimeoutMs: input.readTimeout,
    writeTimeoutMs: input.writeTimeout,
    maxBytes: input.maxBytes,
    maxEntries: input.maxEntries,
    maxValueBytes: input.maxValueBytes,
    maxBatchSize: input.maxBatchSize,
    batchWindowMs: input.batchWindow,
    cacheScope: input.cacheScope && engineScopes[input.cacheScope],
  }
}

// For payloads of calls that the engine has answered: only a deletion that came between can make this fail.
function existing(name: string, { engine }: ResolverContext): KeyspaceInfo {
  const keyspace = engine.keyspace(name)
  if (keyspace !== undefined) return keyspace
  throw new FedcacheError('KEYSPACE_NOT_FOUND', `The keyspace ${JSON.stringify(name)} has just been deleted.`)
}

const mutations: Resolvers['Mutation'] = {
  createKeyspace: async (_parent, { input }, { engine }) => {
    const format = input.format && engineFormats[input.format]
    const keyspace = await engine.createKeyspace({ ...settings(input), name: input.name, source: input.source, format })
    return { keyspace }
  },
  updateKeyspace: async (_parent, { input }, { engine }) => {
    return { keyspace: await engine.updateKeyspace(input.name, settings(input)) }
  },
  deleteKeyspace: async (_parent, { input }, context) => {
    const { confirmedBy, unconfirmed } = await context.engine.deleteKeyspace(input.name)
    return { name: input.name, confirmedBy: peersOf(confirmedBy, context), unconfirmed: peersOf(unconfirmed, context) }
  },
  deleteKeyspaces: async (_parent, { input }, context) => {
    const { confirmedBy, unconfirmed } = await context.engine.deleteKeyspaces(input.names)
    return {
      names: input.names,
      confirmedBy: peersOf(confirmedBy, context),
      unconfirmed: peersOf(unconfirmed, context),
    }
  },
  clearKeyspace: async (_parent, { input }, context) => {
    const { confirmedBy, unconfirmed } = await context.engine.clear(input.name)
    return {
      keyspace: existing(input.name, context),
      confirmedBy: peersOf(confirmedBy, context),
      unconfirmed: peersOf(unconfirmed, context),
    }
  },
  warmKeyspace: async (_parent, { input }, context) => {
    const { loaded, notFound, errors } = await context.engine.warm(input.name, input.keys ?? undefined)
    return {
      keyspace: existing(input.name, context),
      loaded,
      notFound,
      errors: errors.map(({ index, key, error }) => entryError(index, key, error)),
    }
  },
}

/** Resolvers of keyspace.graphql. */
export const keyspaceResolvers: Required<Pick<Resolvers, 'Query' | 'Mutation' | 'Keyspace'>> = {
  Query: {
    keyspace: (_parent, { name }, { engine, reads }) => {
      reads.noteServing()
      return engine.keyspace(name) ?? null
    },
    keyspaces: (_parent, _args, { engine, reads }) => {
      reads.noteServing()
      return engine.keyspaces()
    },
  },
  Mutation: mutations,
  Keyspace: {
    format: (keyspace) => formats[keyspace.format],
    ttl: (keyspace) => keyspace.ttlMs,
    negativeTtl: (keyspace) => keyspace.negativeTtlMs,
    staleWhileRevalidate: (keyspace) => keyspace.staleWhileRevalidateMs,
    staleIfError: (keyspace) => keyspace.staleIfErrorMs,
    nearTtl: (keyspace) => keyspace.nearTtlMs,
    readTimeout: (keyspace) => keyspace.readTimeoutMs,
    writeTimeout: (keyspace) => keyspace.writeTimeoutMs,
    batchWindow: (keyspace) => keyspace.batchWindowMs,
    cacheScope: (keyspace) => scopes[keyspace.cacheScope],
  },
}
