import { BusError, type BusErrorKind } from '../../ports/index.ts'

const messages: Readonly<Record<BusErrorKind, string>> = {
  NO_RESPONDERS: 'Nobody subscribes to the subject.',
  TIMEOUT: 'No reply came in time.',
  DISCONNECTED: 'There is no connection to the bus.',
  CLOSED: 'The bus was closed.',
  TOO_LARGE: 'The message is larger than the bus carries.',
}

/** The error of a kind, in words that fit every bus. */
export function busError(kind: BusErrorKind, cause?: unknown): BusError {
  return new BusError(kind, messages[kind], cause === undefined ? undefined : { cause })
}
