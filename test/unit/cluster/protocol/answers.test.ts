import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { packAnswers, unpackAnswers } from '../../../../src/cluster/protocol/answers.ts'
import { decodeFrame, encodeFrame } from '../../../../src/cluster/protocol/frame.ts'
import { ProtocolError } from '../../../../src/cluster/protocol/protocol-error.ts'
import { FedcacheError } from '../../../../src/errors.ts'
import type { PeerAnswer } from '../../../../src/ports/index.ts'

const millis = fc.double({ min: 0, noNaN: true })
const entry = fc.record({
  encoded: fc.option(fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) })),
  version: fc.maxSafeNat(),
  ageMs: millis,
  ttlMs: millis,
  tags: fc.array(fc.string(), { maxLength: 3 }),
})
const error = fc
  .record({ message: fc.string(), outcome: fc.constantFrom('NONE', 'UNKNOWN', undefined) } as const)
  .map(({ message, outcome }) => new FedcacheError('UNAVAILABLE', message, outcome && { outcome }))
const answer: fc.Arbitrary<(key: string) => PeerAnswer> = fc.oneof(
  fc
    .record({ entry, servedFrom: fc.constantFrom('OWNER', 'NEAR', 'PEER', 'SOURCE', 'STALE') } as const)
    .map((found) => (key: string) => ({
      kind: 'ENTRY' as const,
      servedFrom: found.servedFrom,
      entry: { key, ...found.entry },
    })),
  error.map((failed) => () => ({ kind: 'ERROR' as const, error: failed })),
  fc.constant(() => ({ kind: 'ELSEWHERE' as const })),
  fc.constant(() => ({ kind: 'NO_SOURCE' as const })),
)

const sent = (answers: readonly PeerAnswer[]): Uint8Array => {
  const { head, values } = packAnswers(answers)
  return encodeFrame(head, values)
}

test('answers of every kind arrive as they were sent, in their order', () => {
  fc.assert(
    fc.property(fc.array(answer, { maxLength: 40 }), (makers) => {
      const keys = makers.map((_, index) => `key ${index}`)
      const answers = makers.map((make, index) => make(keys[index]!))
      expect(unpackAnswers(decodeFrame(sent(answers)), keys)).toEqual(answers)
    }),
  )
})

test('what is kept of an answer does not keep the message', () => {
  const tagged: PeerAnswer = {
    kind: 'ENTRY',
    servedFrom: 'OWNER',
    entry: { key: 'a', encoded: 'value', version: 1, ageMs: 2, ttlMs: 3, tags: ['t'] },
  }
  const message = sent([tagged])
  const received = unpackAnswers(decodeFrame(message), ['a'])
  message.fill(0)
  expect(received).toEqual([tagged])
})

describe('answers are refused', () => {
  const whole = {
    marks: Uint8Array.of(0),
    numbers: new Uint8Array(24),
    tags: [] as unknown,
    errors: [] as unknown,
  }
  const nan = new Uint8Array(new Float64Array([Number.NaN, 1, 1]).buffer)

  test.each([
    ['that are more than were asked for', { ...whole, marks: Uint8Array.of(17, 17) }, []],
    ['of an unknown kind', { ...whole, marks: Uint8Array.of(9), numbers: new Uint8Array(0) }, []],
    ['whose marks are no bytes', { ...whole, marks: [0] }, ['v']],
    ['with too few numbers', { ...whole, numbers: new Uint8Array(23) }, ['v']],
    ['with a number that is none', { ...whole, numbers: nan }, ['v']],
    ['without the value of an entry', { ...whole, numbers: new Uint8Array(0) }, []],
    ['without the error they announce', { ...whole, marks: Uint8Array.of(16), numbers: new Uint8Array(0) }, []],
    [
      'with an error that is a text',
      { ...whole, marks: Uint8Array.of(16), numbers: new Uint8Array(0), errors: ['e'] },
      [],
    ],
    ['with tags that are numbers', { ...whole, tags: [[0, [1]]] }, ['v']],
    ['with tags of nothing', { ...whole, tags: ['t'] }, ['v']],
    ['without a list of tags', { ...whole, tags: 0 }, ['v']],
  ])('%s', (_, head, values) => {
    const frame = decodeFrame(encodeFrame(head, values))
    expect(() => unpackAnswers(frame, ['a'])).toThrow(ProtocolError)
  })
})
