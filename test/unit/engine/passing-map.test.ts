import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PassingMap } from '../../../src/engine/passing-map.ts'

const key = fc.constantFrom('a', 'b', 'c', 'd')
const value = fc.integer({ min: 1, max: 2 })
const step = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), key, value }),
  fc.record({ kind: fc.constant('delete' as const), key, value }),
  fc.record({ kind: fc.constant('clear' as const) }),
)

test('holds what a Map holds, whatever was done to both', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
      const map = new Map<string, number>()
      const passing = new PassingMap<string, number>()
      for (const one of steps) {
        if (one.kind === 'set') {
          map.set(one.key, one.value)
          passing.set(one.key, one.value)
        } else if (one.kind === 'delete') {
          if (map.get(one.key) === one.value) map.delete(one.key)
          passing.delete(one.key, one.value)
        } else {
          map.clear()
          passing.clear()
        }
      }
      expect([...passing.keys()].map((name) => [name, passing.get(name)])).toEqual([...map])
      for (const name of ['a', 'b', 'c', 'd', 'e']) expect(passing.get(name)).toBe(map.get(name))
    }),
  )
})
