import { env } from 'node:process'
import { type Access, functionAuthenticator, guardedAccess, openAccess } from '../auth/access.ts'
import { jwtAuthenticator } from '../auth/jwt-authenticator.ts'
import { tokenAuthenticator } from '../auth/token-authenticator.ts'
import type { ResolvedConfig } from '../config/resolve-config.ts'
import { readSecret } from '../config/secret.ts'
import type { Engine } from '../engine/engine.ts'
import type { Authenticator, Clock, Logger } from '../ports/index.ts'

/** Puts together who may use a process, as its configuration says. */
export function accessOf(config: ResolvedConfig, engine: Engine, clock: Clock, logger: Logger): Access {
  const { auth, partitions } = config
  if (auth === undefined || auth === 'none') return openAccess(engine)
  const { tokens, jwt, identify, authorize } = auth
  const authenticators: Authenticator[] = []
  if (tokens.length > 0) {
    const known = tokens.map(({ token, ...identity }) => ({ identity, read: () => readSecret(token, env) }))
    authenticators.push(tokenAuthenticator({ tokens: known, clock, logger }))
  }
  if (jwt !== undefined) authenticators.push(jwtAuthenticator({ ...jwt, clock, logger }))
  if (identify !== undefined) authenticators.push(functionAuthenticator(identify, logger))
  return guardedAccess({ engine, authorize, partitions, logger, authenticators })
}
