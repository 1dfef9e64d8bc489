// What a configuration means where it says nothing. Each is documented where its option is declared.

const kilobyte = 2 ** 10
const megabyte = 2 ** 20
const second = 1_000
const minute = 60_000

/** Defaults of a process. */
export interface ProcessDefaults {
  readonly port: number
  readonly host: string
  readonly clusterName: string
  readonly minimumPeers: number
  readonly workers: number
  readonly confirmTimeoutMs: number
  readonly memoryLimitBytes: number
  readonly maxKeyBytes: number
  readonly maxKeysPerCall: number
  readonly bodyLimitBytes: number
  readonly responseLimitBytes: number
  readonly maxDocumentTokens: number
  readonly maxRepresentations: number
  readonly logLevel: 'info'
}

/** Defaults of a process. Durations are milliseconds, sizes are bytes. */
export const processDefaults: ProcessDefaults = {
  port: 4000,
  host: '127.0.0.1',
  clusterName: 'fedcache',
  minimumPeers: 1,
  workers: 1,
  confirmTimeoutMs: second,
  memoryLimitBytes: 512 * megabyte,
  maxKeyBytes: kilobyte,
  maxKeysPerCall: 1000,
  bodyLimitBytes: 16 * megabyte,
  responseLimitBytes: 64 * megabyte,
  maxDocumentTokens: 30_000,
  maxRepresentations: 10_000,
  logLevel: 'info',
}

/** Defaults of a keyspace that do not depend on anything else. */
export interface KeyspaceDefaults {
  readonly format: 'json'
  readonly maxValueBytes: number
  readonly ttlMs: number
  readonly ttlJitter: number
  readonly negativeTtlMs: number
  readonly staleWhileRevalidateMs: number
  readonly staleIfErrorMs: number
  readonly nearTtlMs: number
  readonly readTimeoutMs: number
  readonly writeTimeoutMs: number
  readonly maxBatchSize: number
  readonly batchWindowMs: number
  readonly cacheScope: 'private'
}

/** Defaults of a keyspace. Durations are milliseconds, sizes are bytes. */
export const keyspaceDefaults: KeyspaceDefaults = {
  format: 'json',
  maxValueBytes: 8 * megabyte,
  ttlMs: 5 * minute,
  ttlJitter: 0,
  negativeTtlMs: 5 * second,
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
  nearTtlMs: 10 * second,
  readTimeoutMs: 10 * second,
  writeTimeoutMs: 5 * second,
  maxBatchSize: 500,
  batchWindowMs: 0,
  cacheScope: 'private',
}
