import type { Discovery } from '../ports/index.ts'
import { checkDuration, checkFields, checkText, checkWholeNumber, hasMethods } from './checks.ts'
import type { ClusterAuthConfig, ClusterTlsConfig } from './config.ts'
import { processDefaults } from './defaults.ts'
import type { Problems } from './problems.ts'
import { resolveClusterAuth, resolveClusterTls } from './resolve-bus-security.ts'

const namePattern = /^[A-Za-z0-9_-]{1,64}$/
const nameForm = '1 to 64 letters, digits, "-" and "_"'
const minute = 60_000

/** How this process takes part in a cluster, with every default filled in. Durations are milliseconds. */
export interface ResolvedCluster {
  readonly name: string
  readonly peerId: string
  /** NATS servers as URLs; empty where the process stands alone or has a `discovery`. */
  readonly nats: readonly string[]
  readonly discovery: Discovery | undefined
  /** `undefined`: what the addresses say. */
  readonly tls: ClusterTlsConfig | undefined
  readonly auth: ClusterAuthConfig | undefined
  readonly minimumPeers: number
  readonly confirmTimeoutMs: number
  /** `undefined`: never. */
  readonly unreadyWhenIsolatedForMs: number | undefined
}

/** Reads the `cluster` of a configuration. What is wrong is noted. */
export function resolveCluster(problems: Problems, value: unknown, defaultPeerId: string): ResolvedCluster {
  const fields = checkFields(problems, 'cluster', value, [
    'name',
    'peerId',
    'nats',
    'discovery',
    'tls',
    'auth',
    'minimumPeers',
    'confirmTimeout',
    'unreadyWhenIsolatedFor',
  ])
  const name = { pattern: namePattern, form: nameForm }
  const isolatedFor = { min: 1, max: 1_440 * minute, fallback: 0 }
  const cluster: ResolvedCluster = {
    name: checkText(problems, 'cluster.name', fields['name'], { ...name, fallback: processDefaults.clusterName }),
    peerId: checkText(problems, 'cluster.peerId', fields['peerId'], { ...name, fallback: defaultPeerId }),
    nats: resolveServers(problems, fields['nats']),
    discovery: resolveDiscovery(problems, fields['discovery']),
    tls: resolveClusterTls(problems, fields['tls']),
    auth: resolveClusterAuth(problems, fields['auth']),
    minimumPeers: checkWholeNumber(problems, 'cluster.minimumPeers', fields['minimumPeers'], {
      min: 1,
      max: 1_000,
      fallback: processDefaults.minimumPeers,
    }),
    confirmTimeoutMs: checkDuration(problems, 'cluster.confirmTimeout', fields['confirmTimeout'], {
      min: 1,
      max: minute,
      fallback: processDefaults.confirmTimeoutMs,
    }),
    unreadyWhenIsolatedForMs:
      checkDuration(problems, 'cluster.unreadyWhenIsolatedFor', fields['unreadyWhenIsolatedFor'], isolatedFor) ||
      undefined,
  }
  checkTogether(problems, fields, cluster)
  return cluster
}

function checkTogether(
  problems: Problems,
  { nats, discovery, minimumPeers }: Readonly<Record<string, unknown>>,
  cluster: ResolvedCluster,
): void {
  if (nats !== undefined && discovery !== undefined && discovery !== 'nats') {
    problems.add('cluster.discovery', 'must not be given together with nats', discovery)
  }
  if (nats === undefined && discovery === 'nats') {
    problems.add('cluster.nats', "must be given with discovery 'nats': the servers to begin with", nats)
  }
  const isAlone = nats === undefined && (discovery === undefined || discovery === 'standalone')
  if (isAlone && cluster.minimumPeers > 1) {
    problems.add('cluster.minimumPeers', 'must be 1 without nats or discovery', minimumPeers)
  }
}

/** A `peerId` made from what is known of the process. It is as stable as host name and port are. */
export function peerIdFrom(hostname: string, portOrProcessId: number): string {
  const host = hostname.replace(/[^A-Za-z0-9_-]+/g, '-').slice(0, 50)
  return `${host === '' ? 'fedcache' : host}-${portOrProcessId}`
}

function resolveServers(problems: Problems, value: unknown): readonly string[] {
  if (value === undefined) return []
  const servers: unknown[] =
    typeof value === 'string' ? value.split(',').map((server) => server.trim()) : [value].flat()
  if (servers.length === 0) problems.add('cluster.nats', 'must name at least one server', value)
  return servers.map((server, index) => {
    const url = serverUrl(server)
    if (url !== undefined) return url
    const path = typeof value === 'string' ? 'cluster.nats' : `cluster.nats[${index}]`
    problems.add(path, 'must be the URL of a NATS server, such as nats://127.0.0.1:4222', server)
    return ''
  })
}

function serverUrl(server: unknown): string | undefined {
  if (typeof server !== 'string' || server === '') return undefined
  const url = server.includes('://') ? server : `nats://${server}`
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const isNats = parsed?.protocol === 'nats:' || parsed?.protocol === 'tls:'
  return isNats && parsed.hostname !== '' ? url : undefined
}

function resolveDiscovery(problems: Problems, value: unknown): Discovery | undefined {
  if (value === 'nats' || value === 'standalone') return undefined
  if (value === undefined || hasMethods(value, ['resolve', 'close'])) return value as Discovery | undefined
  const message = "must be 'nats', 'standalone' or a discovery provider: an object with the methods resolve and close"
  problems.add('cluster.discovery', message, value)
  return undefined
}
