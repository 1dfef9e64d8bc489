import type { EngineApi } from '../src/engine/engine-api.ts'
import { ReadRecord } from '../src/engine/read-record.ts'
import type { PeerInfo } from '../src/engine/results.ts'
import { EntryLoader } from './entry-loader.ts'

/** What resolvers share within one operation. */
export interface ResolverContext {
  readonly engine: EngineApi
  /** What the operation has read so far. */
  readonly reads: ReadRecord
  /** Reads entries. */
  readonly entries: EntryLoader
  /** The peers that answers name. */
  readonly peers: KnownPeers
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
export function resolverContext(
  engine: EngineApi,
  { maxKeysPerCall = 1000, peers, wantsTags, isPublic }: ResolverContextOptions = {},
): ResolverContext {
  const reads = new ReadRecord(isPublic ?? ((name) => engine.isPublic(name)), wantsTags, engine.maxAnswerBytes)
  const entries = new EntryLoader(engine, reads, maxKeysPerCall)
  return { engine, reads, entries, peers: new KnownPeers(peers ?? (() => engine.cluster().peers)) }
}

/** The peers as the cluster was when the operation first asked for one. */
export class KnownPeers {
  readonly #read: () => readonly PeerInfo[]
  #byId: ReadonlyMap<string, PeerInfo> | undefined

  constructor(read: () => readonly PeerInfo[]) {
    this.#read = read
  }

  /** The peer of that id; `undefined` for one that was not known. */
  find(id: string): PeerInfo | undefined {
    this.#byId ??= new Map(this.#read().map((peer) => [peer.id, peer]))
    return this.#byId.get(id)
  }
}
