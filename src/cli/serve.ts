import { getHeapStatistics } from 'node:v8'
import type { ResolvedConfig } from '../config/resolve-config.ts'
import { FedcacheProcess, resolvedConfig } from '../server.ts'
import type { Flags } from './command-line.ts'
import { configuration, type Environment } from './configuration.ts'
import { heapRoomNeeded, restartedVariable, restartWithHeap } from './heap-room.ts'
import { listenFailure } from './listen-failure.ts'
import { handleFailures, handleSignals } from './process-end.ts'

/**
 * Serves a cache until a signal ends the process. Settles once it listens.
 *
 * @throws ConfigError where the configuration is wrong; an Error with a message for people where it cannot start.
 */
export async function serve(flags: Flags, environment: NodeJS.ProcessEnv & Environment): Promise<void> {
  const { config, file, origins, problems } = await configuration(flags, environment)
  const heapLimitBytes = getHeapStatistics().heap_size_limit
  const oldSpaceMebibytes = heapRoomNeeded(config.memoryLimit, {
    heapLimitBytes,
    nodeFlags: process.execArgv,
    environment,
  })
  if (oldSpaceMebibytes !== undefined) {
    // What else is wrong is said before, and once.
    resolvedConfig(config, { origins, problems, heapLimitBytes: Infinity })
    await restartWithHeap(oldSpaceMebibytes, process)
  }
  const resolved = resolvedConfig(config, { origins, problems })
  // Processes that sources start are none of this one's restarts.
  delete environment[restartedVariable]

  const fedcache: FedcacheProcess = new FedcacheProcess(resolved, () => {
    void fedcache.stop().finally(() => process.exit(1))
  })
  handleFailures(fedcache.logger)
  handleSignals(fedcache)
  warnOf(resolved, fedcache.logger)
  try {
    const { url } = await fedcache.listen()
    const keyspaces = resolved.keyspaces.map(({ name }) => name)
    fedcache.logger.info({ url, config: file ?? null, peerId: resolved.cluster.peerId, keyspaces }, 'listening')
  } catch (error) {
    // A signal came while it started: that ends the process, not this.
    if (fedcache.stage !== 'starting' && fedcache.stage !== 'serving') return
    throw listenFailure(error, resolved)
  }
}

function warnOf(config: ResolvedConfig, logger: FedcacheProcess['logger']): void {
  if (config.keyspaces.length > 0) return
  logger.warn({}, 'no keyspaces are configured: give --config or --http, or make some through the API')
}
