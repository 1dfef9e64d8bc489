import type { Reading } from './metrics.ts'
import type { UnderWay } from './server-limits.ts'
import type { SlowReaders } from './slow-readers.ts'

/** What a server tells of itself at each scrape. */
export function serverReadings(
  { operations, subscriptions }: UnderWay,
  slowReaders: SlowReaders,
  webSockets: () => number,
): readonly Reading[] {
  return [
    {
      type: 'gauge',
      name: 'fedcache_http_operations',
      help: 'Queries and mutations under way.',
      read: () => operations.taken,
    },
    {
      type: 'gauge',
      name: 'fedcache_http_subscriptions',
      help: 'Subscriptions that are open.',
      read: () => subscriptions.taken,
    },
    { type: 'gauge', name: 'fedcache_http_websockets', help: 'WebSockets that are open.', read: webSockets },
    {
      type: 'counter',
      name: 'fedcache_http_busy_total',
      help: 'Operations and subscriptions that were turned away because too many were under way.',
      read: () => operations.refused + subscriptions.refused,
    },
    {
      type: 'counter',
      name: 'fedcache_http_slow_clients_total',
      help: 'Clients that read too slowly and were cut off.',
      read: () => slowReaders.found,
    },
  ]
}
