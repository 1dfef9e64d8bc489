import { chargedBytes } from '../../src/engine/memory.ts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lruStore } from '../../src/adapters/store/lru-store.ts'
import { sieveStore } from '../../src/adapters/store/sieve-store.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { FedcacheError } from '../../src/errors.ts'
import type { Store, StoredItem, StoreFactory, StoreOptions } from '../../src/ports/index.ts'
import { engineFixture, keyspaceDefinition } from '../support/engine-fixture.ts'
import type { FakeClock } from '../support/fake-clock.ts'
import { propertySettings } from '../support/property-settings.ts'
import { answeringSource } from '../support/scripted-source.ts'

// Promise 7: a keyspace never holds more than maxBytes, the process never more than memoryLimit; what is too large is
// refused, evicts nothing and leaves the old entry as it was.

const memoryLimit = 12_000
const names = ['lru', 'sieve', 'loaded'] as const
type Name = (typeof names)[number]

type Step =
  | {
      readonly kind: 'put' | 'read'
      readonly keyspace: Name
      readonly key: number
      readonly size: number
      readonly tags: number
    }
  | { readonly kind: 'delete'; readonly keyspace: Name; readonly key: number }
  | { readonly kind: 'clear' | 'recreate' | 'invalidateTag'; readonly keyspace: Name }
  | { readonly kind: 'resize'; readonly keyspace: Name; readonly maxBytes: number; readonly maxEntries: number }
  | { readonly kind: 'advance'; readonly ms: number }

const keyspace = fc.constantFrom(...names)
const key = fc.nat(12)
const size = fc.oneof(fc.integer({ min: 0, max: 1_500 }), fc.integer({ min: 4_000, max: 14_000 }))
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constantFrom('put' as const, 'read' as const),
      keyspace,
      key,
      size,
      tags: fc.nat(2),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), keyspace, key }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('clear' as const, 'recreate' as const, 'invalidateTag' as const),
      keyspace,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('resize' as const),
      keyspace,
      maxBytes: fc.integer({ min: 1_000, max: memoryLimit }),
      maxEntries: fc.integer({ min: 1, max: 12 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.constantFrom(10, 200) }) },
)

interface Held {
  readonly store: Store<StoredItem>
  maxBytes: number
  maxEntries: number
}

/** Makes stores that can be looked into, and calls `onChange` after every change of one. */
function glassStore(factory: StoreFactory, held: Held[], onChange: () => void): StoreFactory {
  return <Item extends StoredItem>(options: StoreOptions<Item>): Store<Item> => {
    const store = factory(options)
    const { maxBytes, maxEntries } = options
    const entry: Held = { store, maxBytes, maxEntries }
    held.push(entry)
    const { set, resize } = { set: store.set.bind(store), resize: store.resize.bind(store) }
    store.set = (item) => {
      const kept = set(item)
      onChange()
      return kept
    }
    store.resize = (bytes, entries) => {
      resize(bytes, entries)
      Object.assign(entry, { maxBytes: bytes, maxEntries: entries })
      onChange()
    }
    return store
  }
}

class Walk {
  readonly #engine: Engine
  readonly #clock: FakeClock
  readonly #violations: string[] = []
  readonly #held: Record<Name, Held[]> = { lru: [], sieve: [], loaded: [] }
  #loadSize = 0
  #loadTags = 0

  constructor() {
    const source = answeringSource(() => (this.#loadSize % 7 === 0 ? null : 'x'.repeat(this.#loadSize)))
    const factories = { lru: lruStore(), sieve: sieveStore(), loaded: lruStore() }
    const fixture = engineFixture(
      names.map((name) =>
        keyspaceDefinition(
          {
            format: 'text',
            ttlMs: 100,
            negativeTtlMs: 100,
            maxBytes: memoryLimit,
            maxValueBytes: memoryLimit,
            tags: () => Array.from({ length: this.#loadTags }, (_, index) => `tag ${index}`),
            store: glassStore(factories[name], this.#held[name], () => this.#look()),
          },
          name === 'loaded' ? source : undefined,
          name,
        ),
      ),
      { memoryLimit },
    )
    this.#engine = fixture.engine
    this.#clock = fixture.clock
  }

  async run(steps: readonly Step[]): Promise<readonly string[]> {
    for (const one of steps) {
      await this.#take(one)
      this.#look()
    }
    return this.#violations
  }

  async #take(one: Step): Promise<void> {
    const engine = this.#engine
    if (one.kind === 'advance') return this.#clock.advance(one.ms)
    const { keyspace: name } = one
    switch (one.kind) {
      case 'put':
      case 'read': {
        this.#loadSize = one.size
        this.#loadTags = one.tags
        return this.#holdsOrRefuses(name, `k${one.key}`, one.size, one.kind)
      }
      case 'delete':
        return void (await engine.delete(name, `k${one.key}`))
      case 'clear':
        return void (await engine.clear(name))
      case 'invalidateTag':
        return void (await engine.invalidateTags(name, ['tag 0']))
      case 'resize':
        return void (await engine.updateKeyspace(name, { maxBytes: one.maxBytes, maxEntries: one.maxEntries }))
      case 'recreate':
        // Only without a source: those made while running cannot have the one of this test.
        if (name === 'loaded') return
        await engine.deleteKeyspace(name)
        if (this.#engine.keyspace(name) !== undefined) this.#violations.push('a deleted keyspace is still there')
        this.#held[name].length = 0
        await engine.createKeyspace({ name, format: 'text' })
    }
  }

  /** What can be held is held; what cannot changes nothing. */
  async #holdsOrRefuses(name: Name, each: string, length: number, kind: 'put' | 'read'): Promise<void> {
    const before = this.#contents()
    const evictions = this.#evictions()
    const room = Math.min(memoryLimit, this.#engine.keyspace(name)!.maxBytes)
    const text = 'x'.repeat(length)
    const made = this.#engine.keyspace(name)!
    const tags = made.origin === 'CONFIG' ? Array.from({ length: this.#loadTags }, (_, index) => `tag ${index}`) : []
    const fits = length <= made.maxValueBytes && chargedBytes(each, text, tags) <= room
    let refused = false
    if (kind === 'put') {
      const { results } = await this.#engine.putMany(name, [{ key: each, text }])
      refused = results[0] instanceof FedcacheError
      if (refused === fits)
        this.#violations.push(`a put of ${length} into ${room} was ${refused ? 'refused' : 'taken'}`)
    } else {
      const reading = this.#engine.getMany(name, [each])
      await this.#clock.advance(0)
      refused = (await reading)[0] instanceof FedcacheError
      if (refused && fits) this.#violations.push(`a load of ${length} into ${room} was refused`)
    }
    if (refused && (this.#contents() !== before || this.#evictions() !== evictions)) {
      this.#violations.push(`a refused ${kind} changed memory`)
    }
    if (kind === 'put' && !refused && (await this.#engine.get(name, each))?.size !== length) {
      this.#violations.push(`a put of ${length} is not there`)
    }
  }

  #evictions(): number {
    return this.#engine.keyspaces().reduce((sum, { stats }) => sum + stats.evictions, 0)
  }

  /** All that is in memory, by name and size. */
  #contents(): string {
    return names
      .map((name) => {
        const items = [...(this.#held[name].at(-1)?.store.values() ?? [])]
        return items.map(({ key: each, bytes }) => `${name} ${each} ${bytes}`).toSorted()
      })
      .join()
  }

  #look(): void {
    let total = 0
    for (const name of names) {
      const held = this.#held[name].at(-1)
      if (held === undefined) continue
      const items = [...held.store.values()]
      const bytes = items.reduce((sum, item) => sum + item.bytes, 0)
      total += bytes
      if (bytes !== held.store.bytes) this.#violations.push(`${name} says ${held.store.bytes} and holds ${bytes} bytes`)
      if (bytes > held.maxBytes) this.#violations.push(`${name} holds ${bytes} of ${held.maxBytes} bytes`)
      if (items.length > held.maxEntries) this.#violations.push(`${name} holds ${items.length} entries`)
    }
    if (total > memoryLimit) this.#violations.push(`the process holds ${total} bytes`)
  }
}

test('no keyspace holds more than it may, nor does the process, at any step', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 80, size: 'max' }), async (steps) => {
      expect(await new Walk().run(steps)).toEqual([])
    }),
    propertySettings(1_000),
  )
}, 60_000)
