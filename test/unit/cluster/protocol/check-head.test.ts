import fc from 'fast-check'
import { Packr } from 'msgpackr'
import { expect, test } from 'vitest'
import { checkHead } from '../../../../src/cluster/protocol/check-head.ts'

const packed = (value: unknown) => new Packr({ useRecords: false, variableMapSize: true }).pack(value)

test('everything that JSON can say is a head', () => {
  fc.assert(
    fc.property(fc.jsonValue({ depthSize: 'large', maxDepth: 15 }), (value) => checkHead(packed(value)) === undefined),
  )
})

test('numbers and lengths of every width are read', () => {
  const lengths = [0, 1, 31, 32, 255, 256, 65_535, 65_536]
  const numbers = [0, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, 0.5]
  for (const length of lengths) {
    expect(checkHead(packed('x'.repeat(length)))).toBeUndefined()
    expect(checkHead(packed(Array.from({ length }, () => true)))).toBeUndefined()
    expect(checkHead(packed(Object.fromEntries(Array.from({ length }, (_, index) => [index, 0]))))).toBeUndefined()
  }
  for (const number of numbers) {
    expect(checkHead(packed([number, -number]))).toBeUndefined()
  }
})

test('a head ends where its bytes end', () => {
  const whole = packed({ keys: ['a', 'bc'], number: 1.5, large: 70_000, text: 'x'.repeat(40) })
  for (let length = 0; length < whole.length; length++) {
    expect(checkHead(whole.subarray(0, length))).toMatch(/^a /)
  }
  expect(checkHead(Buffer.concat([whole, Buffer.of(0xc0)]))).toBe('bytes after the head')
})
