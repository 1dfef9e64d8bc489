const quote = 34
const comma = 44
const backslash = 92
const openBracket = 91
const closeBracket = 93
const openBrace = 123
const closeBrace = 125

/** An object in its JSON, and where the field begins behind the one that was found last. */
export interface JsonPlace {
  /**
   * As `JSON.stringify` writes it: without white space, each name once. Of anything else something or nothing is found,
   * but looking ends: what another peer sent was not parsed here.
   */
  readonly json: string
  /** 1 at first. */
  at: number
}

/**
 * Finds a field of an object in its JSON, without parsing what stands before it. Fields that are asked for in the order
 * in which they stand there are found in one pass.
 *
 * @param name has no characters that JSON escapes, and none beyond ASCII; no name of GraphQL has.
 * @returns the JSON of the field, `undefined` where the object has none of that name.
 */
export function jsonField(place: JsonPlace, name: string): string | undefined {
  const { json, at: before } = place
  let start = valueStart(json, name, before, json.length)
  if (start === -1) start = valueStart(json, name, 1, before)
  if (start === -1) return undefined
  const end = valueEnd(json, start)
  place.at = end + 1
  return json.slice(start, end)
}

/** Where the value of the field begins, if that is one of those that begin between these places; else -1. */
function valueStart(json: string, name: string, from: number, to: number): number {
  let at = from
  while (at < to && json.charCodeAt(at) === quote) {
    const end = at + 1 + name.length
    if (json.charCodeAt(end) === quote && json.startsWith(name, at + 1)) return end + 2
    at = valueEnd(json, textEnd(json, at) + 1) + 1
  }
  return -1
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
