import { destination, type DestinationStream, type Logger as Pino, pino, stdSerializers, stdTimeFunctions } from 'pino'
import type { Logger } from '../../ports/index.ts'

/** What a logger is made of. */
export interface PinoLoggerOptions {
  /** The least serious level that is written; `'silent'` writes nothing. */
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** Where the lines go. Default: standard output, written in the background and flushed when the process exits. */
  readonly destination?: DestinationStream
}

/**
 * Makes a logger that writes one JSON object a line: `level`, `time` (ISO 8601), `pid`, `hostname`, the fields given and
 * `msg`. Errors under `error`, `err` or `cause` are written with type, message and stack. Lines that are not yet
 * written are lost when the process is killed by SIGKILL.
 */
export function pinoLogger(options: PinoLoggerOptions): Logger {
  const { level } = options
  const serializers = { error: stdSerializers.err, err: stdSerializers.err, cause: stdSerializers.err }
  return portOf(
    pino(
      { level, serializers, timestamp: stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
      options.destination ?? destination({ fd: 1, sync: false }),
    ),
  )
}

function portOf(logger: Pino): Logger {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    child: (fields) => portOf(logger.child(fields)),
  }
}
