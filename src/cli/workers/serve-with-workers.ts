import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { getHeapStatistics } from 'node:v8'
import { loggerOf, resolvedConfig } from '../../server.ts'
import type { Configuration, Environment } from '../configuration.ts'
import { heapRoomNeeded } from '../heap-room.ts'
import { listenFailure } from '../listen-failure.ts'
import { handleFailures, handleSignals } from '../process-end.ts'
import { warnOf } from '../warn-of.ts'
import { Supervisor } from './supervisor.ts'

/**
 * Serves a cache with several processes behind one port, until a signal ends them. Settles once all of them listen.
 *
 * @throws ConfigError where the configuration is wrong; an Error with a message for people where they cannot start.
 */
export async function serveWithWorkers(loaded: Configuration, environment: Environment): Promise<void> {
  const { config, file, origins, problems } = loaded
  const heapLimitBytes = getHeapStatistics().heap_size_limit
  const resolved = resolvedConfig(config, { origins, problems, heapLimitBytes: Infinity })
  const count = resolved.workers
  const oldSpaceMebibytes = heapRoomNeeded(config, { heapLimitBytes, nodeFlags: process.execArgv, environment })
  // What is right for all together may be too little for one of them.
  const ownHeap = oldSpaceMebibytes === undefined ? { heapLimitBytes } : { heapLimitBytes: Infinity }
  resolvedConfig(config, { origins, problems, ...ownHeap, worker: { number: 1, count } })

  const logger = loggerOf(resolved)
  const port = await freePort(resolved.host, resolved.port).catch((error: unknown) => {
    throw listenFailure(error, resolved)
  })
  const supervisor = new Supervisor({
    count,
    logger,
    // The last of several flags counts: all workers take the port that was found, also those that come later.
    args: [...process.argv.slice(2), `--port=${port}`],
    nodeFlags: [
      ...process.execArgv,
      ...(oldSpaceMebibytes === undefined ? [] : [`--max-old-space-size=${oldSpaceMebibytes}`]),
    ],
  })
  handleFailures(logger)
  handleSignals(supervisor)
  warnOf(resolved, logger)
  const started = await supervisor.start()
  if (started === undefined) return
  const keyspaces = resolved.keyspaces.map(({ name }) => name)
  logger.info({ url: started.url, config: file ?? null, workers: started.peerIds, keyspaces }, 'listening')
}

/** The port itself, once it is known to be free, or a free one in place of 0. Rejects where it is taken. */
function freePort(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ host, port, exclusive: true }, () => {
      const found = (server.address() as AddressInfo).port
      server.close(() => resolve(found))
    })
  })
}
