import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { indexedLruStore, lruStore } from '../../src/adapters/store/lru-store.ts'
import { sieveStore } from '../../src/adapters/store/sieve-store.ts'
import type { Store, StoredItem, StoreFactory } from '../../src/ports/index.ts'
import { ConfusedIndex } from '../support/confused-index.ts'

type Item = StoredItem

interface Step {
  readonly action: 'set' | 'get' | 'getAll' | 'peek' | 'delete' | 'evict' | 'resize'
  readonly key: string
  readonly bytes: number
}

const initialMaxBytes = 100

const step: fc.Arbitrary<Step> = fc.record({
  action: fc.constantFrom('set', 'set', 'set', 'get', 'get', 'getAll', 'peek', 'delete', 'evict', 'resize'),
  key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'),
  bytes: fc.oneof(fc.integer({ min: 1, max: 25 }), fc.integer({ min: 90, max: 110 })),
})

/** A store written for plainness: a list, oldest first, and a search for the victim. */
abstract class ModelStore implements Store<Item> {
  readonly evicted: Item[] = []
  protected items: Item[] = []
  maxBytes = initialMaxBytes
  maxEntries: number

  constructor(maxEntries: number) {
    this.maxEntries = maxEntries
  }

  protected abstract used(key: string): void
  /** The entry to give up, other than `kept`. */
  protected abstract victim(kept: string | undefined): Item
  protected abstract forget(key: string): void
  protected abstract place(item: Item): void

  get size(): number {
    return this.items.length
  }

  get bytes(): number {
    return this.items.reduce((sum, item) => sum + item.bytes, 0)
  }

  peek(key: string): Item | undefined {
    return this.items.find((item) => item.key === key)
  }

  get(key: string): Item | undefined {
    const item = this.peek(key)
    if (item !== undefined) this.used(key)
    return item
  }

  set(item: Item): boolean {
    if (item.bytes > this.maxBytes) return false
    const old = this.peek(item.key)
    if (old === undefined && this.size >= this.maxEntries) this.#giveUp(undefined)
    if (old !== undefined) this.used(item.key)
    while (this.bytes - (old?.bytes ?? 0) + item.bytes > this.maxBytes) this.#giveUp(item.key)
    if (old === undefined) this.place(item)
    else this.items = this.items.map((each) => (each === old ? item : each))
    return true
  }

  delete(key: string): boolean {
    if (this.peek(key) === undefined) return false
    this.forget(key)
    return true
  }

  evict(): boolean {
    if (this.size === 0) return false
    this.#giveUp(undefined)
    return true
  }

  resize(maxBytes: number, maxEntries: number): void {
    this.maxBytes = maxBytes
    this.maxEntries = maxEntries
    while (this.bytes > maxBytes || this.size > maxEntries) this.#giveUp(undefined)
  }

  values(): Iterable<Item> {
    return this.items
  }

  #giveUp(kept: string | undefined): void {
    const item = this.victim(kept)
    this.forget(item.key)
    this.evicted.push(item)
  }
}

class LruModel extends ModelStore {
  protected override used(key: string): void {
    this.items = [...this.items.filter((item) => item.key !== key), ...this.items.filter((item) => item.key === key)]
  }

  protected override victim(kept: string | undefined): Item {
    return this.items.find((item) => item.key !== kept) as Item
  }

  protected override forget(key: string): void {
    this.items = this.items.filter((item) => item.key !== key)
  }

  protected override place(item: Item): void {
    this.items.push(item)
  }
}

/** Figure 2 of the paper on a plain array, with an index for a hand. */
class SieveModel extends ModelStore {
  readonly #visited = new Set<string>()
  #hand = 0

  protected override used(key: string): void {
    this.#visited.add(key)
  }

  protected override victim(kept: string | undefined): Item {
    for (;;) {
      if (this.#hand >= this.items.length) this.#hand = 0
      const item = this.items[this.#hand] as Item
      if (item.key !== kept && !this.#visited.has(item.key)) return item
      if (item.key !== kept) this.#visited.delete(item.key)
      this.#hand++
    }
  }

  protected override forget(key: string): void {
    const index = this.items.findIndex((item) => item.key === key)
    this.items.splice(index, 1)
    this.#visited.delete(key)
    if (index < this.#hand) this.#hand--
    // The hand starts again at the oldest once it has passed the newest, before another one comes in behind it.
    if (this.#hand >= this.items.length) this.#hand = 0
  }

  protected override place(item: Item): void {
    this.items.push(item)
  }
}

function expectAll(store: Store<Item>, model: ModelStore, keys: readonly string[]): void {
  const items = keys.map((key) => model.get(key))
  expect(store.getAll?.(keys) ?? keys.map((key) => store.get(key))).toStrictEqual(items)
}

describe.each<[string, StoreFactory, (maxEntries: number) => ModelStore]>([
  ['lruStore', lruStore(), (maxEntries) => new LruModel(maxEntries)],
  ['lruStore whose index seldom knows', indexedLruStore(() => new ConfusedIndex()), (most) => new LruModel(most)],
  ['sieveStore', sieveStore(), (maxEntries) => new SieveModel(maxEntries)],
])('%s', (_name, factory, makeModel) => {
  test.each([3, 6, Infinity])('does what its model does with maxEntries %d', (maxEntries) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const evicted: Item[] = []
        const store = factory<Item>({ maxBytes: initialMaxBytes, maxEntries, onEvict: (item) => evicted.push(item) })
        const model = makeModel(maxEntries)
        for (const { action, key, bytes } of steps) {
          const item = { key, bytes }
          if (action === 'set') expect(store.set(item)).toBe(model.set(item))
          else if (action === 'evict') expect(store.evict()).toBe(model.evict())
          else if (action === 'resize') for (const each of [store, model]) each.resize(bytes * 4, maxEntries)
          else if (action === 'getAll') expectAll(store, model, [key, 'a', 'c', key])
          else expect(store[action](key)).toBe(model[action](key))
          expect(evicted).toStrictEqual(model.evicted)
          expect(store.bytes).toBe(model.bytes)
          expect(store.bytes).toBeLessThanOrEqual(model.maxBytes)
          expect(store.size).toBe(model.size)
          expect(store.size).toBeLessThanOrEqual(maxEntries)
        }
        expect(new Set(store.values())).toStrictEqual(new Set(model.values()))
      }),
      { numRuns: 500 },
    )
  })
})
