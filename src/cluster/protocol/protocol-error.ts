/**
 * `VERSION`: made by a peer that speaks another version of the protocol. `MALFORMED`: not a frame, or a damaged one.
 */
export type ProtocolErrorKind = 'VERSION' | 'MALFORMED'

/** Received bytes that cannot be read. Nothing of them was used. */
export class ProtocolError extends Error {
  override readonly name: string = 'ProtocolError'
  readonly kind: ProtocolErrorKind

  constructor(kind: ProtocolErrorKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}
