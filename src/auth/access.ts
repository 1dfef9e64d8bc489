import type { EngineApi } from '../engine/engine-api.ts'
import { FedcacheError } from '../errors.ts'
import { type Authenticator, BoundedLog, type Identity, type Logger, type RequestHead } from '../ports/index.ts'
import { unauthenticated } from './bearer.ts'
import { grantsOf } from './grants.ts'
import { GuardedEngine, type GuardOptions } from './guarded-engine.ts'

/** Who may use a process, and as what. */
export interface Access {
  /** Reads what is needed, such as secrets. Rejects where that is missing. */
  start(): Promise<void>
  /**
   * The engine as the sender of a request may use it.
   *
   * @throws FedcacheError `UNAUTHENTICATED` where the sender is not known; `UNAVAILABLE` where it cannot be told now.
   */
  engineFor(request: RequestHead): EngineApi | Promise<EngineApi>
  /** Throws or rejects likewise, and with `FORBIDDEN`, where the sender may not read the numbers of the process. */
  checkMetrics(request: RequestHead): void | Promise<void>
}

/** Everyone may do everything. */
export function openAccess(engine: EngineApi): Access {
  return { start: async () => {}, engineFor: () => engine, checkMetrics: () => {} }
}

/** What {@link guardedAccess} needs. */
export interface GuardedAccessOptions extends GuardOptions {
  /** Asked in order until one knows the sender. */
  readonly authenticators: readonly Authenticator[]
}

/** Senders do what their scopes give, and nobody else does anything. */
export function guardedAccess(options: GuardedAccessOptions): Access {
  const { authenticators } = options
  const identify = (request: RequestHead, from = 0): Identity | Promise<Identity> => {
    for (let index = from; index < authenticators.length; index++) {
      const identity = authenticators[index]?.authenticate(request)
      if (identity instanceof Promise) return identity.then((found) => found ?? identify(request, index + 1))
      if (identity !== undefined) return identity
    }
    throw unauthenticated('Who sends the request is not known: send "Authorization: Bearer TOKEN" with a valid token.')
  }
  const withIdentity = <Result>(
    request: RequestHead,
    use: (identity: Identity) => Result,
  ): Result | Promise<Result> => {
    const identity = identify(request)
    return identity instanceof Promise ? identity.then(use) : use(identity)
  }
  return {
    start: async () => {
      for (const authenticator of authenticators) await authenticator.start?.()
    },
    engineFor: (request) => withIdentity(request, (identity) => new GuardedEngine(identity, options)),
    checkMetrics: (request) =>
      withIdentity(request, (identity) => {
        if (grantsOf(identity).metrics) return
        throw new FedcacheError('FORBIDDEN', 'You may not read the metrics: it takes the scope "metrics".')
      }),
  }
}

/** An authenticator made of a function of the configuration. */
export function functionAuthenticator(
  identify: (request: RequestHead) => Identity | null | undefined | Promise<Identity | null | undefined>,
  logger: Logger,
): Authenticator {
  // Strangers make it fail as often as they like.
  const log = new BoundedLog(logger)
  return {
    async authenticate(request) {
      const identity = await called(identify, request, log)
      if (identity === undefined || identity === null) return undefined
      if (isIdentity(identity)) return identity
      log.warn({}, 'the auth function gave no identity: an object with a list of texts named scopes')
      return undefined
    },
  }
}

async function called(
  identify: (request: RequestHead) => unknown,
  request: RequestHead,
  log: BoundedLog,
): Promise<unknown> {
  try {
    return await identify(request)
  } catch (error) {
    if (error instanceof FedcacheError) throw error
    log.warn({ error }, 'the auth function failed: the sender counts as unknown')
    return undefined
  }
}

function isIdentity(value: unknown): value is Identity {
  if (typeof value !== 'object' || value === null) return false
  const { scopes, expiresAt } = value as { readonly scopes?: unknown; readonly expiresAt?: unknown }
  const isList = Array.isArray(scopes) && scopes.every((scope) => typeof scope === 'string')
  return isList && (expiresAt === undefined || expiresAt instanceof Date)
}
