import type { Heartbeat } from '../../src/cluster/protocol/heartbeat.ts'

/** A heartbeat of a peer that is well and alone, but for what is said. */
export function heartbeatOf(said: Partial<Heartbeat> = {}): Heartbeat {
  return {
    process: '1',
    incarnation: '1.1',
    state: 'ALIVE',
    beat: 1,
    rollCall: false,
    answers: [],
    view: '',
    views: 0,
    handedOver: '',
    catalogue: '',
    config: '',
    invalidation: 0,
    tagInvalidation: 0,
    keyspaceChange: 0,
    version: 0,
    url: '',
    ...said,
  }
}
