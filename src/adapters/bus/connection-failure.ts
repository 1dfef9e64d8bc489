import { ErrorCode, NatsError } from 'nats'

const refusals: ReadonlySet<string> = new Set([
  ErrorCode.AuthorizationViolation,
  ErrorCode.AuthenticationExpired,
  ErrorCode.AuthenticationTimeout,
  ErrorCode.AccountExpired,
  ErrorCode.BadAuthentication,
])

/** Why an attempt to connect failed, in words for a log. Holds no secrets. */
export function failureOf(error: unknown): string {
  if (isRefusal(error)) return 'NATS refuses who this peer says it is: its credentials are wrong or expired'
  if (isTlsFailure(error)) return 'no connection to NATS by TLS: a certificate is missing, wrong, foreign or expired'
  return 'no NATS server can be reached'
}

/** The error behind the one of nats.js, which alone often says nothing. */
export function causeOf(error: unknown): unknown {
  return error instanceof NatsError ? error.chainedError : undefined
}

/** Of two failures of one round the one that somebody can do something about. */
export function moreTelling(one: unknown, other: unknown): unknown {
  return isRefusal(one) || (isTlsFailure(one) && !isRefusal(other)) ? one : other
}

function isRefusal(error: unknown): boolean {
  return error instanceof NatsError && refusals.has(error.code)
}

function isTlsFailure(error: unknown): boolean {
  const cause = causeOf(error) ?? error
  if (!(cause instanceof Error)) return false
  const code = 'code' in cause ? String(cause.code) : ''
  return (
    /^(?:ERR_(?:TLS|SSL|OSSL)|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|EPROTO)/.test(code) ||
    /\b(?:tls|ssl|certificate|TLS|SSL)\b/.test(cause.message)
  )
}
