const quote = 34
const comma = 44
const backslash = 92
const openBracket = 91
const closeBracket = 93
const openBrace = 123
const closeBrace = 125

/**
 * Finds a field of an object in its JSON, without parsing what stands before it.
 *
 * @param json an object as `JSON.stringify` writes it: without white space, each name once. Of anything else it gives
 * something or nothing, but it ends: what another peer sent was not parsed here.
 * @param name has no characters that JSON escapes, and none beyond ASCII; no name of GraphQL has.
 * @returns the JSON of the field, `undefined` where the object has none of that name.
 */
export function jsonField(json: string, name: string): string | undefined {
  let at = 1
  while (json.charCodeAt(at) === quote) {
    const nameEnd = textEnd(json, at)
    const start = nameEnd + 1
    const end = valueEnd(json, start)
    if (nameEnd - at === name.length + 2 && json.startsWith(name, at + 1)) return json.slice(start, end)
    at = end + 1
  }
  return undefined
}

/** Where the text that begins with a quote has ended. */
function textEnd(json: string, start: number): number {
  let at = start + 1
  while (at < json.length && json.charCodeAt(at) !== quote) at += json.charCodeAt(at) === backslash ? 2 : 1
  return at + 1
}

function valueEnd(json: string, start: number): number {
  const first = json.charCodeAt(start)
  if (first === quote) return textEnd(json, start)
  if (first === openBrace || first === openBracket) return nestedEnd(json, start)
  let at = start
  while (at < json.length && json.charCodeAt(at) !== comma && json.charCodeAt(at) !== closeBrace) at++
  return at
}

function nestedEnd(json: string, start: number): number {
  let depth = 0
  let at = start
  do {
    const code = json.charCodeAt(at)
    if (code === quote) {
      at = textEnd(json, at)
      continue
    }
    if (code === openBrace || code === openBracket) depth++
    else if (code === closeBrace || code === closeBracket) depth--
    at++
  } while (depth > 0 && at < json.length)
  return at
}
