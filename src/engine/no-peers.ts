import { type ClusterInfo, type Confirmation, type Peers, type Route, slotCount } from '../ports/index.ts'

/** The cluster of a process that stands alone: it owns every key and has nobody to tell. */
export function noPeers(selfId: string, incarnation: string, url: () => string | null): Peers {
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
    info: () => ({ name: 'standalone', view: selfId, settled: true, degraded: false, self: self(), peers: [self()] }),
    onEvent: () => () => {},
    join: () => Promise.resolve(),
    leave: () => Promise.resolve(),
  }
}
