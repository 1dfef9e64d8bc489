import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PassingMap } from '../../../src/engine/passing-map.ts'

const keys = ['a', 'b', 'c', 'd']
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('add' as const), key: fc.constantFrom(...keys) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete' as const), nth: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const) }) },
)

interface Added {
  readonly key: string
  readonly value: object
  readonly place: number
}

test('holds what a Map holds, whatever was done to both', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
      const map = new Map<string, object>()
      const passing = new PassingMap<string, object>()
      // Deleted ones included, which may be deleted again.
      const added: Added[] = []
      for (const one of steps) {
        if (one.kind === 'add') {
          if (map.has(one.key)) continue
          const value = {}
          map.set(one.key, value)
          added.push({ key: one.key, value, place: passing.add(one.key, value) })
        } else if (one.kind === 'delete') {
          if (added.length === 0) continue
          const { key, value, place } = added[one.nth % added.length]!
          if (map.get(key) === value) map.delete(key)
          passing.delete(key, value, place)
        } else {
          map.clear()
          passing.clear()
        }
      }
      expect([...passing.keys()].map((key) => [key, passing.get(key)])).toEqual([...map])
      for (const key of [...keys, 'e']) expect(passing.get(key)).toBe(map.get(key))
    }),
  )
})
