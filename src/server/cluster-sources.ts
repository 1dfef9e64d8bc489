import type { ClusterNats, NatsKvSource } from '../adapters/source/nats-kv-source.ts'
import type { ResolvedConfig } from '../config/resolve-config.ts'
import type { Source } from '../ports/index.ts'

/** Tells the sources of a configuration that live on NATS how this process reaches the NATS of its cluster. */
export function useCluster({ sources, keyspaces }: ResolvedConfig, nats: ClusterNats): void {
  const all = new Set(sources.values())
  for (const { source } of keyspaces) if (source !== undefined) all.add(source)
  for (const source of all) if (isOnNats(source)) source.useCluster(nats)
}

function isOnNats(source: Source): source is NatsKvSource {
  return 'useCluster' in source && typeof source.useCluster === 'function'
}
