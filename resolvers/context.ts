import type { Engine } from '../src/engine/engine.ts'
import type { PeerInfo } from '../src/engine/results.ts'
import { type EntryLoader, entryLoader } from './entry-loader.ts'

/** What resolvers share within one operation. */
export interface ResolverContext {
  readonly engine: Engine
  readonly loadEntry: EntryLoader
  /** The peer of that id, as the cluster was when the operation first asked; `undefined` for one not known then. */
  readonly peer: (id: string) => PeerInfo | undefined
}

/** What contexts are made with. */
export interface ResolverContextOptions {
  /** What the engine takes in one call. Default 1,000. */
  readonly maxKeysPerCall?: number
}

/** Makes the context of one operation. Never share one between operations. */
export function resolverContext(engine: Engine, options: ResolverContextOptions = {}): ResolverContext {
  let peers: ReadonlyMap<string, PeerInfo> | undefined
  return {
    engine,
    loadEntry: entryLoader(engine, options.maxKeysPerCall ?? 1000),
    peer: (id) => {
      peers ??= new Map(engine.cluster().peers.map((peer) => [peer.id, peer]))
      return peers.get(id)
    },
  }
}
