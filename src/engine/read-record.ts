import { FedcacheError } from '../errors.ts'
import { cacheTagsOf } from '../ports/index.ts'
import type { Entry } from './entry.ts'
import { quote } from './input-limits.ts'
import type { ReadResult } from './results.ts'

/** What an operation read, in numbers. */
export interface ReadSummary {
  /** How long all that was read stays as it is, in milliseconds from now; `Infinity` where nothing expires. */
  readonly remainingMs: number
  readonly hits: number
  readonly nearHits: number
  readonly peerReads: number
  readonly loads: number
  readonly stale: number
  readonly notFound: number
}

interface Reading {
  readonly keyspace: string
  readonly results: readonly ReadResult[]
}

const noReadings: Reading[] = []

/** What one operation read, for those who say how long its answer may be kept. Reading costs it a reference each. */
export class ReadRecord {
  #readings: Reading[] = noReadings
  /** When the first of them was; what is said of the others is then on the safe side. */
  #sinceMs = 0
  readonly #isPublic: (keyspace: string) => boolean
  #entityTags: (Set<string> | undefined)[] | undefined
  #isServingShown = false
  readonly #maxShownBytes: number
  #shownBytes = 0

  /** Whether the answer is to tell the tags of what was read. */
  readonly wantsTags: boolean

  /**
   * @param isPublic whether shared caches may keep what is read from a keyspace. Default: they may keep nothing.
   * @param wantsTags whether the answer is to tell the tags of what was read. Default: no.
   * @param maxShownBytes how many bytes of values the answer may show. Default: any number.
   */
  constructor(
    isPublic: (keyspace: string) => boolean = () => false,
    wantsTags: boolean = false,
    maxShownBytes: number = Infinity,
  ) {
    this.#isPublic = isPublic
    this.wantsTags = wantsTags
    this.#maxShownBytes = maxShownBytes
  }

  /** Notes what a read brought, and what is added to that list until the operation has ended. */
  note(keyspace: string, results: readonly ReadResult[]): void {
    if (this.#readings === noReadings) {
      this.#sinceMs = performance.now()
      // Most operations read once, and a list that is made with its first item has room for that one.
      this.#readings = [{ keyspace, results }]
    } else {
      this.#readings.push({ keyspace, results })
    }
  }

  /**
   * Notes that the answer shows a value: the one of an entry that is asked for under two names is shown twice.
   *
   * @returns the error to show in its place where the answer has no room for it.
   */
  show(key: string, bytes: number): FedcacheError | undefined {
    if (this.#shownBytes + bytes > this.#maxShownBytes) {
      return new FedcacheError(
        'VALUE_TOO_LARGE',
        `The answer would be over ${this.#maxShownBytes} bytes with this field of ${quote(key)}; ask for it in an operation of its own.`,
      )
    }
    this.#shownBytes += bytes
    return undefined
  }

  /** Notes that the answer says how it was served, which is another thing every time. */
  noteServing(): void {
    this.#isServingShown = true
  }

  /** Whether the answer says how it was served. */
  get isServingShown(): boolean {
    return this.#isServingShown
  }

  /** Whether entries were looked for. */
  get hasReadings(): boolean {
    return this.#readings.length > 0
  }

  /** Whether shared caches may keep everything that was read. */
  get isPublic(): boolean {
    return this.#readings.every(({ keyspace }) => this.#isPublic(keyspace))
  }

  /** What was read, worked out now. */
  summary(): ReadSummary {
    let remainingMs = Infinity
    const counts = { OWNER: 0, NEAR: 0, PEER: 0, SOURCE: 0, STALE: 0 }
    let notFound = 0
    const agoMs = performance.now() - this.#sinceMs
    for (const { results } of this.#readings) {
      for (const result of results) {
        if (result === null) {
          notFound++
          // It may be put at any moment, and how long it is remembered is not known here.
          remainingMs = 0
          continue
        }
        if (result instanceof FedcacheError) continue
        remainingMs = Math.min(remainingMs, (result.ttlMs ?? Infinity) - agoMs)
        counts[result.servedFrom]++
      }
    }
    const { OWNER: hits, NEAR: nearHits, PEER: peerReads, SOURCE: loads, STALE: stale } = counts
    return { remainingMs: Math.max(0, remainingMs), hits, nearHits, peerReads, loads, stale, notFound }
  }

  /** The tags of everything that was read, each once. */
  tags(): readonly string[] {
    const tags = new Set<string>()
    for (const { results } of this.#readings) {
      for (const result of results) {
        if (result !== null && !(result instanceof FedcacheError)) for (const tag of cacheTagsOf(result)) tags.add(tag)
      }
    }
    return [...tags]
  }

  /** Notes that an entry is part of an entity that a gateway referred to, by the position of the reference. */
  noteEntity(index: number, entry: Entry | undefined): void {
    this.#entityTags ??= []
    const tags = (this.#entityTags[index] ??= new Set())
    if (entry !== undefined) for (const tag of cacheTagsOf(entry)) tags.add(tag)
  }

  /** Whether a gateway referred to entities. */
  get hasEntities(): boolean {
    return this.#entityTags !== undefined
  }

  /** The tags of what is in each entity, in the order of the references; empty where no gateway referred to any. */
  entityTags(): readonly (readonly string[])[] {
    return Array.from(this.#entityTags ?? [], (tags) => [...(tags ?? [])])
  }
}
