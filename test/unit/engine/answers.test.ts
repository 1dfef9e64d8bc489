import { describe, expect, test } from 'vitest'
import { answersInOrder, receiptsInOrder, requireRevision } from '../../../src/engine/answers.ts'

describe('answers', () => {
  test('in a list stand in the order of the keys', () => {
    expect(answersInOrder('db', ['a', 'b'], [1, null])).toEqual([1, null])
  })

  test('in a Map may come in any order, and what is missing was not found', () => {
    const returned = new Map([
      ['c', 3],
      ['a', 1],
    ])
    expect(answersInOrder('db', ['a', 'b', 'c'], returned)).toEqual([1, undefined, 3])
    expect(answersInOrder('db', ['a'], new Map())).toEqual([undefined])
  })

  test.each([
    ['too few', [1], '1 answers for 2 keys'],
    ['too many', [1, 2, 3], '3 answers for 2 keys'],
    ['nothing', undefined, 'neither a list nor a Map'],
    ['null', null, 'neither a list nor a Map'],
    ['an object', { a: 1, b: 2 }, 'neither a list nor a Map'],
    ['a Map with a foreign key', new Map([['z', 1]]), 'not asked for, such as "z"'],
    ['a Map with too many keys', new Map(Object.entries({ a: 1, b: 2, c: 3 })), 'not asked for, such as "c"'],
  ])('that are %s fail the whole call', (_, returned, reason) => {
    expect(() => answersInOrder('db', ['a', 'b'], returned)).toThrow(
      expect.objectContaining({ code: 'SOURCE_FAILED', message: expect.stringContaining(reason) }),
    )
  })
})

describe('receipts', () => {
  test('stand in order', () => {
    expect(receiptsInOrder('db', 2, [undefined, { revision: 3 }])).toEqual([undefined, { revision: 3 }])
  })

  test.each([[[1]], [[1, 2, 3]], [undefined], [new Map()], ['ab']])(
    'of a wrong shape fail the call: %j',
    (returned) => {
      expect(() => receiptsInOrder('db', 2, returned)).toThrow(expect.objectContaining({ code: 'SOURCE_FAILED' }))
    },
  )
})

describe('a revision', () => {
  test('is optional', () => {
    expect(requireRevision('db', 'a', undefined)).toBeUndefined()
    expect(requireRevision('db', 'a', {})).toBeUndefined()
    expect(requireRevision('db', 'a', { revision: 0 })).toBe(0)
  })

  test.each([-1, 1.5, NaN, 2 ** 53, '7', 7n, null])('is no %s', (revision) => {
    expect(() => requireRevision('db', 'a', { revision: revision as number })).toThrow('safe integer')
  })

  test('that is none is told with its key, and says nothing of other keys', () => {
    expect(() => requireRevision('db', 'a', { revision: 1.5 })).toThrow(
      'The source "db" returned the revision 1.5 for "a"; a revision is a non-negative safe integer.',
    )
  })
})
