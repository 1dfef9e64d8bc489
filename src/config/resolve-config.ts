import type { ConfigProblem } from '../errors.ts'
import type { KeyspaceDefinition, KeyspacePolicy } from '../engine/policy.ts'
import type { Identity, Logger, Source, StoreFactory } from '../ports/index.ts'
import {
  checkFields,
  checkFunction,
  checkOneOf,
  checkRecord,
  checkSize,
  checkWholeNumber,
  hasMethods,
  isPlainObject,
} from './checks.ts'
import type { Config, LogLevel } from './config.ts'
import { processDefaults } from './defaults.ts'
import { heapAdvice, heapBytesFor, memoryAdvice, memoryLimitFor } from './memory.ts'
import { pathOf, Problems } from './problems.ts'
import { type ResolvedAuth, resolveAuth } from './resolve-auth.ts'
import { peerIdFrom, type ResolvedCluster, resolveCluster } from './resolve-cluster.ts'
import { type ResolvedInvalidation, resolveInvalidation } from './resolve-invalidation.ts'
import { isLoopback, type ResolvedHttp, resolveHost, resolveHttp } from './resolve-http.ts'
import { defaultPolicy, resolveKeyspace } from './resolve-keyspace.ts'
import { resolveSources } from './resolve-source.ts'
import { type CheckTypes, type ResolvedSubgraph, resolveSubgraph } from './resolve-subgraph.ts'

const kilobyte = 2 ** 10
const megabyte = 2 ** 20

/** The levels of `log.level`, from the one that writes most. */
const logLevels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent']

/** What a configuration is read against. */
export interface ResolveContext {
  /** What the heap of this process may grow to, in bytes. */
  readonly heapLimitBytes: number
  /** The memory that this process, and others behind the same port, can have, in bytes. */
  readonly memoryBytes: number
  /** Names the machine in a `peerId` that is not given. */
  readonly hostname: string
  /** Tells processes with a free port apart in a `peerId` that is not given. */
  readonly processId: number
  /** Which of several processes behind one port it is read for. Default: for all of them as one. */
  readonly worker?: Worker
  /** The store of keyspaces that name none. */
  readonly defaultStore: StoreFactory
  /** Checks the SDL of typed keyspaces. Default: it is not checked. */
  readonly checkTypes?: CheckTypes
  /** Where values came from that are not from the file, by path, such as `port` → `--port`. For messages only. */
  readonly origins?: ReadonlyMap<string, string>
  /** What was found wrong before, to be told with the rest. */
  readonly problems?: readonly ConfigProblem[]
}

/** One of several processes behind one port, which share what one configuration allows them. */
export interface Worker {
  /** From 1. */
  readonly number: number
  readonly count: number
}

/** A configuration that was checked, with every default filled in. Durations are milliseconds, sizes are bytes. */
export interface ResolvedConfig {
  readonly port: number
  readonly host: string
  /** `undefined`: only this machine reaches the API, and everyone on it may use it. */
  readonly auth: ResolvedAuth | 'none' | undefined
  /** Functions that give callers their part, of keyspaces that are partitioned, by name. */
  readonly partitions: ReadonlyMap<string, (identity: Identity) => string>
  readonly cluster: ResolvedCluster
  /** Processes behind the one port. */
  readonly workers: number
  readonly sources: ReadonlyMap<string, Source>
  readonly keyspaces: readonly KeyspaceDefinition[]
  /** The rules of keyspaces that are made while fedcache runs, before their own settings. */
  readonly defaultPolicy: KeyspacePolicy
  /** Bytes that all keyspaces together may hold. */
  readonly memoryLimit: number
  readonly maxKeyBytes: number
  readonly maxKeysPerCall: number
  readonly http: ResolvedHttp
  readonly log: { readonly level: LogLevel; readonly logger: Logger | undefined }
  readonly subgraph: ResolvedSubgraph
  readonly invalidation: ResolvedInvalidation
}

const configFields: readonly (keyof Config)[] = [
  'port',
  'host',
  'auth',
  'cluster',
  'sources',
  'keyspaces',
  'workers',
  'memoryLimit',
  'maxKeyBytes',
  'maxKeysPerCall',
  'http',
  'log',
  'subgraph',
  'invalidation',
]

/**
 * Checks a configuration and fills in every default. It reads nothing but its arguments and opens nothing: that a
 * source can be reached, or a port is free, shows when fedcache starts.
 *
 * @throws ConfigError with everything that is wrong, each with its path and what was received there. Passwords in URLs
 * and fields that sound secret are not shown.
 */
export function resolveConfig(config: Config, context: ResolveContext): ResolvedConfig {
  const problems = new Problems(context.origins, context.problems)
  const fields = checkFields(problems, '', config, configFields)
  const port = checkWholeNumber(problems, 'port', fields['port'], {
    min: 0,
    max: 65_535,
    fallback: processDefaults.port,
  })
  const sources = resolveSources(problems, fields['sources'])
  const sharers = context.worker?.count ?? 1
  const memoryLimit = resolveMemoryLimit(problems, fields['memoryLimit'], context, sharers)
  const maxKeyBytes = checkSize(problems, 'maxKeyBytes', fields['maxKeyBytes'], {
    min: 1,
    max: 64 * kilobyte,
    fallback: processDefaults.maxKeyBytes,
  })
  const keyspaceContext = {
    sources: { named: sources, names: Object.keys(recordOf(fields['sources'])) },
    memoryLimit,
    sharers,
    maxKeyBytes,
    defaultStore: context.defaultStore,
  }
  const keyspaces = Object.entries(checkRecord(problems, 'keyspaces', fields['keyspaces'])).map(([name, value]) =>
    resolveKeyspace(problems, name, value, keyspaceContext),
  )
  const subgraph = resolveSubgraph(problems, fields['subgraph'], keyspaces, context.checkTypes ?? (() => []))
  const access = resolveAccess(problems, fields)
  const cluster = resolveCluster(problems, fields['cluster'], peerIdFrom(context.hostname, port || context.processId))
  const resolved: ResolvedConfig = {
    port,
    ...access,
    cluster: context.worker === undefined ? cluster : workerIn(cluster, context.worker),
    workers: resolveWorkers(problems, fields['workers'], cluster),
    sources,
    keyspaces,
    partitions: resolvePartitions(problems, fields),
    defaultPolicy: defaultPolicy(keyspaceContext),
    memoryLimit,
    maxKeyBytes,
    maxKeysPerCall: checkWholeNumber(problems, 'maxKeysPerCall', fields['maxKeysPerCall'], {
      min: 1,
      max: 100_000,
      fallback: processDefaults.maxKeysPerCall,
    }),
    http: resolveHttp(problems, fields['http']),
    log: resolveLog(problems, fields['log']),
    subgraph,
    invalidation: resolveInvalidation(problems, fields['invalidation'], {
      keyspaces: keyspaces.map(({ name }) => name),
      tellsTags: subgraph.cacheTags,
    }),
  }
  problems.throwIfAny()
  return resolved
}

function resolveMemoryLimit(
  problems: Problems,
  value: unknown,
  { heapLimitBytes, memoryBytes }: Pick<ResolveContext, 'heapLimitBytes' | 'memoryBytes'>,
  sharers: number,
): number {
  const most = Math.max(megabyte, memoryLimitFor(heapLimitBytes)) * sharers
  const fallback = Math.min(processDefaults.memoryLimitBytes, most, memoryBytes)
  const min = megabyte * sharers
  const together = checkSize(problems, 'memoryLimit', value, { min, max: Infinity, fallback })
  const memoryLimit = Math.floor(together / sharers)
  if (together > memoryBytes) {
    problems.add('memoryLimit', memoryAdvice(memoryBytes), value)
  } else if (heapBytesFor(memoryLimit) > heapLimitBytes) {
    problems.add('memoryLimit', heapAdvice(memoryLimit, heapLimitBytes), value)
  }
  return memoryLimit
}

function resolveWorkers(problems: Problems, value: unknown, cluster: ResolvedCluster): number {
  const workers = checkWholeNumber(problems, 'workers', value, { min: 1, max: 64, fallback: processDefaults.workers })
  if (workers === 1) return workers
  if (cluster.nats.length === 0 && cluster.discovery === undefined) {
    const message = 'needs cluster.nats or cluster.discovery: each worker is a peer, and peers talk over NATS'
    problems.add('workers', `${message}. Start a nats-server and name it with --nats, or leave it at 1`, value)
  }
  if (cluster.peerId.length + `-${workers}`.length > 64) {
    problems.add('cluster.peerId', 'must leave room for the number of a worker in 64 characters', cluster.peerId)
  }
  return workers
}

/** A worker is a peer like any other, by a name of its own. */
function workerIn(cluster: ResolvedCluster, { number }: Worker): ResolvedCluster {
  return { ...cluster, peerId: `${cluster.peerId}-${number}` }
}

function resolveAccess(
  problems: Problems,
  fields: Readonly<Record<string, unknown>>,
): Pick<ResolvedConfig, 'host' | 'auth'> {
  const host = resolveHost(problems, fields['host'])
  const auth = resolveAuth(problems, fields['auth'])
  if (fields['auth'] === undefined && !isLoopback(host)) {
    problems.add(
      'auth',
      `must be given when host is ${host}, which other machines can reach. Write auth: 'none' to let everyone who can ` +
        'reach it read, write and administer the cache',
      undefined,
    )
  }
  return { host, auth }
}

function resolvePartitions(
  problems: Problems,
  fields: Readonly<Record<string, unknown>>,
): ResolvedConfig['partitions'] {
  const partitions = new Map<string, (identity: Identity) => string>()
  const { keyspaces, auth } = fields
  if (!isPlainObject(keyspaces)) return partitions
  for (const [name, keyspace] of Object.entries(keyspaces)) {
    const partition: unknown = isPlainObject(keyspace) ? keyspace['partition'] : undefined
    if (partition === undefined) continue
    const path = pathOf(pathOf('keyspaces', name), 'partition')
    if (!checkFunction(problems, path, partition)) continue
    partitions.set(name, partition as (identity: Identity) => string)
    if (auth === undefined || auth === 'none') {
      problems.add(path, 'needs auth: without it nobody knows whose part is asked for', partition)
    }
    if (isPlainObject(keyspace) && keyspace['cacheScope'] === 'public') {
      problems.add(
        path,
        "must not go with cacheScope 'public': shared caches would give one caller's part to others",
        partition,
      )
    }
  }
  return partitions
}

function resolveLog(problems: Problems, value: unknown): ResolvedConfig['log'] {
  const fields = checkFields(problems, 'log', value, ['level', 'logger'])
  const level = checkOneOf(problems, 'log.level', fields['level'], logLevels, processDefaults.logLevel)
  const logger = fields['logger']
  const methods = ['debug', 'info', 'warn', 'error', 'child']
  if (logger === undefined || hasMethods(logger, methods)) return { level, logger: logger as Logger | undefined }
  problems.add('log.logger', `must be a logger: an object with the methods ${methods.join(', ')}`, logger)
  return { level, logger: undefined }
}

function recordOf(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {}
}
