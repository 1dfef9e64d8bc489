import type { ClusterEvent } from '../src/engine/events.ts'
import type { PeerInfo } from '../src/engine/results.ts'
import type { ResolverContext } from './context.ts'
import type { Resolvers } from './generated/schema-types.ts'

/** The peers of these ids. One that has left since is dead and of an unknown incarnation. */
export function peersOf(ids: readonly string[], context: ResolverContext): readonly PeerInfo[] {
  return ids.map(
    (id) => context.peers.find(id) ?? { id, incarnation: '', state: 'DEAD', url: null, slots: 0, config: '' },
  )
}

/** Resolvers of cluster.graphql. */
export const clusterResolvers: Required<Pick<Resolvers, 'Query' | 'Subscription'>> = {
  Query: {
    cluster: (_parent, _args, { engine, reads }) => {
      reads.noteServing()
      return engine.cluster()
    },
  },
  Subscription: {
    clusterEvents: {
      subscribe: (_parent, _args, { engine }) => engine.clusterEvents(),
      resolve: (event: ClusterEvent) => event,
    },
  },
}
