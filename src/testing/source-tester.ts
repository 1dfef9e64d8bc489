import { deepStrictEqual, doesNotThrow, equal, ok } from 'node:assert/strict'
import { type Answer, requireRevision, unwrapped } from '../engine/answers.ts'
import { requireLifetime, requireTags } from '../engine/input-limits.ts'
import type { LoadContext, LoadResult, Source, SourceContext, WriteResult } from '../ports/index.ts'

/** A source under test, and what the suite needs to know of what is behind it. */
export interface SourceFixture {
  /** The source. The suite calls `start` and `close`. */
  readonly source: Source
  /** Puts values where the source reads from, without the source's help. Called once, before `start`, at most. */
  seed(values: ReadonlyMap<string, unknown>): Promise<void>
  /**
   * A value that carries the text and that the source can hold.
   *
   * @default an object with the text in its field `text`
   */
  readonly value?: (text: string) => unknown
  /** Keys of {@link awkwardKeys} that the source cannot hold. They may be not found or fail, and harm no other key. */
  readonly refusedKeys?: readonly string[]
  /** Makes loads of one key fail from now on. Left out where keys of one load cannot fail by themselves. */
  readonly fail?: (key: string) => Promise<void>
  /** How many questions were sent to what is behind the source. Left out where a load is not one question. */
  readonly calls?: () => number
  /** Frees everything, after `close`. */
  readonly dispose?: () => Promise<void>
}

/** Keys that have broken caches before: look-alikes, separators, escapes, quotes, wide characters. */
export const awkwardKeys: readonly string[] = [
  'a', 'A', 'a ', ' a', ' ', '1', '01', '1.0', '-1', '+1', '1e3', 'null', 'undefined', 'true', '__proto__', 'constructor',
  'é', 'e\u0301', '北京', '👩‍👩‍👧', '\u{1F600}', 'ß', 'ı', '\u202Eabc', 'a/b', 'a//b', '/', '.', '..', '../a', 'a\\b', '%', '%2F', '%252F', '%00',
  'a+b', 'a b', 'a&b=c', '?', 'a?b', '#', 'a#b', ':', '@', 'a,b', ',', '{key}', '{}', '$1', ':keys', '"', '""', "'", "''", '`', '\t', 'a\nb',
  "'; drop table entry; --", '"; drop table entry; --', "1' or '1'='1", '[1]', '{"a":1}', 'a\u0000b', 'k'.repeat(1024),
] // prettier-ignore

/** A source with what it takes to seed it, and to ask and check in one step. */
export class SourceTester {
  readonly source: Source
  readonly fixture: SourceFixture
  readonly context: LoadContext & SourceContext = { keyspace: 'contract', signal: new AbortController().signal }
  /** Whether values come with revisions, once the first has shown it. */
  #hasRevisions: boolean | undefined

  constructor(fixture: SourceFixture) {
    this.fixture = fixture
    this.source = fixture.source
  }

  value(text: string): unknown {
    return this.fixture.value === undefined ? { text } : this.fixture.value(text)
  }

  holds(key: string): boolean {
    return this.fixture.refusedKeys?.includes(key) !== true
  }

  /** Seeds a value per key, made from the key itself, and starts the source. */
  async startWith(...keys: readonly string[]): Promise<void> {
    if (keys.length > 0) await this.fixture.seed(new Map(keys.map((key) => [key, this.value(`value of ${key}`)])))
    await this.source.start?.()
  }

  /** Loads keys: values without what was said beside them, `null` for not found. */
  async load(...keys: readonly string[]): Promise<readonly LoadResult[]> {
    ok(new Set(keys).size === keys.length, 'sources are never asked for one key twice')
    const returned = await this.source.loadMany(keys, this.context)
    const isMap = returned instanceof Map
    if (!isMap) equal((returned as readonly LoadResult[]).length, keys.length, 'one answer per key')
    else for (const key of returned.keys()) ok(keys.includes(key as string), `${key} was not asked for`)
    return keys.map((key, index) => {
      const answer = unwrapped(isMap ? returned.get(key) : (returned as readonly LoadResult[])[index])
      if (!(answer.value instanceof Error)) this.#checkOptions(key, answer)
      return answer.value ?? null
    })
  }

  /** Checks that keys are answered with values made from these texts; `null`: not found. */
  async reads(expected: Readonly<Record<string, string | null>>): Promise<void> {
    const keys = Object.keys(expected)
    const values = Object.values(expected).map((text) => (text === null ? null : this.value(text)))
    deepStrictEqual(await this.load(...keys), values)
  }

  /** Stores values made from these texts. */
  async store(texts: Readonly<Record<string, string>>): Promise<readonly WriteResult[]> {
    const requests = Object.entries(texts).map(([key, text]) => ({
      key,
      value: this.value(text),
      ttlMs: undefined,
      tags: [],
    }))
    const results = await this.source.storeMany?.(requests, this.context)
    equal(results?.length, requests.length, 'one result per request')
    return this.#checkReceipts(results)
  }

  async delete(...keys: readonly string[]): Promise<readonly WriteResult[]> {
    const results = await this.source.deleteMany?.(keys, this.context)
    equal(results?.length, keys.length, 'one result per key')
    return this.#checkReceipts(results)
  }

  /** What is said beside a value is checked as fedcache does, which otherwise fails the key. */
  #checkOptions(key: string, { value, options }: Answer): void {
    const { ttlMs, tags, revision } = options
    if (ttlMs !== undefined) doesNotThrow(() => requireLifetime(ttlMs, `The lifetime of ${key}`))
    if (tags !== undefined) doesNotThrow(() => requireTags(tags, key))
    doesNotThrow(() => requireRevision(this.source.name, key, options))
    if (value === null || value === undefined) return
    this.#hasRevisions ??= revision !== undefined
    equal(revision !== undefined, this.#hasRevisions, `all values have a revision or none has; see ${key}`)
  }

  #checkReceipts(results: readonly WriteResult[]): readonly WriteResult[] {
    for (const result of results) {
      if (!(result instanceof Error)) doesNotThrow(() => requireRevision(this.source.name, 'a write', result))
    }
    return results
  }
}
