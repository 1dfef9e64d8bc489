import type { Authorize } from '../ports/index.ts'
import type { IdentifyConfig, TokenConfig } from './auth-config.ts'
import { checkDuration, checkFields, checkFunction, isPlainObject } from './checks.ts'
import type { Problems } from './problems.ts'
import { checkSecret } from './secret.ts'

/** Which JSON Web Tokens are believed, with every default filled in. */
export interface ResolvedJwt {
  readonly jwksUrl: URL
  readonly issuer: readonly string[]
  readonly audience: readonly string[]
  readonly algorithms: readonly string[]
  readonly scopeClaim: string
  readonly clockToleranceMs: number
}

/** Who may use the API. */
export interface ResolvedAuth {
  readonly tokens: readonly TokenConfig[]
  readonly jwt: ResolvedJwt | undefined
  readonly identify: IdentifyConfig | undefined
  readonly authorize: Authorize | undefined
}

// Signatures with a shared secret are left out: everyone who can check one could make one.
const algorithms: readonly string[] = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]
const scopePattern = /^(?:\*|admin|metrics|(?:read|write):(?:\*|[A-Za-z][A-Za-z0-9_.-]{0,63}))$/
const waysToKnow = ['tokens', 'jwt', 'identify'] as const
const maxToleranceMs = 300_000

/** Reads the `auth` of a configuration. What is wrong is noted. */
export function resolveAuth(problems: Problems, value: unknown): ResolvedAuth | 'none' | undefined {
  if (value === undefined || value === 'none') return value
  const nobody: ResolvedAuth = { tokens: [], jwt: undefined, identify: undefined, authorize: undefined }
  if (typeof value === 'function') return { ...nobody, identify: value as IdentifyConfig }
  if (!isPlainObject(value)) {
    const message = "must be 'none', an object with tokens, jwt or identify, or a function from requests to identities"
    // What is not one of the words may be a secret in the wrong place.
    problems.add('auth', message, value)
    return undefined
  }
  const fields = checkFields(problems, 'auth', value, [...waysToKnow, 'authorize'])
  if (waysToKnow.every((way) => fields[way] === undefined)) {
    problems.add('auth', 'must have tokens, jwt or identify: otherwise nobody is known', value)
  }
  const [identify, authorize] = (['identify', 'authorize'] as const).map((name) =>
    checkFunction(problems, `auth.${name}`, fields[name]) ? fields[name] : undefined,
  )
  return {
    tokens: resolveTokens(problems, fields['tokens']),
    jwt: resolveJwt(problems, fields['jwt']),
    identify: identify as IdentifyConfig | undefined,
    authorize: authorize as Authorize | undefined,
  }
}

function resolveTokens(problems: Problems, value: unknown): readonly TokenConfig[] {
  if (value === undefined) return []
  if (!Array.isArray(value) || value.length === 0) {
    problems.add('auth.tokens', 'must be a list of tokens, each as { token, scopes }', value)
    return []
  }
  const seen = new Set<string>()
  for (const [index, token] of value.entries()) {
    const path = `auth.tokens[${index}]`
    const fields = checkFields(problems, path, token, ['token', 'scopes', 'name', 'claims'])
    if (checkSecret(problems, `${path}.token`, fields['token'])) {
      const text = JSON.stringify(fields['token'])
      if (seen.has(text)) problems.add(`${path}.token`, 'must not be the same as one before', '***')
      seen.add(text)
    }
    checkScopes(problems, `${path}.scopes`, fields['scopes'])
    const { name, claims } = fields
    if (name !== undefined && (typeof name !== 'string' || name === ''))
      problems.add(`${path}.name`, 'must be a text', name)
    if (claims !== undefined && !isPlainObject(claims)) problems.add(`${path}.claims`, 'must be an object', claims)
  }
  return value
}

function checkScopes(problems: Problems, path: string, value: unknown): void {
  if (!Array.isArray(value) || value.length === 0) {
    problems.add(path, "must be a list of scopes, such as ['read:cities']", value)
    return
  }
  for (const [index, scope] of value.entries()) {
    if (typeof scope === 'string' && scopePattern.test(scope)) continue
    const form = "'read:<keyspace>', 'write:<keyspace>', 'read:*', 'write:*', 'admin', 'metrics' or '*'"
    problems.add(`${path}[${index}]`, `must be a scope: ${form}`, scope)
  }
}

function resolveJwt(problems: Problems, value: unknown): ResolvedJwt | undefined {
  if (value === undefined) return undefined
  const known = ['jwksUrl', 'issuer', 'audience', 'algorithms', 'scopeClaim', 'clockTolerance']
  const fields = checkFields(problems, 'auth.jwt', value, known)
  const { scopeClaim = 'scope' } = fields
  if (typeof scopeClaim !== 'string' || scopeClaim === '') {
    problems.add('auth.jwt.scopeClaim', 'must be the name of a claim', scopeClaim)
  }
  return {
    jwksUrl: resolveJwksUrl(problems, fields['jwksUrl']),
    issuer: resolveTexts(problems, 'auth.jwt.issuer', fields['issuer']),
    audience: resolveTexts(problems, 'auth.jwt.audience', fields['audience']),
    algorithms: resolveAlgorithms(problems, fields['algorithms']),
    scopeClaim: String(scopeClaim),
    clockToleranceMs: checkDuration(problems, 'auth.jwt.clockTolerance', fields['clockTolerance'], {
      min: 0,
      max: maxToleranceMs,
      fallback: 5000,
    }),
  }
}

function resolveJwksUrl(problems: Problems, value: unknown): URL {
  const url = typeof value === 'string' ? URL.parse(value) : null
  const isLocal = url !== null && /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)
  if (url !== null && (url.protocol === 'https:' || (url.protocol === 'http:' && isLocal))) return url
  // Whoever can change the keys on their way can make tokens.
  problems.add('auth.jwt.jwksUrl', 'must be an https URL, or an http URL on this machine', value)
  return new URL('https://invalid')
}

function resolveTexts(problems: Problems, path: string, value: unknown): readonly string[] {
  const texts: readonly unknown[] = value === undefined ? [] : [value].flat()
  const isRight = texts.length > 0 && texts.every((text) => typeof text === 'string' && text !== '')
  if (!isRight) problems.add(path, 'must be a text or a list of texts', value)
  return isRight ? (texts as readonly string[]) : []
}

function resolveAlgorithms(problems: Problems, value: unknown): readonly string[] {
  if (value === undefined) return algorithms
  const isRight = Array.isArray(value) && value.length > 0 && value.every((name) => algorithms.includes(name))
  if (isRight) return value
  problems.add('auth.jwt.algorithms', `must be a list of ${algorithms.join(', ')}`, value)
  return algorithms
}
