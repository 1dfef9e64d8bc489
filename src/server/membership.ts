import { createHash, randomBytes } from 'node:crypto'
import { natsBus } from '../adapters/bus/nats.ts'
import type { NatsBusOptions } from '../adapters/bus/nats-bus-options.ts'
import { Cluster } from '../cluster/cluster.ts'
import { subjects } from '../cluster/subjects.ts'
import type { ResolvedConfig } from '../config/resolve-config.ts'
import { noPeers } from '../engine/no-peers.ts'
import type { Reading } from '../http/metrics.ts'
import type { Clock, Discovery, Logger, Peers } from '../ports/index.ts'
import { busSecurity } from './bus-security.ts'
import { clusterReadings } from './cluster-readings.ts'
import { useCluster } from './cluster-sources.ts'

/** How this process takes part in a cluster, or does without one. */
export interface Membership {
  readonly peers: Peers
  /** `undefined` where the process stands alone. */
  readonly cluster: Cluster | undefined
  /** Why the process is not ready to be sent requests; `undefined` when it is. */
  notReadyBecause(): string | undefined
  /** Whether it serves without its cluster. */
  isDegraded(): boolean
  /** What `/metrics` tells of it. */
  readonly readings: readonly Reading[]
}

/** What a membership is made with. */
export interface MembershipContext {
  readonly config: ResolvedConfig
  readonly clock: Clock
  readonly logger: Logger
  readonly url: () => string | null
  /** Called when an older process with the same `peerId` is alive. */
  readonly onDuplicate: () => void
}

/** Joins the process to its cluster over NATS, where one is configured. */
export function membership(context: MembershipContext): Membership {
  const { config, url } = context
  if (config.cluster.nats.length === 0 && config.cluster.discovery === undefined) {
    const { name, peerId } = config.cluster
    const peers = noPeers({ name, peerId, incarnation: randomBytes(8).toString('hex'), url })
    return { peers, cluster: undefined, notReadyBecause: () => undefined, isDegraded: () => false, readings: [] }
  }
  return inCluster(context)
}

function inCluster({ config, clock, logger, url, onDuplicate }: MembershipContext): Membership {
  const { name, peerId, nats, discovery, minimumPeers, confirmTimeoutMs, unreadyWhenIsolatedForMs } = config.cluster
  const access = {
    ...serversOf(nats, discovery, logger),
    ...busSecurity(config.cluster.tls, config.cluster.auth),
    name: `fedcache ${name} ${peerId}`,
    inboxPrefix: subjects(name, peerId).inboxPrefix,
    logger,
  }
  useCluster(config, access)
  const bus = natsBus({ ...access, clock })
  const cluster = new Cluster({
    name,
    peerId,
    bus,
    clock,
    logger,
    url,
    configHash: configHash(config),
    randomText: () => randomBytes(4).toString('hex'),
    onDuplicate,
    timings: { confirmTimeoutMs },
  })
  let hadEnough = false
  let isolatedSinceMs: number | undefined
  return {
    peers: cluster,
    cluster,
    notReadyBecause() {
      const { peers, degraded } = cluster.info()
      isolatedSinceMs = degraded ? (isolatedSinceMs ?? clock.monotonic()) : undefined
      if (!cluster.joined) return 'joining the cluster'
      const present = peers.filter(({ state }) => state === 'ALIVE').length
      // Once it was large enough a cluster may shrink: taking the last peers away from their users helps nobody.
      hadEnough ||= present >= minimumPeers
      if (!hadEnough) return `waiting for ${minimumPeers} peers, there are ${present}`
      const isolatedMs = isolatedSinceMs === undefined ? 0 : clock.monotonic() - isolatedSinceMs
      const limitMs = unreadyWhenIsolatedForMs ?? Infinity
      return isolatedMs >= limitMs ? `cut off from the cluster for ${Math.round(isolatedMs)} ms` : undefined
    },
    isDegraded: () => cluster.info().degraded,
    readings: clusterReadings(cluster, bus),
  }
}

/** Where the bus finds its servers, now and when they change. */
function serversOf(
  nats: readonly string[],
  discovery: Discovery | undefined,
  logger: Logger,
): Pick<NatsBusOptions, 'servers' | 'watchServers'> {
  if (discovery === undefined) return { servers: nats }
  return {
    servers: () => discovery.resolve(),
    watchServers: async (onChange) => {
      const stop = await discovery.watch?.(
        (servers) => {
          logger.info(
            { servers: servers.map(withoutCredentials), discovery: discovery.name },
            'the NATS servers changed',
          )
          onChange(servers)
        },
        (error) => logger.warn({ error, discovery: discovery.name }, 'changes of the NATS servers cannot be seen'),
      )
      return () => {
        stop?.()
        void discovery.close()
      }
    },
  }
}

function withoutCredentials(server: string): string {
  return server.replace(/:\/\/.*@/, '://')
}

/** The same on peers whose keyspaces are configured alike; functions are not compared. */
function configHash(config: ResolvedConfig): string {
  const keyspaces = config.keyspaces.map(({ name, sourceName, policy }) => ({ name, sourceName, policy }))
  return createHash('sha256').update(JSON.stringify(keyspaces)).digest('hex').slice(0, 16)
}
