import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeText } from '../../../src/engine/encoding.ts'
import { jsonField as fieldAt } from '../../../src/federation/json-field.ts'

const names = ['a', 'aa', 'name', 'constructor', 'x_1']

const jsonField = (json: string, name: string): string | undefined => fieldAt({ json, at: 1 }, name)

describe('a field in the JSON of an object', () => {
  it('is what JSON.parse finds there, whatever stands around it', () => {
    const objects = fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string({ unit: 'binary' })), fc.jsonValue())
    fc.assert(
      fc.property(objects, fc.constantFrom(...names), (object, name) => {
        const json = JSON.stringify(object)
        const expected: unknown = Object.hasOwn(object, name) ? JSON.stringify(object[name]) : undefined
        expect(jsonField(json, name)).toBe(expected)
        expect(jsonField(encodeText(json), name)).toBe(typeof expected === 'string' ? encodeText(expected) : undefined)
      }),
      { numRuns: 2000 },
    )
  })

  it('is that in whatever order fields are asked for', () => {
    const objects = fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string({ unit: 'binary' })), fc.jsonValue())
    fc.assert(
      fc.property(objects, fc.array(fc.constantFrom(...names), { maxLength: 12 }), (object, asked) => {
        const place = { json: JSON.stringify(object), at: 1 }
        for (const name of asked) {
          const expected = Object.hasOwn(object, name) ? JSON.stringify(object[name]) : undefined
          expect(fieldAt(place, name)).toBe(expected)
        }
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['{}', undefined],
    ['{"b":"a","a":1}', '1'],
    ['{"b":{"a":1}}', undefined],
    ['{"b":"\\"a\\":2,","a":"}"}', '"}"'],
    ['{"\\\\a":1,"a":[{"]":"\\\\"},[]]}', '[{"]":"\\\\"},[]]'],
    ['{"aa":1,"a":null}', 'null'],
  ])('of %s is %s', (json, expected) => {
    expect(jsonField(json, 'a')).toBe(expected)
  })

  it.each(['{"b', '{"b"', '{"b":"x', '{"b":"x\\', '{"b":1', '{"b":[1', '{"b":{"c', '{"b":{"c":"', '', 'null', '"a'])(
    'is not sought for ever in %s, which is no JSON',
    (json) => {
      expect(jsonField(json, 'a')).toBeUndefined()
    },
  )
})
