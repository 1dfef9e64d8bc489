import type { EngineApi } from '../src/engine/engine-api.ts'
import { ReadRecord } from '../src/engine/read-record.ts'
import type { PeerInfo } from '../src/engine/results.ts'
import { type EntryLoader, entryLoader } from './entry-loader.ts'

/** What resolvers share within one operation. */
export interface ResolverContext {
  readonly engine: EngineApi
  readonly loadEntry: EntryLoader
  /** What the operation has read so far. */
  readonly reads: ReadRecord
  /** The peer of that id, as the cluster was when the operation first asked; `undefined` for one not known then. */
  readonly peer: (id: string) => PeerInfo | undefined
}

/** What contexts are made with. */
export interface ResolverContextOptions {
  /** What the engine takes in one call. Default 1,000. */
  readonly maxKeysPerCall?: number
  /** The peers that answers name, whether or not the caller may see the cluster. Default: those of the engine. */
  readonly peers?: () => readonly PeerInfo[]
  /** Whether answers tell the tags of what was read. Default: no. */
  readonly wantsTags?: boolean
  /** Whether shared HTTP caches may keep what is read from a keyspace. Default: as its `cacheScope` says. */
  readonly isPublic?: (keyspace: string) => boolean
}

/** Makes the context of one operation. Never share one between operations. */
export function resolverContext(engine: EngineApi, options: ResolverContextOptions = {}): ResolverContext {
  const peersNow = options.peers ?? (() => engine.cluster().peers)
  const reads = new ReadRecord(options.isPublic ?? ((name) => engine.isPublic(name)), options.wantsTags)
  let peers: ReadonlyMap<string, PeerInfo> | undefined
  return {
    engine,
    loadEntry: entryLoader(engine, reads, options.maxKeysPerCall ?? 1000),
    reads,
    peer: (id) => {
      peers ??= new Map(peersNow().map((peer) => [peer.id, peer]))
      return peers.get(id)
    },
  }
}
