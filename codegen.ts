import type { CodegenConfig } from '@graphql-codegen/cli'

/** What resolvers are handed as the parent of each type; of types not named here, an object shaped like the type. */
const mappers = {
  Cluster: '../../src/engine/results.ts#ClusterInfo',
  ClusterEvent: '../../src/engine/events.ts#ClusterEvent as EngineClusterEvent',
  Entry: '../../src/engine/entry.ts#Entry as EngineEntry',
  EntryChange: '../../src/engine/events.ts#EntryChange as EngineEntryChange',
  Keyspace: '../../src/engine/results.ts#KeyspaceInfo',
  KeyspaceStats: '../../src/engine/results.ts#KeyspaceStats as EngineKeyspaceStats',
  Peer: '../../src/engine/results.ts#PeerInfo',
}

const config: CodegenConfig = {
  schema: 'schema/*.graphql',
  generates: {
    'resolvers/generated/schema-types.ts': {
      plugins: ['typescript', 'typescript-resolvers'],
      config: {
        contextType: '../context.ts#ResolverContext',
        mappers,
        scalars: {
          ID: 'string',
          JSON: 'unknown',
          // Milliseconds.
          Duration: 'number',
          DateTime: 'Date',
          Base64Bytes: 'Uint8Array',
        },
        strictScalars: true,
        defaultScalarType: 'unknown',
        enumsAsTypes: true,
        immutableTypes: true,
        useTypeImports: true,
        importExtension: '.ts',
        emitLegacyCommonJSImports: false,
        skipTypename: true,
      },
    },
  },
}

export default config
