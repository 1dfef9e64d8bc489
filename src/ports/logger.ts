/** Structured fields of one log line. Values must be serialisable as JSON. */
export type LogFields = Readonly<Record<string, unknown>>

/** Writes structured log lines. A logger never throws. */
export interface Logger {
  debug(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
  /** A logger that adds `fields` to every line. */
  child(fields: LogFields): Logger
}
