import { randomUUID } from 'node:crypto'
import { AlikeObjects } from '../../engine/alike-objects.ts'

/** Shorter texts are parsed as quickly as they are looked at; longer ones have been made to take long, perhaps. */
const [shortestText, longestText] = [500, 2 ** 19]
const longestHead = 256
const fewestItems = 8

/** What no client can know, and so cannot have sent. */
const standIn = randomUUID()

/**
 * Parses the JSON of a request as `JSON.parse` does: with the same result, or the same error, for every body. A long list
 * of objects among the variables may come as {@link AlikeObjects}.
 *
 * A list is quicker where its items differ in one text alone: the keys of entries, or objects by which a gateway refers
 * to entities. Texts between two quotes need no parsing, and all other parts of the objects are those of the first.
 * `JSON.parse` makes each object anew, and looks each short text up among all that the process has, which lie far apart
 * in memory.
 *
 * @throws SyntaxError
 */
export function parseJson(body: Buffer): unknown {
  const text = body.toString('utf8')
  const isWorthIt = text.length >= shortestText && text.length <= longestText
  // Only where each byte is a character do both stand at the same place.
  return (isWorthIt && text.length === body.length ? parsedApart(text, body) : undefined) ?? JSON.parse(text)
}

/** The same, for a text with such a list; `undefined` for all others, and for those that are not JSON. */
function parsedApart(text: string, body: Buffer): JsonObject | undefined {
  const list = firstList(text)
  if (list === undefined) return undefined
  const differing = differingTexts(text, body, list)
  if (differing === undefined) return undefined
  const { start, head, tail } = list
  const { texts, end } = differing
  if (texts.length <= fewestItems || !text.startsWith(`${tail}]`, end)) return undefined
  // Where the list is part of a text, the quote ends that, and what comes behind it cannot be parsed.
  const whole = parsed(`${text.slice(0, start)}"${standIn}"${text.slice(end + tail.length + 1)}`)
  const variables = isObject(whole) ? whole['variables'] : undefined
  const variable = placeOfStandIn(variables)
  const items = itemsOf(texts, parsed(`${head}${standIn}${tail}`))
  if (!isObject(whole) || !isObject(variables) || variable === undefined || items === undefined) return undefined
  variables[variable] = items
  return whole
}

interface AlikeItems {
  /** Where the bracket is. */
  readonly start: number
  /** What each item begins with, before the text in which it differs. */
  readonly head: string
  /** What it ends with, behind that. */
  readonly tail: string
}

/** What the first list of the text would be made of if its items were alike. */
function firstList(text: string): AlikeItems | undefined {
  const ofTexts = text.indexOf('["')
  const ofObjects = text.indexOf('[{"')
  if (ofTexts !== -1 && (ofObjects === -1 || ofTexts < ofObjects)) return { start: ofTexts, head: '"', tail: '"' }
  const end = ofObjects === -1 ? -1 : text.indexOf('"},{"', ofObjects)
  if (end === -1) return undefined
  const head = text.slice(ofObjects + 1, text.lastIndexOf('"', end - 1) + 1)
  return head.length > longestHead ? undefined : { start: ofObjects, head, tail: '"}' }
}

/**
 * The texts in which the items differ, up to the first one that is not followed by another item, and where that one ends;
 * `undefined` where JSON does not write one of them as it is.
 */
function differingTexts(
  text: string,
  body: Buffer,
  { start, head, tail }: AlikeItems,
): { readonly texts: readonly string[]; readonly end: number } | undefined {
  const between = tail.length + 1 + head.length
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  const firstEnd = plainEnd(body, start + 1 + head.length)
  // Two items at least, or there is nothing to compare with.
  if (firstEnd === -1 || !text.startsWith(`${tail},${head}`, firstEnd)) return undefined
  const texts = [text.slice(start + 1 + head.length, firstEnd)]
  let end = firstEnd
  do {
    const from = end + between
    end = plainEnd(body, from)
    if (end === -1) return undefined
    texts.push(text.slice(from, end))
  } while (areSame(view, firstEnd, end, between))
  return { texts, end }
}

/** One item for each text, each like the first but for that; `undefined` where that is no item. */
function itemsOf(texts: readonly string[], first: unknown): readonly string[] | AlikeObjects | undefined {
  if (first === standIn) return texts
  const name = placeOfStandIn(first)
  if (!isObject(first) || name === undefined) return undefined
  first[name] = texts[0]
  return new AlikeObjects(first, name, texts)
}

type JsonObject = Record<string, unknown>

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The name of the property that the stand-in is the value of. */
function placeOfStandIn(object: unknown): string | undefined {
  if (!isObject(object)) return undefined
  for (const name in object) if (object[name] === standIn) return name
  return undefined
}

const quote = 34
const backslash = 92
const space = 32

/** Where the quote is that ends the text which begins there; -1 where JSON does not write that as it is, between quotes. */
function plainEnd(body: Buffer, from: number): number {
  for (let index = from; index < body.length; index++) {
    const byte = body[index]!
    if (byte === quote) return index
    if (byte < space || byte === backslash) return -1
  }
  return -1
}

/** Whether as many bytes are the same at one place and at a later one. Texts cut out and compared take twice as long. */
function areSame(view: DataView, place: number, later: number, length: number): boolean {
  if (later + length > view.byteLength) return false
  let index = 0
  for (; index <= length - 4; index += 4) {
    if (view.getInt32(place + index) !== view.getInt32(later + index)) return false
  }
  for (; index < length; index++) {
    if (view.getInt8(place + index) !== view.getInt8(later + index)) return false
  }
  return true
}
