import { ConfigError, type ConfigProblem } from '../errors.ts'
import type { Config, LogLevel } from './config.ts'
import type { KeyspaceConfig } from './keyspace-config.ts'
import { redacted } from '../ports/received-value.ts'

/** What the command line or the environment say. Everything is text as it was written; empty text says nothing. */
export interface Overrides {
  readonly port?: string | undefined
  readonly host?: string | undefined
  readonly nats?: string | undefined
  readonly cluster?: string | undefined
  readonly peerId?: string | undefined
  readonly workers?: string | undefined
  readonly auth?: string | undefined
  readonly logLevel?: string | undefined
  /** Each `NAME=URL_TEMPLATE`: a keyspace over an HTTP API. */
  readonly http?: readonly string[] | undefined
}

/** A configuration and where the values in it came from that are not the file's, by path. */
export interface OverriddenConfig {
  readonly config: Config
  readonly origins: ReadonlyMap<string, string>
  /** What is wrong with an `http`: one that is not `NAME=URL_TEMPLATE`, has a wrong template, or the name of another. */
  readonly problems: readonly ConfigProblem[]
}

/** Makes the keyspace of one `--http`. Throws ConfigError where the template is wrong. */
export type HttpKeyspace = (name: string, urlTemplate: string) => KeyspaceConfig

/** What the environment says: `FEDCACHE_PORT`, `_HOST`, `_NATS_URL`, `_CLUSTER`, `_PEER_ID`, `_WORKERS`, `_AUTH`, `_LOG_LEVEL`. */
export function environmentOverrides(environment: Readonly<Record<string, string | undefined>>): Overrides {
  return {
    port: environment['FEDCACHE_PORT'],
    host: environment['FEDCACHE_HOST'],
    nats: environment['FEDCACHE_NATS_URL'],
    cluster: environment['FEDCACHE_CLUSTER'],
    peerId: environment['FEDCACHE_PEER_ID'],
    workers: environment['FEDCACHE_WORKERS'],
    auth: environment['FEDCACHE_AUTH'],
    logLevel: environment['FEDCACHE_LOG_LEVEL'],
  }
}

/**
 * Puts flags over the environment over a configuration. Values are not checked; `resolveConfig` does that, and names
 * the flag or variable of a wrong one when it is given `origins` and `problems`.
 */
export function overriddenConfig(
  config: Config,
  environment: Overrides,
  flags: Overrides,
  httpKeyspace: HttpKeyspace,
): OverriddenConfig {
  const origins = new Map<string, string>()
  const choose = (
    name: Exclude<keyof Overrides, 'http'>,
    path: string,
    flag: string,
    variable: string,
  ): string | undefined => {
    const [value, origin] = flags[name] === undefined ? [environment[name], variable] : [flags[name], flag]
    if (value === undefined || value === '') return undefined
    origins.set(path, origin)
    return value
  }
  const port = choose('port', 'port', '--port', 'FEDCACHE_PORT')
  const host = choose('host', 'host', '--host', 'FEDCACHE_HOST')
  const workers = choose('workers', 'workers', '--workers', 'FEDCACHE_WORKERS')
  const auth = choose('auth', 'auth', '--auth', 'FEDCACHE_AUTH')
  const level = choose('logLevel', 'log.level', '--log-level', 'FEDCACHE_LOG_LEVEL')
  const cluster = given({
    name: choose('cluster', 'cluster.name', '--cluster', 'FEDCACHE_CLUSTER'),
    peerId: choose('peerId', 'cluster.peerId', '--peer-id', 'FEDCACHE_PEER_ID'),
    nats: choose('nats', 'cluster.nats', '--nats', 'FEDCACHE_NATS_URL'),
  })
  const { keyspaces, problems } = httpKeyspaces(flags.http ?? [], httpKeyspace)
  // NATS servers from outside take the place of a discovery in the file, with which they would clash.
  const fileCluster = cluster.nats === undefined ? config.cluster : { ...config.cluster, discovery: undefined }
  return {
    origins,
    problems,
    config: {
      ...config,
      ...given({ port: numberOf(port), host, workers: numberOf(workers) }),
      ...(auth === undefined ? {} : { auth: auth as 'none' }),
      ...(level === undefined ? {} : { log: { ...config.log, level: level as LogLevel } }),
      ...(Object.keys(cluster).length === 0 ? {} : { cluster: { ...fileCluster, ...cluster } }),
      ...(Object.keys(keyspaces).length === 0 ? {} : { keyspaces: { ...config.keyspaces, ...keyspaces } }),
    },
  }
}

function httpKeyspaces(
  definitions: readonly string[],
  httpKeyspace: HttpKeyspace,
): { readonly keyspaces: Record<string, KeyspaceConfig>; readonly problems: readonly ConfigProblem[] } {
  const keyspaces = new Map<string, KeyspaceConfig>()
  const names = new Set<string>()
  const problems: ConfigProblem[] = []
  for (const definition of definitions) {
    const [, name, urlTemplate] = /^([^=/]+)=(.+)$/s.exec(definition) ?? []
    const received = redacted(definition)
    const report = (message: string): void => {
      problems.push({ path: '--http', message: `${message}; received "${received}"`, received })
    }
    if (name === undefined || urlTemplate === undefined) {
      report('must be NAME=URL_TEMPLATE, such as products=https://example.com/products/{key}')
      continue
    }
    if (names.has(name)) report(`must not name the keyspace ${name} twice`)
    names.add(name)
    try {
      keyspaces.set(name, httpKeyspace(name, urlTemplate))
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      for (const { message } of error.problems) {
        problems.push({ path: `--http ${name}`, message: redacted(message), received: redacted(urlTemplate) })
      }
    }
  }
  return { keyspaces: Object.fromEntries(keyspaces), problems }
}

/** Text that is a number as one; other text as it is, so that the check of it can show what was written. */
function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : (text as unknown as number | undefined)
}

function given<Fields extends object>(fields: Fields): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Fields]?: Exclude<Fields[Name], undefined>
  }
}
