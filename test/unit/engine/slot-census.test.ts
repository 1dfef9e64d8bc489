import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lruStore } from '../../../src/adapters/store/lru-store.ts'
import { sieveStore } from '../../../src/adapters/store/sieve-store.ts'
import type { Store, StoredItem, StoreFactory, StoreOptions } from '../../../src/ports/index.ts'
import { engineFixture, keyspaceDefinition } from '../../support/engine-fixture.ts'
import { scriptedPeers } from '../../support/scripted-peers.ts'

// The slot of a key is its first character.
const key = fc.constantFrom('a1', 'a2', 'b1', 'b2', 'c1', 'd1')
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('put' as const), key, tagged: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('invalidateTags' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('shrink' as const), maxEntries: fc.constantFrom(1, 4) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const) }) },
)

/** A store that tells which keys were looked up, and what is in it. */
function watched(factory: StoreFactory): { store: StoreFactory; lookUps: string[]; keys: () => string[] } {
  const lookUps: string[] = []
  let newest: Store<StoredItem> | undefined
  const store = <Item extends StoredItem>(options: StoreOptions<Item>): Store<Item> => {
    const made = factory(options)
    newest = made
    const get = made.get.bind(made)
    made.get = (name) => {
      lookUps.push(name)
      return get(name)
    }
    return made
  }
  return { store, lookUps, keys: () => Array.from(newest!.values(), (item) => item.key) }
}

describe.each([
  ['lru', lruStore()],
  ['sieve', sieveStore()],
])('in a keyspace on the %s store', (_, factory) => {
  test('a key is looked up when there are entries of its slot, and only then', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const { store, lookUps, keys } = watched(factory)
        const { engine, clock } = engineFixture([keyspaceDefinition({ store, maxEntries: 4 })], {
          peers: scriptedPeers(),
        })
        for (const one of steps) {
          if (one.kind === 'put') await engine.put('things', { key: one.key, value: 1, tags: one.tagged ? ['t'] : [] })
          else if (one.kind === 'delete') await engine.delete('things', one.key)
          else if (one.kind === 'invalidateTags') await engine.invalidateTags('things', ['t'])
          else if (one.kind === 'shrink') await engine.updateKeyspace('things', { maxEntries: one.maxEntries })
          else await engine.clear('things')
          await clock.advance(10)
        }
        const held = keys()
        for (const name of ['a1', 'a2', 'b1', 'b2', 'c1', 'd1']) {
          lookUps.length = 0
          const found = engine.readNow('things', name)
          expect(found === undefined).toBe(!held.includes(name))
          expect(lookUps).toEqual(held.some((other) => other[0] === name[0]) ? [name] : [])
        }
      }),
    )
  })
})
