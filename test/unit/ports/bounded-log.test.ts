import { expect, test } from 'vitest'
import { BoundedLog } from '../../../src/ports/index.ts'

test('of each message one line in ten seconds is logged, with how many others there were', () => {
  const lines: (readonly [fields: object, message: string])[] = []
  let nowMs = 0
  const bounded = new BoundedLog({ warn: (...line) => void lines.push(line) }, () => nowMs)
  for (let count = 0; count < 100; count++) {
    bounded.warn({ count }, 'often')
    nowMs += 99
  }
  bounded.warn({}, 'seldom')
  nowMs += 100
  bounded.warn({ count: 100 }, 'often')
  nowMs += 10_000
  bounded.warn({ count: 101 }, 'often')
  expect(lines).toStrictEqual([
    [{ count: 0 }, 'often'],
    [{}, 'seldom'],
    [{ count: 100, others: 99 }, 'often'],
    [{ count: 101 }, 'often'],
  ])
})
