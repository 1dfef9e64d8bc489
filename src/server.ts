import { hostname, totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import { type ResolverContext, type ResolverContextOptions, resolverContext } from '../resolvers/context.ts'
import { systemClock } from './adapters/clock/system-clock.ts'
import { pinoLogger } from './adapters/logger/pino-logger.ts'
import { httpSource } from './adapters/source/http-source.ts'
import { lruStore } from './adapters/store/lru-store.ts'
import type { Access } from './auth/access.ts'
import type { Config } from './config/config.ts'
import type { KeyspaceConfig } from './config/keyspace-config.ts'
import { memoryOfProcess } from './config/memory.ts'
import { type ResolveContext, type ResolvedConfig, resolveConfig } from './config/resolve-config.ts'
import type { EngineApi } from './engine/engine-api.ts'
import { Engine } from './engine/engine.ts'
import type { Clock, Logger, Peers } from './ports/index.ts'
import { FedcacheError } from './errors.ts'
import { type HttpServer, httpServer, type Readiness } from './http/http-server.ts'
import type { Reading, Siblings } from './http/metrics.ts'
import { trustedDocuments } from './http/trusted-documents.ts'
import { accessOf } from './server/access-of.ts'
import { graphqlSchema, typeProblems } from './server/graphql-schema.ts'
import { type InvalidationBridge, invalidationBridge } from './server/invalidation-bridge.ts'
import { type Membership, membership } from './server/membership.ts'

/** A fedcache in this process. */
export interface Fedcache {
  /** The cache itself. It answers once `listen` or the first `fetch` has opened its sources. */
  readonly engine: Engine
  /**
   * Answers one HTTP request without a socket, as a server in your own process would pass it on. Starts fedcache when
   * nothing has yet; rejects when it cannot be started, and tries again the next time. An answer that goes on, as events
   * do, ends when it is cancelled or the signal of the request aborts.
   */
  fetch(request: Request): Promise<Response>
  /**
   * Opens the sources and listens.
   *
   * @returns `url`, where the GraphQL API is reached. Rejects when a source cannot be opened or the address is taken.
   * Listening twice listens once.
   */
  listen(): Promise<{ readonly url: string }>
  /**
   * Answers `/ready` with 503 while other peers take over and puts are handed to them, then answers what is under way, cuts
   * off requests that take longer than 10 s, and closes the sources. Stopping twice stops once. What was stopped does not start again.
   */
  stop(): Promise<void>
}

/** Where a process is in its life. */
export type Stage =
  | 'idle'
  | 'starting'
  | 'serving'
  | 'handing over'
  | 'finishing requests'
  | 'finishing loads and writes'
  | 'telling caches outside'
  | 'stopped'

/** What a process may add to its configuration: how it came about, and other memory than its own. */
export type ProcessOptions = Partial<
  Pick<ResolveContext, 'heapLimitBytes' | 'memoryBytes' | 'origins' | 'problems' | 'processId' | 'worker'>
>

/** What the command line adds to a process. */
export interface ProcessParts {
  /** Called when an older process with the same `peerId` is alive; by default this one stops. */
  readonly onDuplicate?: () => void
  /** Processes behind the same port, whose metrics are told together. Default: none. */
  readonly siblings?: Siblings
}

const requestGraceMs = 10_000

/**
 * Makes a fedcache in this process. Nothing is opened and nothing listens until `listen` or `fetch` is called. The
 * environment is not read; that is for the command line.
 *
 * @throws ConfigError with everything that is wrong with the configuration.
 */
export function createFedcache(config: Config): Fedcache {
  const fedcache = new FedcacheProcess(resolvedConfig(config))
  return {
    engine: fedcache.engine,
    fetch: (request) => fedcache.fetch(request),
    listen: () => fedcache.listen(),
    stop: () => fedcache.stop(),
  }
}

/**
 * Checks a configuration against this process and fills in every default.
 *
 * @throws ConfigError with everything that is wrong with it.
 */
export function resolvedConfig(config: Config, options: ProcessOptions = {}): ResolvedConfig {
  return resolveConfig(config, {
    heapLimitBytes: getHeapStatistics().heap_size_limit,
    memoryBytes: memoryOfProcess(process.constrainedMemory(), totalmem()),
    hostname: hostname(),
    processId: process.pid,
    defaultStore: lruStore(),
    checkTypes: typeProblems,
    ...options,
  })
}

/** The logger that a configuration names, or one that writes JSON lines to standard output. */
export function loggerOf({ log }: ResolvedConfig): Logger {
  return log.logger ?? pinoLogger({ level: log.level })
}

/** A fedcache, and what the command line needs of it beside. Puts the parts together: it alone knows them all. */
export class FedcacheProcess implements Fedcache {
  readonly engine: Engine
  readonly logger: Logger
  readonly #membership: Membership
  readonly #server: HttpServer
  #listening: Promise<{ readonly url: string }> | undefined
  readonly #access: Access
  readonly #bridge: InvalidationBridge
  #stage: Stage = 'idle'
  #url: string | null = null
  #started: Promise<void> | undefined
  #stopped: Promise<void> | undefined

  constructor(config: ResolvedConfig, { onDuplicate, siblings }: ProcessParts = {}) {
    this.logger = loggerOf(config)
    const clock = systemClock()
    this.#membership = membership({
      config,
      clock,
      logger: this.logger,
      url: () => this.#url,
      onDuplicate: onDuplicate ?? (() => void this.stop()),
    })
    this.#bridge = invalidationBridge(config, clock, this.logger)
    this.engine = engineOf(config, clock, this.logger, this.#membership.peers, this.#bridge)
    this.#access = accessOf(config, this.engine, clock, this.logger)
    const readings = [...this.#membership.readings, ...this.#bridge.readings]
    this.#server = serverOf(config, {
      logger: this.logger,
      engine: this.engine,
      access: this.#access,
      readings,
      siblings,
      readiness: () => readinessOf(this.#stage, this.#membership),
    })
  }

  /** Where the process is in its life. */
  get stage(): Stage {
    return this.#stage
  }

  async fetch(request: Request): Promise<Response> {
    await this.#start()
    return this.#server.fetch(request)
  }

  listen(): Promise<{ readonly url: string }> {
    this.#listening ??= this.#listen().catch((error: unknown) => {
      // An address that is taken may be free another time.
      this.#listening = undefined
      throw error
    })
    return this.#listening
  }

  async #listen(): Promise<{ readonly url: string }> {
    await this.#start()
    if (this.#stopped !== undefined) throw stopped()
    const { url } = await this.#server.listen()
    this.#url = url
    return { url }
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  #start(): Promise<void> {
    if (this.#stopped !== undefined) return Promise.reject(stopped())
    this.#started ??= this.#open().catch((error: unknown) => {
      // What cannot be reached now may be reached when the next request comes.
      this.#started = undefined
      throw error
    })
    return this.#started
  }

  async #open(): Promise<void> {
    this.#stage = 'starting'
    // Looking for the cluster is done on timers and promises, which do not keep a process alive by themselves.
    const alive = setInterval(() => {}, 60_000)
    try {
      await this.#access.start()
      await this.#bridge.start()
      await this.engine.start()
    } finally {
      clearInterval(alive)
    }
    if (this.#stage === 'starting') this.#stage = 'serving'
  }

  async #stop(): Promise<void> {
    // Others take over while requests still come here, until all who send them have seen `/ready`.
    this.#stage = 'handing over'
    // What is being opened can be closed only once it is open.
    await this.#started?.catch(() => {})
    await this.engine.stop(async () => {
      this.#stage = 'finishing requests'
      await this.#server.close(requestGraceMs)
      this.#stage = 'finishing loads and writes'
    })
    this.#stage = 'telling caches outside'
    await this.#bridge.stop()
    this.#stage = 'stopped'
  }
}

function stopped(): FedcacheError {
  return new FedcacheError('UNAVAILABLE', 'This fedcache was stopped, and does not start again; create another.')
}

/** A keyspace over an HTTP API, for the command line. Throws ConfigError where the template is wrong. */
export function httpKeyspace(name: string, urlTemplate: string): KeyspaceConfig {
  return { source: httpSource({ name, url: urlTemplate }) }
}

function engineOf(
  config: ResolvedConfig,
  clock: Clock,
  logger: Logger,
  peers: Peers,
  bridge: InvalidationBridge,
): Engine {
  const { keyspaces, sources, defaultPolicy, memoryLimit, maxKeysPerCall, maxKeyBytes } = config
  const limits = { maxKeysPerCall, maxKeyBytes, maxAnswerBytes: config.http.responseLimitBytes }
  const { onChanged } = bridge
  return new Engine({ keyspaces, sources, defaultPolicy, memoryLimit, limits, clock, logger, peers, onChanged })
}

interface ServedParts {
  readonly logger: Logger
  readonly engine: Engine
  readonly access: Access
  readonly readings: readonly Reading[]
  readonly siblings: Siblings | undefined
  readonly readiness: () => Readiness
}

function serverOf(config: ResolvedConfig, parts: ServedParts): HttpServer {
  const { logger, engine, access, readings, siblings, readiness } = parts
  const { host, port, maxKeysPerCall } = config
  const { allowedHosts, bodyLimitBytes, cacheTags, graphiql, maxDocumentTokens, documents, tls, trusted } = config.http
  const { limits, proxies, responseLimitBytes, timeouts } = config.http
  const shared: ResolverContextOptions = {
    maxKeysPerCall,
    peers: () => engine.cluster().peers,
    wantsTags: config.subgraph.cacheTags,
    // In a partitioned keyspace the same key is another entry for another caller.
    isPublic: (name) => !config.partitions.has(name) && engine.isPublic(name),
  }
  const contextOf = (allowed: EngineApi): ResolverContext => resolverContext(allowed, shared)
  return httpServer({
    schema: graphqlSchema(config),
    context: (request) => {
      const allowed = access.engineFor(request)
      return allowed instanceof Promise ? allowed.then(contextOf) : contextOf(allowed)
    },
    checkMetrics: (request) => access.checkMetrics(request),
    engine,
    readings,
    ...(siblings === undefined ? {} : { siblings }),
    readiness,
    logger,
    host,
    port,
    maxBodyBytes: bodyLimitBytes,
    maxDocumentTokens,
    documents,
    ...(cacheTags === undefined ? {} : { cacheTags }),
    ...(tls === undefined ? {} : { tls }),
    ...(trusted === undefined ? {} : { trusted: trustedDocuments(trusted.documents, trusted.only) }),
    graphiql,
    ...(allowedHosts === undefined ? {} : { allowedHosts }),
    ...(proxies === undefined ? {} : { proxies }),
    // One answer is the largest there may be, while another is on its way.
    limits: { ...limits, maxWaitingBytes: 2 * responseLimitBytes },
    timeouts,
  })
}

function readinessOf(stage: Stage, membership: Membership): Readiness {
  const degraded = membership.isDegraded()
  if (stage !== 'serving') {
    const isComing = stage === 'idle' || stage === 'starting'
    return { ready: false, degraded, reason: isComing ? 'starting' : 'stopping' }
  }
  const reason = membership.notReadyBecause() ?? null
  return { ready: reason === null, degraded, reason }
}
