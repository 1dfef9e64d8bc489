import { lruStore } from '../../src/adapters/store/lru-store.ts'
import { Engine, type EngineOptions } from '../../src/engine/engine.ts'
import type { InputLimits } from '../../src/engine/input-limits.ts'
import { noPeers } from '../../src/engine/no-peers.ts'
import type { KeyspaceDefinition, KeyspacePolicy } from '../../src/engine/policy.ts'
import { FedcacheError } from '../../src/errors.ts'
import type { LogFields, Logger, Source } from '../../src/ports/index.ts'
import { type FakeClock, fakeClock } from './fake-clock.ts'

/** Rules under which nothing expires, fails or is limited by itself. */
export const plainPolicy: KeyspacePolicy = {
  format: 'json',
  maxBytes: 64 * 1024 * 1024,
  maxEntries: Infinity,
  maxValueBytes: 1024 * 1024,
  ttlMs: 60_000,
  ttlJitter: 0,
  negativeTtlMs: 5_000,
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
  nearTtlMs: 10_000,
  readTimeoutMs: 10_000,
  writeTimeoutMs: 5_000,
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

export const plainLimits: InputLimits = { maxKeysPerCall: 1000, maxKeyBytes: 1024, maxAnswerBytes: 64 * 1024 * 1024 }

/** One line that was logged. */
export interface LoggedLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: LogFields
}

/** A logger that keeps what it is told. */
export function memoryLogger(): Logger & { readonly lines: LoggedLine[] } {
  const lines: LoggedLine[] = []
  const at =
    (level: LoggedLine['level']) =>
    (fields: LogFields, message: string): void => {
      lines.push({ level, message, fields })
    }
  const logger = { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  return { ...logger, child: () => ({ ...logger, child: () => memoryLogger() }) }
}

/** A keyspace called `things`, of kind json, unless told otherwise. */
export function keyspaceDefinition(
  policy: Partial<KeyspacePolicy> = {},
  source?: Source,
  name: string = 'things',
): KeyspaceDefinition {
  return { name, origin: 'CONFIG', sourceName: source?.name, source, policy: { ...plainPolicy, ...policy } }
}

export interface EngineFixture {
  readonly engine: Engine
  readonly clock: FakeClock
  readonly logger: ReturnType<typeof memoryLogger>
}

/** A standalone engine under a fake clock. It is not started: only sources with `start` or `watch` need that. */
export function engineFixture(
  keyspaces: readonly KeyspaceDefinition[],
  options: Partial<Omit<EngineOptions, 'keyspaces' | 'clock' | 'logger'>> & { readonly clock?: FakeClock } = {},
): EngineFixture {
  const { clock = fakeClock() } = options
  const logger = memoryLogger()
  const engine = new Engine({
    sources: new Map(),
    defaultPolicy: plainPolicy,
    memoryLimit: 256 * 1024 * 1024,
    limits: plainLimits,
    peers: noPeers({ name: 'fedcache', peerId: 'here', incarnation: 'first', url: () => null }),
    ...options,
    keyspaces,
    clock,
    logger,
  })
  return { engine, clock, logger }
}

/** One keyspace `things` over a source. */
export function engineOver(source: Source | undefined, policy: Partial<KeyspacePolicy> = {}): EngineFixture {
  return engineFixture([keyspaceDefinition(policy, source)])
}

/** What a promise gives after `durationMs` milliseconds of the fake clock. */
export async function after<Result>(clock: FakeClock, durationMs: number, promise: Promise<Result>): Promise<Result> {
  // The rejection is the caller's to look at, later; without this Node would call it unhandled meanwhile.
  promise.catch(() => {})
  await clock.advance(durationMs)
  return promise
}

/** The error that a promise rejects with, as code, outcome and message. */
export async function failure(promise: Promise<unknown>): Promise<FedcacheError> {
  try {
    await promise
  } catch (error) {
    if (error instanceof FedcacheError) return error
    throw error
  }
  throw new Error('expected a FedcacheError, got a result')
}
