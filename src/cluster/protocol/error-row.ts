import { FedcacheError, type ErrorCode, type FedcacheErrorOptions } from '../../errors.ts'
import { ProtocolError } from './protocol-error.ts'

/** Packs an error: its code, its message and its outcome. */
export function errorRow(error: Error): readonly unknown[] {
  const { code, outcome } = error as FedcacheError
  return [code, error.message, outcome ?? 0]
}

/** @throws ProtocolError for a row that is none of `errorRow`. */
export function errorOf(row: unknown): FedcacheError {
  const [code, message, outcome] = Array.isArray(row) ? (row as readonly unknown[]) : []
  if (typeof code !== 'string' || typeof message !== 'string') {
    throw new ProtocolError('MALFORMED', 'The message has an error without code or message.')
  }
  const options: FedcacheErrorOptions = outcome === 'NONE' || outcome === 'UNKNOWN' ? { outcome } : {}
  return new FedcacheError(code as ErrorCode, message, options)
}
