import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lruStore } from '../../src/adapters/store/lru-store.ts'
import { sieveStore } from '../../src/adapters/store/sieve-store.ts'
import type { Engine } from '../../src/engine/engine.ts'
import type { KeyspacePolicy } from '../../src/engine/policy.ts'
import type { ReadResult } from '../../src/engine/results.ts'
import { FedcacheError } from '../../src/errors.ts'
import { engineOver } from '../support/engine-fixture.ts'
import type { FakeClock } from '../support/fake-clock.ts'
import { ModelSource, type ModelValue } from '../support/model-source.ts'
import { propertySettings } from '../support/property-settings.ts'

// Promise 2: a load or refresh that began before a put, delete, clear or invalidation of its key was acknowledged is
// stored nowhere after it, so that a read sent later never returns what is older.

const keys = ['a', 'b'] as const
const tags = ['red', 'blue'] as const
const readTimeoutMs = 200
const writeTimeoutMs = 100

type Step =
  | { readonly kind: 'read'; readonly keys: readonly string[]; readonly timeoutMs: number | undefined }
  | { readonly kind: 'change' | 'changeAndTell' | 'put'; readonly key: string; readonly tags: readonly string[] }
  | { readonly kind: 'remove' | 'delete'; readonly key: string }
  | { readonly kind: 'invalidateTag'; readonly tag: string }
  | { readonly kind: 'clear' }
  | { readonly kind: 'succeed' | 'fail' | 'apply' | 'applyAndFail'; readonly pick: number; readonly harmless: boolean }
  | { readonly kind: 'advance'; readonly ms: number }

const endings = ['succeed', 'succeed', 'succeed', 'succeed', 'fail', 'apply', 'applyAndFail'] as const
const key = fc.constantFrom(...keys)
const someTags = fc.subarray([...tags])
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      keys: fc.array(key, { minLength: 1, maxLength: 3 }),
      timeoutMs: fc.constantFrom(undefined, undefined, 20),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('change' as const, 'changeAndTell' as const, 'put' as const, 'put' as const),
      key,
      tags: someTags,
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('remove' as const, 'delete' as const), key }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('invalidateTag' as const), tag: fc.constantFrom(...tags) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const) }) },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constantFrom<(typeof endings)[number]>(...endings),
      pick: fc.nat(7),
      harmless: fc.boolean(),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.constantFrom(0, 0, 0, 1, 10, 60, 120) }),
  },
)

const policy: fc.Arbitrary<Partial<KeyspacePolicy>> = fc.record({
  ttlMs: fc.constantFrom(50, 500, Infinity),
  staleWhileRevalidateMs: fc.constantFrom(0, 100),
  staleIfErrorMs: fc.constantFrom(0, 100),
  negativeTtlMs: fc.constantFrom(0, 50, 500),
  maxBatchSize: fc.constantFrom(1, 2, 10),
  batchWindowMs: fc.constantFrom(0, 5),
  maxEntries: fc.constantFrom(1, Infinity, Infinity),
  store: fc.constantFrom(lruStore(), sieveStore()),
})

/** What reads sent from now on must not fall behind. */
interface Floors {
  /** Order of the oldest state that any answer may show. */
  readonly any: Record<string, number>
  /** The same for answers that carry a tag. */
  readonly tagged: Record<string, number>
}

/** Runs an engine over a model source step by step and holds every read against what was acknowledged before it. */
class Walk {
  readonly #engine: Engine
  readonly #clock: FakeClock
  readonly #source: ModelSource
  readonly #writable: boolean
  readonly #floors: Floors = { any: {}, tagged: {} }
  /** Writes that the source has answered, in time or late, well or with an error, and what they changed there. */
  readonly #ended: ReadonlyMap<string, number>[] = []
  readonly #violations: string[] = []
  readonly #calls: Promise<unknown>[] = []

  constructor(settings: Partial<KeyspacePolicy>, writable: boolean) {
    this.#writable = writable
    this.#source = new ModelSource({ writable, onWriteEnd: (orders) => this.#ended.push(orders) })
    const fixture = engineOver(this.#source, {
      ...settings,
      readTimeoutMs,
      writeTimeoutMs,
      tags: (_key, value) => (value as ModelValue).tags,
    })
    this.#engine = fixture.engine
    this.#clock = fixture.clock
  }

  async run(steps: readonly Step[]): Promise<readonly string[]> {
    await this.#engine.start()
    for (const one of steps) await this.#take(one)
    await this.#settleAll()
    for (const each of keys) this.#read([each], undefined)
    await this.#settleAll()
    await Promise.all(this.#calls)
    await this.#engine.stop()
    if (this.#clock.pending > 0) this.#violations.push('timers are left')
    return this.#violations
  }

  async #take(one: Step): Promise<void> {
    const engine = this.#engine
    switch (one.kind) {
      case 'read':
        return this.#read(one.keys, one.timeoutMs)
      case 'change':
        this.#source.change(one.key, this.#source.newValue(one.tags))
        return
      case 'remove':
        this.#source.change(one.key, null)
        return
      case 'changeAndTell':
        this.#source.changeAndTell(one.key, this.#source.newValue(one.tags))
        return this.#raise(one.key, this.#source.orderOf(one.key))
      case 'put': {
        const value = this.#source.newValue(one.tags)
        const put = (): Promise<unknown> => engine.put('things', { key: one.key, value })
        if (this.#writable) return this.#acknowledged(put(), [])
        // The value is written to the database first and then put into the cache. Two who do so at once are not kept
        // apart by anybody, so that here one waits for the other.
        this.#source.change(one.key, value)
        this.#acknowledged(put(), [one.key])
        return this.#clock.advance(0)
      }
      case 'delete':
        return this.#acknowledged(engine.delete('things', one.key), this.#writable ? [] : [one.key])
      case 'clear':
        return this.#acknowledged(engine.clear('things'), keys)
      case 'invalidateTag':
        return this.#tagAcknowledged(engine.invalidateTags('things', [one.tag]), one.tag)
      case 'succeed':
      case 'apply':
      case 'applyAndFail':
      case 'fail': {
        const call = this.#source.open[one.pick % this.#source.open.length]
        if (one.kind === 'succeed') call?.succeed()
        if (one.kind === 'apply' || one.kind === 'applyAndFail') call?.apply()
        if (one.kind === 'fail' || one.kind === 'applyAndFail') call?.fail(one.harmless)
        return
      }
      case 'advance':
        await this.#clock.advance(one.ms)
        return this.#raiseEnded()
    }
  }

  /** Once a change is acknowledged, nothing older than what the source held when it was asked for may be read. */
  #acknowledged(change: Promise<unknown>, changed: readonly string[]): void {
    const orders = new Map(changed.map((each) => [each, this.#source.orderOf(each)]))
    const raised = change.then(
      () => {
        for (const [each, order] of orders) this.#raise(each, order)
        this.#raiseEnded()
      },
      (error: unknown) => this.#requireExpected(error),
    )
    this.#calls.push(raised)
  }

  #tagAcknowledged(change: Promise<unknown>, tag: string): void {
    const orders = new Map(keys.map((each) => [`${each} ${tag}`, this.#source.orderOf(each)]))
    const raised = change.then(() => {
      for (const [each, order] of orders) this.#floors.tagged[each] = Math.max(this.#floors.tagged[each] ?? 0, order)
    })
    this.#calls.push(raised)
  }

  /** What the source has answered, and fedcache had the time to hear of, may not be forgotten any more. */
  #raiseEnded(): void {
    for (const orders of this.#ended.splice(0)) for (const [each, order] of orders) this.#raise(each, order)
  }

  #raise(each: string, order: number): void {
    this.#floors.any[each] = Math.max(this.#floors.any[each] ?? 0, order)
  }

  #read(wanted: readonly string[], timeoutMs: number | undefined): void {
    const floors: Floors = { any: { ...this.#floors.any }, tagged: { ...this.#floors.tagged } }
    const results = this.#engine.read('things', wanted, timeoutMs === undefined ? {} : { timeoutMs })
    const check = (all: readonly ReadResult[]): void =>
      wanted.forEach((each, index) => this.#check(each, all[index]!, floors))
    if (results instanceof Promise) this.#calls.push(results.then(check))
    else check(results)
  }

  #check(each: string, result: ReadResult, floors: Floors): void {
    if (result instanceof FedcacheError) return this.#requireExpected(result)
    const value = result === null ? null : (result.value as ModelValue)
    const order = this.#source.orderOfRead(each, value)
    const seen = `${each} = ${JSON.stringify(value)} (${result?.servedFrom ?? 'not found'}, order ${order})`
    if (order === undefined) return void this.#violations.push(`${seen} was never in the source`)
    const floor = floors.any[each] ?? 0
    if (order < floor) this.#violations.push(`${seen} is older than ${floor}, which was acknowledged before`)
    for (const tag of value?.tags ?? []) {
      const tagged = floors.tagged[`${each} ${tag}`] ?? 0
      if (order < tagged) this.#violations.push(`${seen} is older than the invalidation of ${tag} at ${tagged}`)
    }
  }

  #requireExpected(error: unknown): void {
    const expected = ['SOURCE_FAILED', 'SOURCE_TIMEOUT', 'READ_TIMEOUT', 'BUSY']
    if (error instanceof FedcacheError && expected.includes(error.code)) return
    this.#violations.push(`unexpected: ${String(error)}`)
  }

  async #settleAll(): Promise<void> {
    do {
      await this.#clock.advance(10)
      for (const call of this.#source.open.slice()) call.succeed()
      await this.#clock.advance(0)
    } while (this.#source.open.length > 0 || this.#clock.pending > 0)
  }
}

test.each([
  ['a source that is written to by others', false],
  ['a writable source', true],
])(
  'over %s no read returns what is older than what was acknowledged before it',
  async (_, writable) => {
    await fc.assert(
      fc.asyncProperty(
        policy,
        fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }),
        async (settings, steps) => {
          expect(await new Walk(settings, writable).run(steps)).toEqual([])
        },
      ),
      propertySettings(1_000),
    )
  },
  60_000,
)
