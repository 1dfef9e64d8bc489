import type { ClusterEvent } from './events.ts'
import type { ClusterInfo, Confirmation } from './results.ts'

/** A change that every peer must hear of, whatever it owns: older copies go, flights are unhooked. */
export type Invalidation =
  | { readonly kind: 'KEYS'; readonly keyspace: string; readonly changes: readonly KeyChange[] }
  | { readonly kind: 'TAGS'; readonly keyspace: string; readonly tags: readonly string[] }
  | { readonly kind: 'CLEAR'; readonly keyspace: string; readonly version: number }

/** What happened to one key. */
export interface KeyChange {
  readonly key: string
  readonly kind: 'PUT' | 'DELETED'
  readonly version: number
}

/** The cluster as the engine sees it. The engine never asks whether there is one. */
export interface Peers {
  /** `peerId` of this process. */
  readonly selfId: string
  /** `peerId` of the peer that the view names for a key. */
  ownerOf(keyspace: string, key: string): string
  /** Tells every peer of a change that has been applied here, and waits until they confirmed or went suspect. */
  announce(invalidation: Invalidation): Promise<Confirmation>
  info(): ClusterInfo
  /** Calls `listener` for every change in the cluster; returns a function that stops it. */
  onEvent(listener: (event: ClusterEvent) => void): () => void
}

/** The cluster of a process that stands alone: it owns every key and has nobody to tell. */
export function noPeers(selfId: string, incarnation: string, url: () => string | null): Peers {
  const alone: Confirmation = { confirmedBy: [selfId], unconfirmed: [] }
  const self = (): ClusterInfo['self'] => ({ id: selfId, incarnation, state: 'ALIVE', url: url(), slots: 4096 })
  return {
    selfId,
    ownerOf: () => selfId,
    announce: () => Promise.resolve(alone),
    info: () => ({ name: 'standalone', view: selfId, settled: true, degraded: false, self: self(), peers: [self()] }),
    onEvent: () => () => {},
  }
}
