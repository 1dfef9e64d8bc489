import { ErrorCode, NatsError } from 'nats'

const refusals: ReadonlySet<string> = new Set([
  ErrorCode.AuthorizationViolation,
  ErrorCode.AuthenticationExpired,
  ErrorCode.AuthenticationTimeout,
  ErrorCode.AccountExpired,
  ErrorCode.BadAuthentication,
])

/** What this peer would prove itself with cannot be read, for the reason in `cause`. */
export class UnreadableProof extends Error {
  readonly what: 'credentials' | 'certificates'

  constructor(what: UnreadableProof['what'], cause: unknown) {
    super(`the ${what} cannot be read`, { cause })
    this.what = what
  }
}

/** Why an attempt to connect failed, in words for a log. Holds no secrets. */
export function failureOf(error: unknown): string {
  if (error instanceof UnreadableProof) return `no connection to NATS: this peer's ${error.what} cannot be used`
  if (isMalformed(error)) return "no connection to NATS: this peer's credentials cannot be used"
  if (isRefusal(error)) return 'NATS refuses who this peer says it is: its credentials are wrong or expired'
  if (isTlsFailure(error)) return 'no connection to NATS by TLS: a certificate is missing, wrong, foreign or expired'
  return 'no NATS server can be reached'
}

/** The error behind the one of nats.js, which alone often says nothing. */
export function causeOf(error: unknown): unknown {
  if (error instanceof UnreadableProof) return error.cause
  return error instanceof NatsError ? error.chainedError : undefined
}

/** Of two failures of one round the one that somebody can do something about. */
export function moreTelling(one: unknown, other: unknown): unknown {
  return isMalformed(one) || isRefusal(one) || (isTlsFailure(one) && !isRefusal(other)) ? one : other
}

/** Whether credentials are none: a text that is no credentials file, or no seed. */
function isMalformed(error: unknown): boolean {
  if (error instanceof NatsError) return error.code === ErrorCode.BadCreds || isMalformed(error.chainedError)
  return error instanceof Error && error.name === 'NKeysError'
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
