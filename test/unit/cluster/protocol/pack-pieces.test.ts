import fc from 'fast-check'
import { expect, test } from 'vitest'
import { packPieces, pieceLimitBytes } from '../../../../src/cluster/protocol/pack-pieces.ts'

const size = (bytes: number) => bytes

test('pieces are filled in order, and what fits into none is named', () => {
  expect(packPieces([4, 6, 1, 11, 9, 10, 0], 10, size)).toEqual({
    pieces: [
      [4, 6],
      [1, 9],
      [10, 0],
    ],
    tooLarge: [11],
  })
  expect(packPieces([], 10, size)).toEqual({ pieces: [], tooLarge: [] })
})

test('every item is in one piece, no piece is over the limit, no two neighbours would fit into one', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(120)), (items) => {
      const { pieces, tooLarge } = packPieces(items, 100, size)
      const sums = pieces.map((piece) => piece.reduce((sum, bytes) => sum + bytes, 0))
      expect(pieces.flat()).toEqual(items.filter((bytes) => bytes <= 100))
      expect(tooLarge).toEqual(items.filter((bytes) => bytes > 100))
      expect(sums.every((sum) => sum <= 100)).toBe(true)
      for (const [index, sum] of sums.entries()) {
        const following = pieces[index + 1]?.[0]
        if (following !== undefined) expect(sum + following).toBeGreaterThan(100)
      }
    }),
  )
})

test('the margin is an eighth of small payloads and 16 KiB of large ones', () => {
  expect(pieceLimitBytes(1024)).toBe(896)
  expect(pieceLimitBytes(1024 * 1024)).toBe(1024 * 1024 - 16 * 1024)
})
