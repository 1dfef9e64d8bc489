import { type ClusterInfo, type Confirmation, type Peers, type Route, slotCount } from '../ports/index.ts'

/** Who a process that stands alone says it is. */
export interface Loner {
  /** What the cluster is called. */
  readonly name: string
  readonly peerId: string
  readonly incarnation: string
  /** Where the GraphQL API is reached, once it listens. */
  readonly url: () => string | null
}

/** The cluster of a process that stands alone: it owns every key and has nobody to tell. */
export function noPeers({ name, peerId: selfId, incarnation, url }: Loner): Peers {
  const alone: Confirmation = { confirmedBy: [selfId], unconfirmed: [] }
  const self = (): ClusterInfo['self'] => ({
    id: selfId,
    incarnation,
    state: 'ALIVE',
    url: url(),
    slots: slotCount,
    config: '',
  })
  const load: Route = { kind: 'LOAD', near: false, previous: undefined }
  const elsewhere = { kind: 'ELSEWHERE' } as const
  return {
    selfId,
    spreadMs: 0,
    slotter: () => () => 0,
    owns: () => true,
    ownerOf: () => selfId,
    mayServe: () => true,
    whenMayServe: () => Promise.resolve(true),
    route: () => load,
    holders: () => [],
    isIsolated: () => false,
    ask: (_peer, _as, _keyspace, keys) => Promise.resolve(keys.map(() => elsewhere)),
    routeChange: () => Promise.resolve(),
    whenWritable: () => Promise.resolve(),
    write: (_peer, _keyspace, writes) =>
      Promise.resolve({ answers: writes.map(() => elsewhere), confirmation: { confirmedBy: [], unconfirmed: [] } }),
    announce: () => Promise.resolve(alone),
    announceCatalogue: () => Promise.resolve(alone),
    info: () => ({ name, view: selfId, settled: true, degraded: false, self: self(), peers: [self()] }),
    onEvent: () => () => {},
    join: () => Promise.resolve(),
    leave: (finish) => finish(),
  }
}
