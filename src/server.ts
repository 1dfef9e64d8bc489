import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import { resolverContext } from '../resolvers/context.ts'
import { resolvers } from '../resolvers/index.ts'
import { systemClock } from './adapters/clock/system-clock.ts'
import { pinoLogger } from './adapters/logger/pino-logger.ts'
import { httpSource } from './adapters/source/http-source.ts'
import { lruStore } from './adapters/store/lru-store.ts'
import type { Config, SubgraphPart } from './config/config.ts'
import type { KeyspaceConfig } from './config/keyspace-config.ts'
import { type ResolvedConfig, resolveConfig } from './config/resolve-config.ts'
import { Engine } from './engine/engine.ts'
import { noPeers, type Peers } from './engine/peers.ts'
import { subgraphSchema } from './federation/subgraph-schema.ts'
import { subgraphSdl } from './federation/subgraph-sdl.ts'
import { httpServer, type Readiness } from './http/http-server.ts'
import type { Logger } from './ports/index.ts'

/** A fedcache in this process. */
export interface Fedcache {
  /** The cache itself. It answers once `listen` or the first `fetch` has opened its sources. */
  readonly engine: Engine
  /**
   * Answers one HTTP request without a socket, as a server in your own process would pass it on. Starts fedcache when
   * nothing has yet; rejects when it cannot be started.
   */
  fetch(request: Request): Promise<Response>
  /**
   * Opens the sources and listens.
   *
   * @returns `url`, where the GraphQL API is reached. Rejects when a source cannot be opened or the address is taken.
   */
  listen(): Promise<{ readonly url: string }>
  /**
   * Answers `/ready` with 503, answers what is under way, cuts off requests that take longer than 10 s, and closes the
   * sources. Stopping twice stops once. What was stopped does not start again.
   */
  stop(): Promise<void>
}

/** Where a process is in its life. */
export type Stage = 'idle' | 'starting' | 'serving' | 'finishing requests' | 'finishing loads and writes' | 'stopped'

/** A fedcache and what the command line needs of it beside. */
export interface ComposedFedcache extends Fedcache {
  readonly logger: Logger
  readonly stage: () => Stage
}

/** What a process may add to its configuration. */
export interface ProcessOptions {
  /** What the heap may grow to, in bytes. Default: what it may grow to in this process. */
  readonly heapLimitBytes?: number
  /** Where values came from that are not from the file, by path. For messages only. */
  readonly origins?: ReadonlyMap<string, string>
}

const requestGraceMs = 10_000

/**
 * Makes a fedcache in this process. Nothing is opened and nothing listens until `listen` or `fetch` is called. The
 * environment is not read; that is for the command line.
 *
 * @throws ConfigError with everything that is wrong with the configuration.
 */
export function createFedcache(config: Config): Fedcache {
  const { engine, fetch, listen, stop } = composedFedcache(resolvedConfig(config))
  return { engine, fetch, listen, stop }
}

/**
 * Checks a configuration against this process and fills in every default.
 *
 * @throws ConfigError with everything that is wrong with it.
 */
export function resolvedConfig(config: Config, options: ProcessOptions = {}): ResolvedConfig {
  return resolveConfig(config, {
    heapLimitBytes: getHeapStatistics().heap_size_limit,
    hostname: hostname(),
    processId: process.pid,
    defaultStore: lruStore(),
    ...options,
  })
}

/** Puts the parts of a fedcache together. This is the one place that knows them all. */
export function composedFedcache(config: ResolvedConfig): ComposedFedcache {
  const logger = config.log.logger ?? pinoLogger({ level: config.log.level })
  let stage: Stage = 'idle'
  let url: string | null = null
  let started: Promise<void> | undefined
  let stopped: Promise<void> | undefined

  const engine = new Engine({
    keyspaces: config.keyspaces,
    sources: config.sources,
    defaultPolicy: config.defaultPolicy,
    memoryLimit: config.memoryLimit,
    limits: {
      maxKeysPerCall: config.maxKeysPerCall,
      maxKeyBytes: config.maxKeyBytes,
      maxAnswerBytes: config.http.responseLimitBytes,
    },
    clock: systemClock(),
    logger,
    peers: peersOf(config, () => url),
  })
  const server = httpServer({
    schema: subgraphSchema({ resolvers, ...exposeOf(config.subgraph.expose) }),
    context: () => resolverContext(engine, { maxKeysPerCall: config.maxKeysPerCall }),
    engine,
    readiness: () => readinessOf(stage),
    logger,
    host: config.host,
    port: config.port,
    maxBodyBytes: config.http.bodyLimitBytes,
    maxDocumentTokens: config.http.maxDocumentTokens,
    graphiql: config.http.graphiql,
    ...(config.http.allowedHosts === undefined ? {} : { allowedHosts: config.http.allowedHosts }),
  })

  const start = async (): Promise<void> => {
    stage = 'starting'
    await engine.start()
    if (stage === 'starting') stage = 'serving'
  }
  const whenStarted = (): Promise<void> => {
    if (stopped !== undefined) return Promise.reject(new Error('This fedcache was stopped.'))
    started ??= start()
    return started
  }
  const stopAll = async (): Promise<void> => {
    stage = 'finishing requests'
    await server.close(requestGraceMs)
    stage = 'finishing loads and writes'
    // Sources that are being opened can be closed only when they are open.
    await started?.catch(() => {})
    if (started !== undefined) await engine.stop()
    stage = 'stopped'
  }
  return {
    engine,
    logger,
    stage: () => stage,
    fetch: async (request) => {
      await whenStarted()
      return server.fetch(request)
    },
    listen: async () => {
      await whenStarted()
      const listening = await server.listen()
      url = listening.url
      return { url: listening.url }
    },
    stop: () => {
      stopped ??= stopAll()
      return stopped
    },
  }
}

/** A keyspace over an HTTP API, for the command line. Throws ConfigError where the template is wrong. */
export function httpKeyspace(name: string, urlTemplate: string): KeyspaceConfig {
  return { source: httpSource({ name, url: urlTemplate }) }
}

/** The SDL that a gateway composes. `expose` goes before what the configuration says. */
export function subgraphSdlOf(config: ResolvedConfig, expose: readonly SubgraphPart[] | undefined): string {
  return subgraphSdl(exposeOf(expose ?? config.subgraph.expose))
}

/** How this process reaches the others. */
function peersOf(config: ResolvedConfig, url: () => string | null): Peers {
  return noPeers(config.cluster.peerId, randomBytes(8).toString('hex'), url)
}

function exposeOf(expose: readonly SubgraphPart[] | undefined): { readonly expose?: readonly SubgraphPart[] } {
  return expose === undefined ? {} : { expose }
}

function readinessOf(stage: Stage): Readiness {
  if (stage === 'serving') return { ready: true, degraded: false, reason: null }
  const isComing = stage === 'idle' || stage === 'starting'
  return { ready: false, degraded: false, reason: isComing ? 'starting' : 'stopping' }
}
