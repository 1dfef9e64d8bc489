// What the peers of cluster tests serve. A test says what differs in the environment.
import { env } from 'node:process'
import { defineConfig, httpSource, natsKvSource, sqliteSource } from 'fedcache'
import type { ClusterSettings } from '../cluster-settings.ts'

const settings = JSON.parse(env['CLUSTER_SETTINGS'] ?? '{}') as ClusterSettings
const { origin, database, bucket, ttl = '1h', nearTtl = '10s', readTimeout = '10s' } = settings
const common = { ttl, nearTtl, readTimeout, negativeTtl: settings.negativeTtl ?? '5s', maxBytes: '32mb' } as const

export default defineConfig({
  cluster: {
    minimumPeers: settings.minimumPeers ?? 1,
    ...(settings.unreadyWhenIsolatedFor === undefined
      ? {}
      : { unreadyWhenIsolatedFor: settings.unreadyWhenIsolatedFor }),
  },
  memoryLimit: '256mb',
  sources:
    origin === undefined
      ? {}
      : { feed: httpSource({ name: 'feed', bulk: { url: `${origin}/load` }, concurrency: 64 }) },
  keyspaces: {
    // Only put to.
    notes: { ttl: 'forever', maxBytes: '32mb', nearTtl },
    // A bucket on the cluster's own NATS. What is put there lives as long as it is said to: in these tests, for good.
    ...(bucket === undefined ? {} : { sessions: { ...common, ttl: 'forever', source: natsKvSource({ bucket }) } }),
    // Read from an HTTP origin in the test process, which counts.
    ...(origin === undefined
      ? {}
      : {
          feed: {
            ...common,
            source: 'feed',
            tags: (key: string) => [`group-${key.split('-')[0] ?? ''}`],
          },
        }),
    // A table that every peer writes to.
    ...(database === undefined
      ? {}
      : {
          ledger: {
            ...common,
            source: sqliteSource({
              name: 'ledger',
              path: database,
              table: 'ledger',
              keyColumn: 'key',
              valueColumn: 'value',
              writable: true,
              busyTimeoutMs: 2000,
            }),
          },
        }),
  },
})
