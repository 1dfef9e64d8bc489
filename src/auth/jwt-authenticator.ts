import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose'
import { FedcacheError } from '../errors.ts'
import type { Authenticator, Clock, Identity, Logger } from '../ports/index.ts'
import { bearerToken, unauthenticated } from './bearer.ts'

/** Which tokens are believed. */
export interface JwtAuthenticatorOptions {
  readonly jwksUrl: URL
  readonly issuer: readonly string[]
  readonly audience: readonly string[]
  readonly algorithms: readonly string[]
  /** Claim that holds the scopes: a text with spaces between them, or a list. */
  readonly scopeClaim: string
  readonly clockToleranceMs: number
  readonly clock: Clock
  readonly logger: Logger
}

const fetchTimeoutMs = 5000
const cooldownMs = 30_000
const cacheMaxAgeMs = 600_000
const logIntervalMs = 30_000

/** Knows senders by JSON Web Tokens of an identity provider. Its keys are fetched when first needed, and again when new. */
export function jwtAuthenticator(options: JwtAuthenticatorOptions): Authenticator {
  const { jwksUrl, clock, logger, scopeClaim } = options
  let nextLogMs = -Infinity
  const keys = createRemoteJWKSet(jwksUrl, {
    timeoutDuration: fetchTimeoutMs,
    cooldownDuration: cooldownMs,
    cacheMaxAge: cacheMaxAgeMs,
  })
  const checks = {
    issuer: [...options.issuer],
    audience: [...options.audience],
    algorithms: [...options.algorithms],
    clockTolerance: options.clockToleranceMs / 1000,
    requiredClaims: ['exp'],
  }
  return {
    async authenticate(request) {
      const token = bearerToken(request)
      // A token of another kind may be known to somebody else.
      if (token === undefined || token.split('.').length !== 3) return undefined
      try {
        const { payload } = await jwtVerify(token, keys, checks)
        return identityOf(payload, scopeClaim)
      } catch (error) {
        if (isWrongToken(error))
          throw unauthenticated('The token is not valid here, or not any more.', { cause: error })
        if (clock.monotonic() >= nextLogMs) {
          nextLogMs = clock.monotonic() + logIntervalMs
          logger.error({ error, jwksUrl: `${jwksUrl.origin}${jwksUrl.pathname}` }, 'keys of tokens cannot be had')
        }
        throw new FedcacheError('UNAVAILABLE', 'Tokens cannot be checked at the moment; try again.', { cause: error })
      }
    },
  }
}

function isWrongToken(error: unknown): boolean {
  if (!(error instanceof errors.JOSEError)) return false
  return !(
    error instanceof errors.JWKSTimeout ||
    error instanceof errors.JWKSInvalid ||
    error.code === 'ERR_JOSE_GENERIC'
  )
}

function identityOf(payload: JWTPayload, scopeClaim: string): Identity {
  const { sub, exp } = payload
  const scopes = payload[scopeClaim]
  const list = typeof scopes === 'string' ? scopes.split(' ') : Array.isArray(scopes) ? scopes : []
  return {
    ...(sub === undefined ? {} : { name: sub }),
    scopes: list.filter((scope): scope is string => typeof scope === 'string' && scope !== ''),
    claims: payload,
    ...(exp === undefined ? {} : { expiresAt: new Date(exp * 1000) }),
  }
}
