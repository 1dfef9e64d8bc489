import type { Cluster } from '../cluster/cluster.ts'
import type { Reading } from '../http/metrics.ts'
import type { Bus, PeerState } from '../ports/index.ts'

const states: readonly PeerState[] = ['JOINING', 'ALIVE', 'SUSPECT', 'LEAVING', 'DEAD']

/** What `/metrics` tells of a process's cluster, and of its connection to it. */
export function clusterReadings(cluster: Cluster, bus: Bus): readonly Reading[] {
  const gauge = (name: string, help: string, read: Reading['read']): Reading => ({ type: 'gauge', name, help, read })
  const counter = (name: string, help: string, read: Reading['read']): Reading => ({
    type: 'counter',
    name,
    help,
    read,
  })
  return [
    { ...gauge('fedcache_cluster_peers', 'Peers known, this one included.', () => byState(cluster)), label: 'state' },
    gauge('fedcache_cluster_settled', 'Whether all peers agree who owns what.', () => Number(cluster.info().settled)),
    gauge('fedcache_cluster_lease_held', 'Whether this peer may serve from memory as a part of its cluster.', () =>
      Number(cluster.stats.leaseHeld),
    ),
    gauge('fedcache_cluster_isolated', 'Whether this peer is cut off from its cluster.', () =>
      Number(cluster.stats.isolated),
    ),
    gauge(
      'fedcache_cluster_suspects',
      'Peers that are silent, and for which others answer.',
      () => cluster.stats.suspects,
    ),
    counter(
      'fedcache_cluster_unconfirmed_total',
      'Confirmations of changes that did not come in time.',
      () => cluster.stats.unconfirmed,
    ),
    counter('fedcache_cluster_gaps_total', 'How often changes made by others were missed.', () => cluster.stats.gaps),
    counter(
      'fedcache_cluster_refused_messages_total',
      'Messages of other peers that could not be read or handled.',
      () => cluster.stats.refusedMessages,
    ),
    gauge('fedcache_bus_connected', 'Whether there is a connection to NATS.', () => Number(bus.connected)),
    gauge('fedcache_bus_pending_requests', 'Requests to peers that wait for a reply.', () => bus.stats.pendingRequests),
    counter('fedcache_bus_sent_messages_total', 'Messages sent.', () => bus.stats.sentMessages),
    counter('fedcache_bus_sent_bytes_total', 'Bytes sent in messages.', () => bus.stats.sentBytes),
    counter('fedcache_bus_received_messages_total', 'Messages received.', () => bus.stats.receivedMessages),
    counter('fedcache_bus_received_bytes_total', 'Bytes received in messages.', () => bus.stats.receivedBytes),
    counter('fedcache_bus_failed_handlers_total', 'Messages whose handling failed.', () => bus.stats.failedHandlers),
    counter('fedcache_bus_reconnects_total', 'Lost connections that were replaced.', () => bus.stats.reconnects),
    counter('fedcache_bus_slow_consumers_total', 'How often this process was too slow.', () => bus.stats.slowConsumers),
  ]
}

function byState(cluster: Cluster): ReadonlyMap<string, number> {
  const counts = new Map<string, number>(states.map((state) => [state, 0]))
  for (const { state } of cluster.info().peers) counts.set(state, (counts.get(state) ?? 0) + 1)
  return counts
}
