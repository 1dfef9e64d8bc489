import type { EntryTransfer, PeerAnswer, ServedFrom } from '../../ports/index.ts'
import { errorOf, errorRow } from './error-row.ts'
import type { Frame } from './frame.ts'
import { ProtocolError } from './protocol-error.ts'
import { bytes, fields, list } from './shape.ts'

/** The answers to a question as a frame carries them: columns, because a row for every key is most of the work. */
export interface PackedAnswers {
  readonly head: {
    /** One byte per answer: where an entry was served from, or what there is in place of one. */
    readonly marks: Uint8Array
    /** Per entry its version, its age and its remaining lifetime in milliseconds: 64-bit floats, little-endian. */
    readonly numbers: Uint8Array
    /** Of the entries that have any: their place among the entries, and their tags. */
    readonly tags: readonly (readonly [number, readonly string[]])[]
    readonly errors: readonly (readonly unknown[])[]
  }
  readonly values: readonly (string | null)[]
}

/** The marks of entries are the places of their origins in this list. */
const servedFroms: readonly ServedFrom[] = ['OWNER', 'NEAR', 'PEER', 'SOURCE', 'STALE']
const marks = { ERROR: 16, ELSEWHERE: 17, NO_SOURCE: 18 } as const
const elsewhere = { kind: 'ELSEWHERE' } as const
const noSource = { kind: 'NO_SOURCE' } as const
const noTags: readonly string[] = []
const numbersPerEntry = 3
const bytesPerNumber = 8
const bytesPerEntry = numbersPerEntry * bytesPerNumber

/** Packs answers in the order of the keys that were asked for; the keys themselves are not sent back. */
export function packAnswers(answers: readonly PeerAnswer[]): PackedAnswers {
  const marked = new Uint8Array(answers.length)
  const numbers = new DataView(new ArrayBuffer(answers.length * bytesPerEntry))
  const tags: [number, readonly string[]][] = []
  const errors: (readonly unknown[])[] = []
  const values: (string | null)[] = []
  for (let index = 0; index < answers.length; index++) {
    const answer = answers[index]!
    if (answer.kind === 'ENTRY') {
      const { entry } = answer
      const at = values.length * bytesPerEntry
      marked[index] = servedFroms.indexOf(answer.servedFrom)
      numbers.setFloat64(at, entry.version, true)
      numbers.setFloat64(at + bytesPerNumber, entry.ageMs, true)
      numbers.setFloat64(at + 2 * bytesPerNumber, entry.ttlMs, true)
      if (entry.tags.length > 0) tags.push([values.length, entry.tags])
      values.push(entry.encoded)
    } else {
      marked[index] = marks[answer.kind]
      if (answer.kind === 'ERROR') errors.push(errorRow(answer.error))
    }
  }
  const used = new Uint8Array(numbers.buffer, 0, values.length * bytesPerEntry)
  return { head: { marks: marked, numbers: used, tags, errors }, values }
}

/**
 * Unpacks answers.
 *
 * @param keys what was asked for. There may be fewer answers, to the first of them.
 * @throws ProtocolError for a frame that is none of `packAnswers`.
 */
export function unpackAnswers({ head, values }: Frame, keys: readonly string[]): readonly PeerAnswer[] {
  const columns = fields(head)
  const marked = bytes(columns, 'marks')
  const errors = list(columns, 'errors')
  const entries = new EntryReader(columns, values)
  if (marked.length > keys.length) throw malformed(`${marked.length} answers for ${keys.length} keys`)
  const answers: PeerAnswer[] = []
  let nextError = 0
  for (let index = 0; index < marked.length; index++) {
    const mark = marked[index]!
    const servedFrom = servedFroms[mark]
    if (servedFrom !== undefined) answers.push(new Found(servedFrom, entries.next(keys[index]!)))
    else if (mark === marks.ELSEWHERE) answers.push(elsewhere)
    else if (mark === marks.NO_SOURCE) answers.push(noSource)
    else if (mark === marks.ERROR) answers.push({ kind: 'ERROR', error: errorOf(errors[nextError++]) })
    else throw malformed('an answer of unknown kind')
  }
  return answers
}

// Classes and no object literals: V8 puts what literals make among old objects once most of it has stayed for long, and
// then what only passes through stays until the next full collection, too.
class Found {
  readonly kind = 'ENTRY'
  readonly servedFrom: ServedFrom
  readonly entry: EntryTransfer

  constructor(servedFrom: ServedFrom, entry: EntryTransfer) {
    this.servedFrom = servedFrom
    this.entry = entry
  }
}

class Received implements EntryTransfer {
  readonly key: string
  readonly encoded: string | null
  readonly version: number
  readonly ageMs: number
  readonly ttlMs: number
  readonly tags: readonly string[]

  constructor(
    key: string,
    encoded: string | null,
    version: number,
    ageMs: number,
    ttlMs: number,
    tags: readonly string[],
  ) {
    this.key = key
    this.encoded = encoded
    this.version = version
    this.ageMs = ageMs
    this.ttlMs = ttlMs
    this.tags = tags
  }
}

class EntryReader {
  readonly #values: readonly (string | null)[]
  readonly #numbers: DataView
  readonly #tags: ReadonlyMap<number, readonly string[]>
  #next = 0

  constructor(columns: Readonly<Record<string, unknown>>, values: readonly (string | null)[]) {
    const numbers = bytes(columns, 'numbers')
    if (numbers.length !== values.length * bytesPerEntry) {
      throw malformed(`${numbers.length} bytes of numbers for ${values.length} values`)
    }
    this.#values = values
    this.#numbers = new DataView(numbers.buffer, numbers.byteOffset, numbers.length)
    this.#tags = new Map(list(columns, 'tags').map(tagsOf))
  }

  next(key: string): EntryTransfer {
    const place = this.#next++
    const encoded = this.#values[place]
    if (encoded === undefined) throw malformed('an entry without value')
    const at = place * bytesPerEntry
    const version = this.#numbers.getFloat64(at, true)
    const ageMs = this.#numbers.getFloat64(at + bytesPerNumber, true)
    const ttlMs = this.#numbers.getFloat64(at + 2 * bytesPerNumber, true)
    if (Number.isNaN(version + ageMs + ttlMs)) throw malformed('an entry without version, age or lifetime')
    const tags = this.#tags.size === 0 ? noTags : (this.#tags.get(place) ?? noTags)
    return new Received(key, encoded, version, ageMs, ttlMs, tags)
  }
}

function tagsOf(row: unknown): [number, readonly string[]] {
  const [place, tags] = Array.isArray(row) ? (row as readonly unknown[]) : []
  if (typeof place === 'number' && Array.isArray(tags) && tags.every((tag) => typeof tag === 'string')) {
    return [place, tags]
  }
  throw malformed('tags that are no strings')
}

function malformed(what: string): ProtocolError {
  return new ProtocolError('MALFORMED', `The message has ${what}.`)
}
