import type { EngineApi } from '../src/engine/engine-api.ts'
import type { Entry } from '../src/engine/entry.ts'
import { ReadRecord } from '../src/engine/read-record.ts'
import type { PeerInfo } from '../src/engine/results.ts'
import { EntryLoader, type LoadedEntry } from './entry-loader.ts'

/** What resolvers share within one operation. */
export interface ResolverContext {
  readonly engine: EngineApi
  /** What the operation has read so far. */
  readonly reads: ReadRecord
  /** Reads one entry; see {@link EntryLoader}. */
  readonly loadEntry: (keyspace: string, key: string) => Entry | null | Promise<Entry | null>
  /** Reads many; see {@link EntryLoader}. */
  readonly loadEntries: (keyspace: string, keys: readonly (string | Error)[]) => readonly LoadedEntry[]
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
  return new OperationContext(engine, options)
}

/** All of it is in properties of its own, because Yoga copies these into a context that it makes. */
class OperationContext implements ResolverContext {
  readonly engine: EngineApi
  readonly reads: ReadRecord
  readonly #options: ResolverContextOptions
  #loader: EntryLoader | undefined
  #peers: ReadonlyMap<string, PeerInfo> | undefined

  constructor(engine: EngineApi, options: ResolverContextOptions) {
    this.engine = engine
    this.#options = options
    const { isPublic = (name: string) => engine.isPublic(name), wantsTags } = options
    this.reads = new ReadRecord(isPublic, wantsTags, engine.maxAnswerBytes)
  }

  readonly loadEntry = (keyspace: string, key: string): Entry | null | Promise<Entry | null> => {
    this.#loader ??= this.#newLoader()
    return this.#loader.load(keyspace, key)
  }

  readonly loadEntries = (keyspace: string, keys: readonly (string | Error)[]): readonly LoadedEntry[] => {
    this.#loader ??= this.#newLoader()
    return this.#loader.loadAll(keyspace, keys)
  }

  readonly peer = (id: string): PeerInfo | undefined => {
    const { peers = () => this.engine.cluster().peers } = this.#options
    this.#peers ??= new Map(peers().map((peer) => [peer.id, peer]))
    return this.#peers.get(id)
  }

  #newLoader(): EntryLoader {
    return new EntryLoader(this.engine, this.reads, this.#options.maxKeysPerCall ?? 1000)
  }
}
