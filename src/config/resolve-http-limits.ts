import { isIP } from 'node:net'
import { checkDuration, checkFields, checkOneOf, checkSize, checkWholeNumber } from './checks.ts'
import type { Problems } from './problems.ts'

/** How much may be under way at once. */
export interface ResolvedLimits {
  readonly maxOperations: number
  readonly maxSubscriptions: number
  readonly maxWebSockets: number
  readonly maxOperationsPerWebSocket: number
}

/** How long clients may take, in milliseconds. */
export interface ResolvedTimeouts {
  readonly headersMs: number
  readonly requestMs: number
  readonly keepAliveMs: number
  readonly slowClientMs: number
  readonly minBytesPerSecond: number
}

/** Proxies that are believed. */
export interface ResolvedProxies {
  readonly trusted: readonly string[] | number
  readonly headers: 'x-forwarded' | 'forwarded'
}

type Fields = Readonly<Record<string, unknown>>

const second = 1000
const hour = 3_600_000
const kilobyte = 2 ** 10
const gigabyte = 2 ** 30

/** Reads how much may be under way at once from the fields of `http`. What is wrong is noted. */
export function resolveLimits(problems: Problems, fields: Fields): ResolvedLimits {
  const limit = (name: keyof ResolvedLimits, fallback: number): number =>
    checkWholeNumber(problems, `http.${name}`, fields[name], { min: 1, max: 1_000_000, fallback })
  return {
    maxOperations: limit('maxOperations', 20_000),
    maxSubscriptions: limit('maxSubscriptions', 10_000),
    maxWebSockets: limit('maxWebSockets', 10_000),
    maxOperationsPerWebSocket: limit('maxOperationsPerWebSocket', 1000),
  }
}

/** Reads how long clients may take from the fields of `http`. What is wrong is noted. */
export function resolveTimeouts(problems: Problems, { timeouts, minReadRate }: Fields): ResolvedTimeouts {
  const known = ['headers', 'request', 'keepAlive', 'slowClient'] as const
  const fields = checkFields(problems, 'http.timeouts', timeouts, known)
  const timeout = (name: (typeof known)[number], fallback: number): number =>
    checkDuration(problems, `http.timeouts.${name}`, fields[name], { min: 100, max: hour, fallback })
  const headersMs = timeout('headers', 10 * second)
  const requestMs = timeout('request', 60 * second)
  if (headersMs > requestMs) {
    problems.add('http.timeouts.headers', 'must not be longer than http.timeouts.request', fields['headers'])
  }
  return {
    headersMs,
    requestMs,
    keepAliveMs: timeout('keepAlive', 75 * second),
    slowClientMs: timeout('slowClient', 30 * second),
    minBytesPerSecond: checkSize(problems, 'http.minReadRate', minReadRate, {
      min: 1,
      max: gigabyte,
      fallback: 128 * kilobyte,
    }),
  }
}

/** Reads which proxies are believed from the fields of `http`; `undefined`: none. What is wrong is noted. */
export function resolveProxies(problems: Problems, fields: Fields): ResolvedProxies | undefined {
  const trusted = resolveTrusted(problems, fields['trustedProxies'])
  const given = fields['forwardedHeaders']
  const headers = checkOneOf(problems, 'http.forwardedHeaders', given, ['x-forwarded', 'forwarded'], 'x-forwarded')
  if (given !== undefined && trusted === undefined) {
    problems.add('http.forwardedHeaders', 'says what trusted proxies send: it needs http.trustedProxies', given)
  }
  return trusted === undefined ? undefined : { trusted, headers }
}

function resolveTrusted(problems: Problems, value: unknown): readonly string[] | number | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'number') {
    return checkWholeNumber(problems, 'http.trustedProxies', value, { min: 1, max: 100, fallback: 1 })
  }
  if (!Array.isArray(value) || value.length === 0) {
    problems.add('http.trustedProxies', 'must be a list of addresses and networks, or a number of proxies', value)
    return undefined
  }
  for (const [index, network] of value.entries()) {
    if (isNetwork(network)) continue
    problems.add(`http.trustedProxies[${index}]`, "must be an address, or a network such as '10.0.0.0/8'", network)
  }
  return value
}

function isNetwork(value: unknown): boolean {
  if (typeof value !== 'string') return false
  const [address = '', prefix, ...rest] = value.split('/')
  const family = isIP(address)
  if (family === 0 || address.includes('%') || rest.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128))
}
