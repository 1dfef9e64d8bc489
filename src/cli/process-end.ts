import type { FedcacheProcess } from '../server.ts'

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

/**
 * Ends the process on SIGTERM and SIGINT: with 0 once everything that was begun is finished, with 1 on a second signal
 * or after 10 s.
 */
export function handleSignals(fedcache: Pick<FedcacheProcess, 'logger' | 'stage' | 'stop'>): void {
  const { logger } = fedcache
  let isStopping = false
  const giveUp = (reason: string): void => {
    logger.error({ reason, unfinished: fedcache.stage }, 'stopped before everything was finished')
    process.exit(1)
  }
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isStopping) return giveUp(`a second signal, ${signal}`)
    isStopping = true
    logger.info({ signal }, 'stopping')
    // Not unreferenced: it is what ends a process that waits for nothing but promises.
    setTimeout(() => giveUp(`${deadlineMs} ms have passed`), deadlineMs)
    fedcache.stop().then(
      () => {
        logger.info({}, 'stopped')
        process.exit(0)
      },
      (error: unknown) => {
        logger.error({ error, unfinished: fedcache.stage }, 'could not stop cleanly')
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
}
