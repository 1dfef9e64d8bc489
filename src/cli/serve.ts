import { getHeapStatistics } from 'node:v8'
import type { Worker } from '../config/resolve-config.ts'
import { FedcacheProcess, resolvedConfig } from '../server.ts'
import type { Flags } from './command-line.ts'
import { type Configuration, configuration, type Environment } from './configuration.ts'
import { heapRoomNeeded, restartedVariable, restartWithHeap } from './heap-room.ts'
import { listenFailure } from './listen-failure.ts'
import { handleFailures, handleSignals } from './process-end.ts'
import { warnOf } from './warn-of.ts'
import { workerVariable } from './workers/messages.ts'
import { serveWithWorkers } from './workers/serve-with-workers.ts'
import { WorkerChannel } from './workers/worker-channel.ts'
import { keepRequestsYoung } from './young-requests.ts'

/**
 * Serves a cache until a signal ends the process. Settles once it listens.
 *
 * @throws ConfigError where the configuration is wrong; an Error with a message for people where it cannot start.
 */
export async function serve(flags: Flags, environment: NodeJS.ProcessEnv & Environment): Promise<void> {
  keepRequestsYoung()
  const loaded = await configuration(flags, environment)
  const { workers } = loaded.config
  const workerNumber = environment[workerVariable]
  // Processes that sources start are neither workers nor restarts of this one.
  delete environment[workerVariable]
  if (workerNumber !== undefined) {
    return serveHere(loaded, { number: Number(workerNumber), count: workers ?? 1 })
  }
  // What is no number of workers is told with everything else that is wrong.
  if (typeof workers === 'number' && workers > 1) return serveWithWorkers(loaded, environment)
  await makeHeapRoom(loaded, environment)
  delete environment[restartedVariable]
  return serveHere(loaded, undefined)
}

async function makeHeapRoom({ config, origins, problems }: Configuration, environment: Environment): Promise<void> {
  const heapLimitBytes = getHeapStatistics().heap_size_limit
  const oldSpaceMebibytes = heapRoomNeeded(config, {
    heapLimitBytes,
    nodeFlags: process.execArgv,
    environment,
  })
  if (oldSpaceMebibytes === undefined) return
  // What else is wrong is said before, and once.
  resolvedConfig(config, { origins, problems, heapLimitBytes: Infinity })
  await restartWithHeap(oldSpaceMebibytes, process)
}

/** Serves in this process: alone, or as one of several behind a port. */
async function serveHere(
  { config, file, origins, problems }: Configuration,
  worker: Worker | undefined,
): Promise<void> {
  // The process that started the workers names them all, where their port does not.
  const resolved = resolvedConfig(config, {
    origins,
    problems,
    ...(worker === undefined ? {} : { worker, processId: process.ppid }),
  })
  const channel = worker === undefined ? undefined : new WorkerChannel(worker.number)
  const fedcache: FedcacheProcess = new FedcacheProcess(resolved, {
    onDuplicate: () => void fedcache.stop().finally(() => process.exit(1)),
    ...(channel === undefined ? {} : { siblings: channel }),
  })
  handleFailures(fedcache.logger)
  handleSignals(fedcache, channel)
  if (worker === undefined) warnOf(resolved, fedcache.logger)
  const { peerId } = resolved.cluster
  try {
    const { url } = await fedcache.listen()
    const keyspaces = resolved.keyspaces.map(({ name }) => name)
    if (channel === undefined) fedcache.logger.info({ url, config: file ?? null, peerId, keyspaces }, 'listening')
    else fedcache.logger.info({ url, worker: worker?.number, peerId }, 'worker listening')
    channel?.tell({ fedcache: 'listening', url, peerId })
  } catch (error) {
    // A signal came while it started: that ends the process, not this.
    if (fedcache.stage !== 'starting' && fedcache.stage !== 'serving') return
    throw listenFailure(error, resolved)
  }
}
