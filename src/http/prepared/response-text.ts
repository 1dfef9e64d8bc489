import { type Encoded, encodeText } from '../../engine/encoding.ts'

// oxlint-disable-next-line no-control-regex -- the range of ASCII begins with a control character
const beyondAscii = /[^\u0000-\u007f]/

/** Turns text into what may stand in a response beside stored values: one character per byte of UTF-8. */
function responseText(text: string): Encoded {
  return beyondAscii.test(text) ? encodeText(text) : text
}

// What JSON writes as it is, between quotes.
const plainText = /^[ !#-[\]-~]*$/

/** The JSON of a text, as it may stand in a response beside stored values. */
export function jsonString(text: string): Encoded {
  return text.length < 100 && plainText.test(text) ? `"${text}"` : jsonText(text)
}

/** The JSON of a value, as it may stand in a response beside stored values. */
export function jsonText(value: unknown): Encoded {
  return responseText(JSON.stringify(value))
}
