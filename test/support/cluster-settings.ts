import type { Duration } from '../../src/config/units.ts'

/** What a cluster test may set in the peers' configuration; see `cluster-config/fedcache.config.ts`. */
export interface ClusterSettings {
  /** URL of the HTTP origin behind the keyspace `feed`; without it there is none. */
  readonly origin?: string
  /** The SQLite file behind the keyspace `ledger`; without it there is none. */
  readonly database?: string
  /** The JetStream bucket behind the keyspace `sessions`; without it there is none. */
  readonly bucket?: string
  readonly minimumPeers?: number
  readonly unreadyWhenIsolatedFor?: Duration
  readonly ttl?: Duration
  readonly nearTtl?: Duration
  readonly negativeTtl?: Duration
  readonly readTimeout?: Duration
}
