import { decodeText, type Encoded } from './encoding.ts'

// oxlint-disable-next-line no-control-regex -- the range of ASCII begins with a control character
const beyondAscii = /[^\u0000-\u007f]/

/**
 * What a resolver may have beside itself, where objects hold its field as it goes out. Whoever writes an answer copies
 * that, and asks the resolver for the rest.
 */
export interface Copied {
  /** The JSON of the field as GraphQL would print it; `undefined` where only the resolver knows. Never throws. */
  readonly copied: (parent: unknown, context: unknown) => Encoded | undefined
}

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
    return JSON.parse(beyondAscii.test(this.encoded) ? decodeText(this.encoded) : this.encoded)
  }

  /** What stands for it wherever it is not copied as it is; the scalars of GraphQL take it too. */
  toJSON(): unknown {
    return this.value
  }
}
