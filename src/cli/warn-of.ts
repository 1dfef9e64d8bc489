import type { ResolvedConfig } from '../config/resolve-config.ts'
import type { FedcacheProcess } from '../server.ts'

/** Warns of what is allowed and yet hardly meant. */
export function warnOf(config: ResolvedConfig, logger: FedcacheProcess['logger']): void {
  if (config.keyspaces.length > 0) return
  logger.warn({}, 'no keyspaces are configured: give --config or --http, or make some through the API')
}
