import { decodeText, type Encoded } from './encoding.ts'

/**
 * A JSON value that stays as it is kept: whoever writes an answer copies `encoded` into it, and whoever needs the
 * value itself parses it.
 */
export class EncodedJson {
  readonly encoded: Encoded

  constructor(encoded: Encoded) {
    this.encoded = encoded
  }

  /** Parsed anew at each call. */
  get value(): unknown {
    return JSON.parse(decodeText(this.encoded))
  }
}
