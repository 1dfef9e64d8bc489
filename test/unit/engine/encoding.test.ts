import { describe, expect, test } from 'vitest'
import { decodeBytes, decodeText, describe as nameOf, encodeText, encodeValue } from '../../../src/engine/encoding.ts'

const circular: Record<string, unknown> = {}
circular['self'] = circular
const deep = (depth: number): unknown => {
  let value: unknown = 1
  for (let level = 0; level < depth; level++) value = [value]
  return value
}

describe('text', () => {
  test.each(['', 'plain', '北京', 'naïve café', '👩‍🚀', '\u0000\u001f\u007f\u0080ÿĀ'])(
    '%j comes back as it was',
    (text) => {
      const encoded = encodeText(text)
      expect(decodeText(encoded)).toBe(text)
      expect(encoded).toHaveLength(Buffer.byteLength(text))
      expect(Buffer.from(encoded, 'latin1').toString('utf8')).toBe(text)
    },
  )

  test('has one character, of at most U+00FF, per byte', () => {
    expect(encodeText('北京')).toBe(String.fromCharCode(...Buffer.from('北京', 'utf8')))
  })
})

describe('json', () => {
  test.each([
    [{ name: '北京', list: [1, 'two', null, { three: true }] }],
    ['null'],
    [0],
    [false],
    [''],
    [[]],
    [{}],
    [{ nothing: undefined, date: new Date(0) }],
    [deep(500)],
  ])('takes %j', (value) => {
    const encoded = encodeValue('json', value, 'it')
    expect(JSON.parse(decodeText(encoded))).toEqual(JSON.parse(JSON.stringify(value)))
  })

  test('takes half of a surrogate pair, which JSON can write', () => {
    expect(JSON.parse(decodeText(encodeValue('json', '\ud800', 'it')))).toBe('\ud800')
  })

  test('takes objects of a class, whatever their prototypes carry', () => {
    function Row(this: { id: number }): void {
      this.id = 7
    }
    Row.prototype.save = function save(): void {}
    expect(encodeValue('json', Reflect.construct(Row, []), 'it')).toBe('{"id":7}')
  })

  test.each([
    ['null', null],
    ['nothing', undefined],
    ['a BigInt', { list: [10n] }],
    ['a circle', circular],
    ['NaN', { a: { b: NaN } }],
    ['Infinity', [-Infinity]],
    ['a function', { run: () => 1 }],
    ['a function alone', () => 1],
    ['a symbol', [Symbol('s')]],
    ['undefined in a list', [1, undefined]],
    ['a hole in a list', Array(1)],
    ['a Map', { a: new Map() }],
    ['a Set', new Set([1])],
    ['a promise', { a: Promise.resolve(1) }],
    ['bytes', new Uint8Array([1, 2])],
    ['bytes inside', { a: [{ b: new Uint8Array() }] }],
    ['a Buffer, for all its toJSON', { a: Buffer.from('secret') }],
    ['numbers of a fixed size', [new Float64Array(1)]],
    ['a DataView', { a: new DataView(new ArrayBuffer(1)) }],
    ['an ArrayBuffer', { a: new ArrayBuffer(1) }],
    ['a SharedArrayBuffer', new SharedArrayBuffer(1)],
    ['a date that is none', new Date(NaN)],
    ['a toJSON that gives a BigInt', { toJSON: () => 1n }],
    ['a toJSON that gives nothing', { toJSON: () => undefined }],
    [
      'a getter that throws',
      {
        get a() {
          throw new Error('secret')
        },
      },
    ],
    ['an abyss', deep(100_000)],
  ])('refuses %s, and does not show it', (_, value) => {
    expect(() => encodeValue('json', value, 'the entry "a"')).toThrow(
      expect.objectContaining({
        code: 'INVALID_VALUE',
        message: expect.stringMatching(/^The value of the entry "a" cannot be stored: (?!.*secret).{5,90}$/),
      }),
    )
  })

  test.each([
    ['$', NaN],
    ['$[1]', [1, undefined]],
    ['$.f.g', { a: 1, f: { g: NaN } }],
    ['$.list[2].run', { list: [1, 2, { run: () => 1 }] }],
    ['$.bytes', { bytes: Buffer.alloc(1) }],
    [`$.${'long'.repeat(19)}l…`, { ['long'.repeat(100)]: NaN }],
  ])('says that it is wrong at %s', (place, value) => {
    expect(() => encodeValue('json', value, 'it')).toThrow(`(at ${place})`)
  })
})

describe('other formats', () => {
  test('text takes text only', () => {
    expect(decodeText(encodeValue('text', '北京', 'it'))).toBe('北京')
    expect(encodeValue('text', '', 'it')).toBe('')
    expect(() => encodeValue('text', 7, 'it')).toThrow('received a number')
    expect(() => encodeValue('text', 'a\udc00', 'it')).toThrow('surrogate')
  })

  test('bytes take any bytes, of views too', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
    expect(decodeBytes(encodeValue('bytes', bytes, 'it'))).toEqual(bytes)
    expect(decodeBytes(encodeValue('bytes', bytes.subarray(250, 254), 'it'))).toEqual(Uint8Array.of(250, 251, 252, 253))
    expect(() => encodeValue('bytes', 'text', 'it')).toThrow('received a string')
    expect(() => encodeValue('bytes', [1, 2], 'it')).toThrow('received a list')
  })

  test('bytes are copied', () => {
    const bytes = Uint8Array.of(1, 2)
    const encoded = encodeValue('bytes', bytes, 'it')
    bytes[0] = 9
    const copy = decodeBytes(encoded)
    copy[1] = 9
    expect([...decodeBytes(encoded)]).toEqual([1, 2])
  })
})

test.each([
  [null, 'null'],
  [undefined, 'nothing'],
  [[], 'a list'],
  [new Uint8Array(), 'bytes'],
  [{}, 'an object'],
  ['secret', 'a string'],
  [1n, 'a bigint'],
])('%o is described as %s', (value, name) => {
  expect(nameOf(value)).toBe(name)
})
