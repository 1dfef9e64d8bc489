import type { FedcacheProcess } from '../server.ts'
import type { WorkerChannel } from './workers/worker-channel.ts'

const deadlineMs = 10_000

/** Ends the process with 1, and a line in the log, on errors that nothing handles. What they broke is not known. */
export function handleFailures(logger: FedcacheProcess['logger']): void {
  process.on('uncaughtException', (error: unknown, origin) => {
    const message =
      origin === 'unhandledRejection'
        ? 'a promise was rejected and nothing handled it'
        : 'an error was thrown and nothing handled it'
    logger.error({ error }, message)
    process.exit(1)
  })
}

/** What is to be stopped before the process ends. */
export interface Stoppable {
  readonly logger: FedcacheProcess['logger']
  /** What it is doing, for the log. */
  readonly stage: string
  stop(): Promise<void>
}

/**
 * Ends the process on SIGTERM and SIGINT: with 0 once everything that was begun is finished, with 1 on a second signal
 * or after 10 s.
 *
 * @param channel of a worker, which may be told to stop over it as well. It leaves SIGINT alone: a terminal sends it to
 * all processes, and it is for the one that started them to tell them.
 */
export function handleSignals(stoppable: Stoppable, channel?: WorkerChannel): void {
  const { logger } = stoppable
  let isStopping = false
  let isSignalled = false
  const giveUp = (reason: string): void => {
    logger.error({ reason, unfinished: stoppable.stage }, 'stopped before everything was finished')
    process.exit(1)
  }
  const stop = (signal: string): void => {
    if (isStopping) return
    isStopping = true
    logger.info({ signal }, 'stopping')
    // Not unreferenced: it is what ends a process that waits for nothing but promises.
    setTimeout(() => giveUp(`${deadlineMs} ms have passed`), deadlineMs)
    stoppable.stop().then(
      () => {
        logger.info({}, 'stopped')
        process.exit(0)
      },
      (error: unknown) => {
        logger.error({ error, unfinished: stoppable.stage }, 'could not stop cleanly')
        process.exit(1)
      },
    )
  }
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isSignalled) return giveUp(`a second signal, ${signal}`)
    isSignalled = true
    stop(signal)
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', channel === undefined ? onSignal : () => {})
  if (channel !== undefined) channel.onStop = stop
}
