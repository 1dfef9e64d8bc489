import fc from 'fast-check'
import { Packr } from 'msgpackr'
import { describe, expect, test } from 'vitest'
import {
  decodeFrame,
  encodeFrame,
  frameOverheadBytes,
  protocolVersion,
  valueOverheadBytes,
} from '../../../../src/cluster/protocol/frame.ts'
import { ProtocolError } from '../../../../src/cluster/protocol/protocol-error.ts'

const head = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 8 },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true }).filter((number) => !Object.is(number, -0)),
    fc.string({ unit: 'grapheme' }),
    fc.array(tie('any')),
    fc.dictionary(
      fc.string({ unit: 'grapheme' }).filter((key) => key !== '__proto__'),
      tie('any'),
      { noNullPrototype: true },
    ),
  ),
})).any
const byteString = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1'))
const values = fc.array(fc.option(byteString))

/** A frame around a head of any bytes. */
function framed(packedHead: Uint8Array): Buffer {
  const frame = Buffer.alloc(frameOverheadBytes + packedHead.length)
  frame[0] = protocolVersion
  frame.writeUInt32LE(packedHead.length, 1)
  frame.set(packedHead, frameOverheadBytes)
  return frame
}

function refusal(data: Uint8Array): ProtocolError {
  try {
    decodeFrame(data)
  } catch (error) {
    if (error instanceof ProtocolError) return error
    throw error
  }
  throw new Error(`decoded ${Buffer.from(data).toString('hex')}`)
}

describe('a frame', () => {
  test('comes out as it went in', () => {
    fc.assert(
      fc.property(head, values, (anyHead, anyValues) => {
        expect(decodeFrame(encodeFrame(anyHead, anyValues))).toEqual({ head: anyHead, values: anyValues })
      }),
    )
  })

  test('is laid out as the protocol says', () => {
    const frame = Buffer.from(encodeFrame({ k: 'é' }, ['ab', null, '\xff']))
    expect(frame.toString('hex')).toBe(
      ['01', '06000000', '03000000', '02000000', 'ffffffff', '01000000', '81a16ba2c3a9', '6162', 'ff'].join(''),
    )
    expect(frame.length).toBe(frameOverheadBytes + 3 * valueOverheadBytes + 6 + 3)
  })

  test('leaves out fields that are undefined', () => {
    expect(decodeFrame(encodeFrame({ a: 1, b: undefined })).head).toEqual({ a: 1 })
  })

  test('is read from the middle of a larger buffer', () => {
    const frame = encodeFrame(['key'], ['value'])
    const larger = new Uint8Array(frame.length + 20).fill(0xc1)
    larger.set(frame, 10)
    expect(decodeFrame(larger.subarray(10, 10 + frame.length))).toEqual({ head: ['key'], values: ['value'] })
  })

  test('gives values that outlive the message they came in', () => {
    const frame = encodeFrame(['key'], ['a value that is long enough not to be copied by accident'])
    const decoded = decodeFrame(frame)
    frame.fill(0)
    expect(decoded.values[0]).toMatch(/^a value .* accident$/)
    expect(decoded.head).toEqual(['key'])
  })
})

describe('decodeFrame refuses', () => {
  test('another version, and says which', () => {
    const frame = encodeFrame(null)
    frame[0] = 2
    expect(refusal(frame)).toMatchObject({ kind: 'VERSION', message: expect.stringContaining('received version 2') })
  })

  test('every frame that was cut short or grew', () => {
    const frame = Buffer.from(encodeFrame({ keys: ['a', 'b'], deep: { er: [1.5] } }, ['xy', null, 'z']))
    for (let length = 0; length < frame.length; length++) {
      expect(refusal(frame.subarray(0, length)).kind).toBe('MALFORMED')
    }
    expect(refusal(Buffer.concat([frame, Buffer.of(0)])).kind).toBe('MALFORMED')
  })

  test.each([
    ['a head beyond the end', (frame: Buffer) => frame.writeUInt32LE(0xffffffff, 1)],
    ['more values than there are bytes', (frame: Buffer) => frame.writeUInt32LE(0xffffffff, 5)],
    ['a value beyond the end', (frame: Buffer) => frame.writeUInt32LE(0xfffffffe, frameOverheadBytes)],
    ['a value that is shorter than the tail', (frame: Buffer) => frame.writeUInt32LE(1, frameOverheadBytes)],
  ])('%s', (_, damage) => {
    const frame = Buffer.from(encodeFrame(null, ['value']))
    damage(frame)
    expect(refusal(frame).kind).toBe('MALFORMED')
  })

  test.each([
    ['an array that claims 4 billion elements', 'ddffffffff'],
    ['an array that claims 100 million elements', 'dd05f5e10000'],
    ['an object that claims 4 billion fields', 'dfffffffff'],
    ['a string that claims 4 GiB', 'dbffffffff61'],
    ['nothing', ''],
    ['two values', 'c0c0'],
    ['bytes beyond the end', 'c40200'],
    ['bytes of 4 GiB', 'c6ffffffff00'],
    ['an integer of 64 bits', 'cf0000000000000001'],
    ['a timestamp', 'd6ff00000000'],
    ['a definition of records', 'd4724091a16101'],
    ['an error', 'c70465a145a16dc0'],
    ['a regular expression', 'c70578a3282b2b29'],
    ['a byte that is no type', 'c1'],
    ['an object with a number for a key', '8101c0'],
    ['an object with an object for a key', '8180c0'],
    ['arrays 17 deep', `${'91'.repeat(17)}c0`],
    ['objects 17 deep', `${'81a16b'.repeat(17)}c0`],
    ['arrays a million deep', '91'.repeat(1_000_000)],
  ])('%s for a head', (_, hex) => {
    expect(refusal(framed(Buffer.from(hex, 'hex'))).kind).toBe('MALFORMED')
  })

  test('nothing that is 16 deep', () => {
    expect(decodeFrame(framed(Buffer.from(`${'91'.repeat(16)}c0`, 'hex'))).values).toEqual([])
  })

  test('or reads whatever it is given, and does nothing else', () => {
    const attempt = (data: Uint8Array) => {
      try {
        decodeFrame(data)
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError)
      }
    }
    const flips = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(head, values, flips, (anyHead, anyValues, bytes) => {
        const frame = encodeFrame(anyHead, anyValues)
        for (const [position, byte] of bytes) frame[position % frame.length] = byte
        attempt(frame)
      }),
      { numRuns: 2000 },
    )
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => attempt(bytes)))
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => attempt(framed(bytes))),
      { numRuns: 5000 },
    )
  })

  test('objects that would change what objects are', () => {
    const decoded = decodeFrame(
      framed(new Packr({ useRecords: false }).pack(JSON.parse('{"__proto__":{"admin":true}}'))),
    )
    expect((decoded.head as { admin?: boolean }).admin).toBeUndefined()
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
  })
})
