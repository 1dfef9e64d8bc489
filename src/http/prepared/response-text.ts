import { type Encoded, encodeText } from '../../engine/encoding.ts'

// oxlint-disable-next-line no-control-regex -- the range of ASCII begins with a control character
const beyondAscii = /[^\u0000-\u007f]/

/** Turns text into what may stand in a response beside stored values: one character per byte of UTF-8. */
function responseText(text: string): Encoded {
  return beyondAscii.test(text) ? encodeText(text) : text
}

/** Whether JSON writes a text as it is, between quotes. For short texts this is quicker than a regular expression. */
function isPlain(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code < space || code > tilde || code === quote || code === backslash) return false
  }
  return true
}

const space = 32
const quote = 34
const backslash = 92
const tilde = 126

/** The JSON of a text, as it may stand in a response beside stored values. */
export function jsonString(text: string): Encoded {
  return text.length < 100 && isPlain(text) ? `"${text}"` : jsonText(text)
}

/** The JSON of a value, as it may stand in a response beside stored values. */
export function jsonText(value: unknown): Encoded {
  return responseText(JSON.stringify(value))
}
