import { isIP } from 'node:net'
import { checkBoolean, checkFields, checkOneOf, checkSize, checkWholeNumber, isPlainObject } from './checks.ts'
import type { CacheTagHeader, GraphiqlTabConfig } from './config.ts'
import { processDefaults } from './defaults.ts'
import type { Problems } from './problems.ts'
import {
  type ResolvedLimits,
  type ResolvedProxies,
  type ResolvedTimeouts,
  resolveLimits,
  resolveProxies,
  resolveTimeouts,
} from './resolve-http-limits.ts'

const kilobyte = 2 ** 10
const gigabyte = 2 ** 30

const cacheTagHeaders: readonly CacheTagHeader[] = ['cache-tag', 'surrogate-key']

/** The HTTP server's settings with every default filled in. Sizes are bytes. */
export interface ResolvedHttp {
  readonly graphiql: false | { readonly tabs: readonly GraphiqlTabConfig[] }
  readonly bodyLimitBytes: number
  readonly responseLimitBytes: number
  readonly maxDocumentTokens: number
  readonly documents: {
    readonly maxDepth: number
    readonly maxFields: number
    readonly maxAliases: number
    readonly introspection: boolean
  }
  /** Paths of certificate and key; `undefined`: HTTP. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined
  /** `undefined`: documents are sent as they are. */
  readonly trusted: { readonly documents: readonly string[]; readonly only: boolean } | undefined
  /** `undefined` where the config does not say. */
  readonly allowedHosts: readonly string[] | undefined
  /** `undefined`: no proxy is believed. */
  readonly proxies: ResolvedProxies | undefined
  readonly limits: ResolvedLimits
  readonly timeouts: ResolvedTimeouts
  /** Headers that tell shared caches the tags of answers; `undefined`: none do. */
  readonly cacheTags: { readonly headers: readonly CacheTagHeader[]; readonly maxBytes: number } | undefined
}

/** Reads the `http` of a configuration. What is wrong is noted. */
export function resolveHttp(problems: Problems, value: unknown): ResolvedHttp {
  const fields = checkFields(problems, 'http', value, [
    'graphiql',
    'bodyLimit',
    'responseLimit',
    'maxDocumentTokens',
    'maxDepth',
    'maxFields',
    'maxAliases',
    'introspection',
    'trustedDocuments',
    'tls',
    'allowedHosts',
    'trustedProxies',
    'forwardedHeaders',
    'maxOperations',
    'maxSubscriptions',
    'maxWebSockets',
    'maxOperationsPerWebSocket',
    'timeouts',
    'minReadRate',
    'cacheTags',
  ])
  const limit = (name: string, range: Parameters<typeof checkWholeNumber>[3]): number =>
    checkWholeNumber(problems, `http.${name}`, fields[name], range)
  return {
    graphiql: resolveGraphiql(problems, fields['graphiql']),
    bodyLimitBytes: checkSize(problems, 'http.bodyLimit', fields['bodyLimit'], {
      min: kilobyte,
      max: gigabyte,
      fallback: processDefaults.bodyLimitBytes,
    }),
    // A JavaScript string ends just below 512 mb.
    responseLimitBytes: checkSize(problems, 'http.responseLimit', fields['responseLimit'], {
      min: kilobyte,
      max: gigabyte / 2,
      fallback: processDefaults.responseLimitBytes,
    }),
    maxDocumentTokens: checkWholeNumber(problems, 'http.maxDocumentTokens', fields['maxDocumentTokens'], {
      min: 100,
      max: 10_000_000,
      fallback: processDefaults.maxDocumentTokens,
    }),
    documents: {
      maxDepth: limit('maxDepth', { min: 5, max: 1000, fallback: 30 }),
      maxFields: limit('maxFields', { min: 10, max: 1_000_000, fallback: 10_000 }),
      maxAliases: limit('maxAliases', { min: 0, max: 1_000_000, fallback: 5000 }),
      introspection: checkBoolean(problems, 'http.introspection', fields['introspection'], true),
    },
    tls: resolveTls(problems, fields['tls']),
    trusted: resolveTrusted(problems, fields['trustedDocuments']),
    allowedHosts: resolveAllowedHosts(problems, fields['allowedHosts']),
    proxies: resolveProxies(problems, fields),
    limits: resolveLimits(problems, fields),
    timeouts: resolveTimeouts(problems, fields),
    cacheTags: resolveCacheTags(problems, fields['cacheTags']),
  }
}

/** Reads the `host` of a configuration. What is no address or host name is noted. */
export function resolveHost(problems: Problems, value: unknown): string {
  if (value === undefined) return processDefaults.host
  if (isHost(value)) return value
  problems.add('host', 'must be an address or a host name, without port', value)
  return processDefaults.host
}

/** Whether what listens on `host` is reached from this machine only. A host name is believed to be `localhost` alone. */
export function isLoopback(host: string): boolean {
  const address = host.toLowerCase().replace(/^::ffff:/, '')
  return address === 'localhost' || address === '::1' || (isIP(address) === 4 && address.startsWith('127.'))
}

function isHost(value: unknown): value is string {
  return typeof value === 'string' && (isIP(value) !== 0 || /^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$/.test(value))
}

function resolveGraphiql(problems: Problems, value: unknown): ResolvedHttp['graphiql'] {
  if (!isPlainObject(value)) return checkBoolean(problems, 'http.graphiql', value, true) && { tabs: [] }
  const { tabs } = checkFields(problems, 'http.graphiql', value, ['tabs'])
  if (!Array.isArray(tabs)) {
    problems.add('http.graphiql.tabs', 'must be a list of queries, each as { query, variables? }', tabs)
    return { tabs: [] }
  }
  for (const [index, tab] of tabs.entries()) {
    const path = `http.graphiql.tabs[${index}]`
    const { query, variables } = checkFields(problems, path, tab, ['query', 'variables'])
    if (typeof query !== 'string') problems.add(`${path}.query`, 'must be a GraphQL document', query)
    if (variables !== undefined && !isPlainObject(variables))
      problems.add(`${path}.variables`, 'must be an object', variables)
  }
  return { tabs }
}

function resolveTls(problems: Problems, value: unknown): ResolvedHttp['tls'] {
  if (value === undefined) return undefined
  const { cert, key } = checkFields(problems, 'http.tls', value, ['cert', 'key'])
  if (typeof cert === 'string' && cert !== '' && typeof key === 'string' && key !== '') return { cert, key }
  problems.add('http.tls', 'must have cert and key: paths of PEM files', value)
  return undefined
}

function resolveTrusted(problems: Problems, value: unknown): ResolvedHttp['trusted'] {
  if (value === undefined) return undefined
  const { documents, only } = checkFields(problems, 'http.trustedDocuments', value, ['documents', 'only'])
  const isList = Array.isArray(documents) && documents.every((document) => typeof document === 'string')
  if (!isList) problems.add('http.trustedDocuments.documents', 'must be a list of GraphQL documents', documents)
  const isOnly = checkBoolean(problems, 'http.trustedDocuments.only', only, false)
  return { documents: isList ? documents : [], only: isOnly }
}

function resolveCacheTags(problems: Problems, value: unknown): ResolvedHttp['cacheTags'] {
  if (value === undefined) return undefined
  const { headers, limit } = checkFields(problems, 'http.cacheTags', value, ['headers', 'limit'])
  const maxBytes = checkSize(problems, 'http.cacheTags.limit', limit, {
    min: 64,
    max: 64 * kilobyte,
    fallback: 3 * kilobyte,
  })
  if (!Array.isArray(headers) || headers.length === 0) {
    problems.add('http.cacheTags.headers', "must be a list of 'cache-tag' and 'surrogate-key'", headers)
    return undefined
  }
  const known = headers.map((header: unknown, index) =>
    checkOneOf(problems, `http.cacheTags.headers[${index}]`, header, cacheTagHeaders, undefined),
  )
  return { headers: [...new Set(known.filter((header) => header !== undefined))], maxBytes }
}

function resolveAllowedHosts(problems: Problems, value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined
  if (!Array.isArray(value)) {
    problems.add('http.allowedHosts', 'must be a list of host names', value)
    return undefined
  }
  for (const [index, host] of value.entries()) {
    if (!isHost(host))
      problems.add(`http.allowedHosts[${index}]`, 'must be an address or a host name, without port', host)
  }
  return value
}
