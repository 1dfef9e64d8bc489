import { destination, type DestinationStream, type Logger as Pino, pino, stdSerializers, stdTimeFunctions } from 'pino'
import type { LogFields, Logger } from '../../ports/index.ts'

/** What a logger is made of. */
export interface PinoLoggerOptions {
  /** The least serious level that is written; `'silent'` writes nothing. */
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** Where the lines go. Default: standard output, each line written before the call returns. */
  readonly destination?: DestinationStream
}

/**
 * Makes a logger that writes one JSON object a line: `level`, `time` (ISO 8601), `pid`, `hostname`, the fields given and
 * `msg`. Errors under `error`, `err` or `cause` are written with type, message and stack. When nobody reads standard
 * output any more, lines are lost and nothing else happens; a reader that stands still holds the process up.
 */
export function pinoLogger(options: PinoLoggerOptions): Logger {
  const { level } = options
  const serializers = { error: stdSerializers.err, err: stdSerializers.err, cause: stdSerializers.err }
  return portOf(
    pino(
      { level, serializers, timestamp: stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
      // Not in the background: the flush at exit that this needs never ends on a broken pipe (sonic-boom 4).
      options.destination ?? destination({ fd: 1, sync: true }),
    ),
  )
}

function portOf(logger: Pino): Logger {
  const write = (level: 'debug' | 'info' | 'warn' | 'error', fields: LogFields, message: string): void => {
    try {
      logger[level](fields, message)
    } catch {
      // A getter or toJSON among the fields threw; the message still counts.
      logger[level](message)
    }
  }
  return {
    debug: (fields, message) => write('debug', fields, message),
    info: (fields, message) => write('info', fields, message),
    warn: (fields, message) => write('warn', fields, message),
    error: (fields, message) => write('error', fields, message),
    child: (fields) => portOf(logger.child(fields)),
  }
}
