import { resolverContext } from '../../resolvers/context.ts'
import { resolvers } from '../../resolvers/index.ts'
import { systemClock } from '../../src/adapters/clock/system-clock.ts'
import { lruStore } from '../../src/adapters/store/lru-store.ts'
import { Engine } from '../../src/engine/engine.ts'
import { noPeers } from '../../src/engine/no-peers.ts'
import type { KeyspacePolicy } from '../../src/engine/policy.ts'
import { subgraphSchema } from '../../src/federation/subgraph-schema.ts'
import { type HttpServer, type HttpServerOptions, httpServer } from '../../src/http/http-server.ts'
import type { LogFields, Logger, Source } from '../../src/ports/index.ts'

/** One line that was logged. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly fields: LogFields
  readonly message: string
}

/** A keyspace of a test: its source, and what differs from the defaults. */
export interface TestKeyspace extends Partial<KeyspacePolicy> {
  readonly source?: Source
}

/** What a GraphQL answer holds. */
export interface Answer {
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of every shape
  readonly data?: any
  readonly errors?: readonly {
    readonly message: string
    readonly path?: readonly (string | number)[]
    readonly extensions: Readonly<Record<string, unknown>>
  }[]
}

/** A whole server around a real engine. */
export interface ServedCache {
  readonly engine: Engine
  readonly server: HttpServer
  readonly logged: readonly LogLine[]
  fetch(request: Request): Promise<Response>
  /** Posts an operation without a socket. */
  graphql(query: string, variables?: object): Promise<Answer>
  stop(): Promise<void>
}

const defaultPolicy: KeyspacePolicy = {
  format: 'json',
  maxBytes: 16 * 2 ** 20,
  maxEntries: Infinity,
  maxValueBytes: 2 ** 20,
  ttlMs: 300_000,
  ttlJitter: 0,
  negativeTtlMs: 5000,
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
  nearTtlMs: 10_000,
  readTimeoutMs: 10_000,
  writeTimeoutMs: 5000,
  maxBatchSize: 500,
  batchWindowMs: 0,
  rateLimit: undefined,
  circuitBreaker: undefined,
  warmKeys: [],
  cacheScope: 'private',
  expiry: undefined,
  tags: undefined,
  store: lruStore(),
}

function collectingLogger(lines: LogLine[]): Logger {
  const log = (level: LogLine['level']) => (fields: LogFields, message: string) => {
    lines.push({ level, fields, message })
  }
  const logger: Logger = {
    debug: log('debug'),
    info: log('info'),
    warn: log('warn'),
    error: log('error'),
    child: () => logger,
  }
  return logger
}

/** A server over a real engine with these keyspaces, on a free port once it listens. */
export function servedCache(
  keyspaces: Readonly<Record<string, TestKeyspace>>,
  options: Partial<HttpServerOptions> = {},
): ServedCache {
  const logged: LogLine[] = []
  const logger = collectingLogger(logged)
  const engine = new Engine({
    keyspaces: Object.entries(keyspaces).map(([name, { source, ...policy }]) => ({
      name,
      origin: 'CONFIG' as const,
      sourceName: source?.name,
      source,
      policy: { ...defaultPolicy, ...policy },
    })),
    sources: new Map(),
    defaultPolicy,
    memoryLimit: 256 * 2 ** 20,
    limits: { maxKeysPerCall: 1000, maxKeyBytes: 1024, maxAnswerBytes: 64 * 2 ** 20 },
    clock: systemClock(),
    logger,
    peers: noPeers({ name: 'fedcache', peerId: 'tester', incarnation: 'first', url: () => null }),
  })
  const server = httpServer({
    schema: subgraphSchema({ resolvers }),
    context: () => resolverContext(engine),
    engine,
    readiness: () => ({ ready: true, degraded: false, reason: null }),
    logger,
    port: 0,
    ...options,
  })
  return {
    engine,
    server,
    logged,
    fetch: (request) => server.fetch(request),
    graphql: async (query, variables) => {
      const response = await server.fetch(post({ query, variables }))
      return (await response.json()) as Answer
    },
    stop: async () => {
      await server.close(1000)
      await engine.stop()
    },
  }
}

/** A POST of JSON to `/graphql` as a program sends it. */
export function post(body: unknown, headers: Readonly<Record<string, string>> = {}): Request {
  return new Request('http://localhost/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

/** The code of each error of an answer. */
export function codesOf(answer: Answer): readonly unknown[] {
  return (answer.errors ?? []).map((error) => error.extensions['code'])
}

/** A source made of one function from keys to answers, with the keys of every call it got. */
export function recordingSource(
  answer: (keys: readonly string[]) => ReturnType<Source['loadMany']> | readonly unknown[],
  name = 'recording',
): Source & { readonly calls: readonly (readonly string[])[] } {
  const calls: (readonly string[])[] = []
  return {
    name,
    calls,
    loadMany: async (keys) => {
      calls.push([...keys])
      return answer(keys)
    },
  }
}
