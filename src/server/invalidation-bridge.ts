import { env } from 'node:process'
import { apolloRouterEndpoint } from '../adapters/invalidation/apollo-router-endpoint.ts'
import { DeliveryQueue, type DeliveryStats } from '../adapters/invalidation/delivery-queue.ts'
import { webhookEndpoint } from '../adapters/invalidation/webhook-endpoint.ts'
import { nameInPartition } from '../auth/partition.ts'
import type { ResolvedConfig } from '../config/resolve-config.ts'
import type { ResolvedEndpoint } from '../config/resolve-invalidation.ts'
import { readSecret } from '../config/secret.ts'
import type { Reading } from '../http/metrics.ts'
import { type Clock, type Invalidation, type InvalidationEndpoint, keyTag, type Logger } from '../ports/index.ts'

/** Tells caches outside of the cluster of what changes in it. */
export interface InvalidationBridge {
  /** Reads the secrets once, so that one that is missing is told now. Rejects where one is. */
  start(): Promise<void>
  /** Takes a change, to be told soon; see `EngineOptions.onChanged`. */
  readonly onChanged: (change: Invalidation) => void
  /** Tells what waits, for at most three seconds. */
  stop(): Promise<void>
  /** What `/metrics` tells of it. */
  readonly readings: readonly Reading[]
}

const drainMs = 3_000

/** Makes the bridge of a process; one that does nothing where no endpoints are configured. */
export function invalidationBridge(config: ResolvedConfig, clock: Clock, logger: Logger): InvalidationBridge {
  const { endpoints, ...limits } = config.invalidation
  const queues = new Map(
    endpoints.map((endpoint) => {
      const queue = new DeliveryQueue({ endpoint: endpointOf(endpoint), clock, logger, ...limits })
      return [endpoint.name, queue]
    }),
  )
  return {
    start: async () => {
      for (const secret of endpoints.flatMap(secretsOf)) await readSecret(secret, env)
    },
    onChanged: (change) => {
      if (queues.size === 0) return
      const tags = tagsOf(change, config.partitions.has(change.keyspace))
      for (const { name, keyspaces } of endpoints) {
        if (keyspaces?.has(change.keyspace) ?? true) queues.get(name)?.add(tags)
      }
    },
    stop: async () => {
      await Promise.all(Array.from(queues.values(), (queue) => queue.drain(drainMs)))
    },
    readings: queues.size === 0 ? [] : readingsOf(queues),
  }
}

/**
 * The tags of answers that a change makes outdated. Answers name keys and tags as callers do; in a partitioned keyspace
 * those of all callers are dropped with them.
 */
function tagsOf(change: Invalidation, isPartitioned: boolean): readonly string[] {
  const { keyspace } = change
  switch (change.kind) {
    case 'KEYS':
      return change.changes.map(({ key }) => keyTag(keyspace, isPartitioned ? nameInPartition(key) : key))
    case 'TAGS':
      // Of a tag that the configuration gave, and not a caller, what looks like a partition is part of its name.
      return isPartitioned ? change.tags.flatMap((tag) => [tag, nameInPartition(tag)]) : change.tags
    case 'CLEAR':
      return [keyspace]
  }
}

function endpointOf(endpoint: ResolvedEndpoint): InvalidationEndpoint {
  switch (endpoint.kind) {
    case 'custom':
      return endpoint.endpoint
    case 'apollo-router':
      return apolloRouterEndpoint({ ...endpoint, sharedKey: () => readSecret(endpoint.sharedKey, env) })
    case 'webhook':
      return webhookEndpoint({
        ...endpoint,
        body: endpoint.body === false ? undefined : endpoint.body,
        headers: async () => {
          const read = Object.entries(endpoint.headers).map(
            async ([name, secret]) => [name, await readSecret(secret, env)] as const,
          )
          return Object.fromEntries(await Promise.all(read))
        },
      })
  }
}

function secretsOf(endpoint: ResolvedEndpoint): readonly Parameters<typeof readSecret>[0][] {
  if (endpoint.kind === 'apollo-router') return [endpoint.sharedKey]
  return endpoint.kind === 'webhook' ? Object.values(endpoint.headers) : []
}

function readingsOf(queues: ReadonlyMap<string, DeliveryQueue>): readonly Reading[] {
  const reading = (type: Reading['type'], name: string, help: string, statistic: keyof DeliveryStats): Reading => ({
    type,
    name: `fedcache_invalidation_${name}`,
    help,
    label: 'endpoint',
    read: () => new Map(Array.from(queues, ([endpoint, { stats }]) => [endpoint, stats[statistic]])),
  })
  return [
    reading('counter', 'sent_tags_total', 'Tags that an endpoint took.', 'sent'),
    reading('counter', 'failed_requests_total', 'Requests that an endpoint did not take.', 'failed'),
    reading('counter', 'retried_requests_total', 'Requests that were made again after one that failed.', 'retried'),
    reading('counter', 'dropped_tags_total', 'Tags that were given up: too many, too old, or refused.', 'dropped'),
    reading('gauge', 'waiting_tags', 'Tags that wait to be sent.', 'waiting'),
  ]
}
