/**
 * A key as a JetStream key-value bucket takes it: of `-`, `/`, `_`, `=`, `.`, letters and digits, and no empty part
 * between dots. What is none of these is written as `=` and two hexadecimal digits for each byte of its UTF-8, and so
 * are `=` itself and dots at the ends or in a row. Most keys stay as they are, and can be read with `nats kv get`.
 */
export function encodeKvKey(key: string): string {
  return key.replaceAll(/[^-/_.a-zA-Z0-9]+|^\.|\.$|\.(?=\.)/g, (text) =>
    Array.from(Buffer.from(text), (byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  )
}

/** The key that was encoded; `undefined` for what {@link encodeKvKey} makes of no key. */
export function decodeKvKey(encoded: string): string | undefined {
  const bytes = encoded.replaceAll(/=([0-9A-F]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  )
  const key = Buffer.from(bytes, 'latin1').toString()
  return encodeKvKey(key) === encoded ? key : undefined
}
