import { expect, test } from 'vitest'
import { Sequences } from '../../../src/cluster/sequences.ts'

test('messages that follow each other are next, one that is missing is a gap, once', () => {
  const seen = new Sequences()
  expect(seen.message('b', '1', 1)).toBe('NEXT')
  expect(seen.message('b', '1', 2)).toBe('NEXT')
  expect(seen.message('b', '1', 4)).toBe('GAP')
  expect(seen.message('b', '1', 5)).toBe('NEXT')
  expect(seen.message('b', '1', 3)).toBe('OLD')
  expect(seen.message('b', '1', 5)).toBe('OLD')
  expect(seen.last('b')).toBe(5)
})

test('whoever is heard for the first time in the middle has been missed before', () => {
  const seen = new Sequences()
  expect(seen.message('b', '1', 7)).toBe('GAP')
  expect(seen.last('c')).toBe(0)
})

test('every process of a sender counts from one', () => {
  const seen = new Sequences()
  seen.message('b', '1', 1)
  expect(seen.message('b', '2', 1)).toBe('NEXT')
  expect(seen.message('b', '2', 2)).toBe('NEXT')
})

test('senders do not mix', () => {
  const seen = new Sequences()
  seen.message('b', '1', 1)
  expect(seen.message('c', '1', 1)).toBe('NEXT')
})

test('a number that a heartbeat gives tells of messages that have not come', () => {
  const seen = new Sequences()
  expect(seen.isBehind('b', '1', 0)).toBe(false)
  expect(seen.isBehind('b', '1', 1)).toBe(true)
  seen.message('b', '1', 1)
  expect(seen.isBehind('b', '1', 1)).toBe(false)
  expect(seen.isBehind('b', '1', 2)).toBe(true)
  expect(seen.isBehind('b', '2', 1)).toBe(true)
})

test('catching up counts all as seen, never goes back, and makes the sender known', () => {
  const seen = new Sequences()
  expect(seen.knows('b', '1')).toBe(false)
  seen.catchUp('b', '1', 0)
  expect(seen.knows('b', '1')).toBe(true)
  seen.catchUp('b', '1', 5)
  seen.catchUp('b', '1', 3)
  expect(seen.last('b')).toBe(5)
  expect(seen.message('b', '1', 5)).toBe('OLD')
  expect(seen.message('b', '1', 6)).toBe('NEXT')
})
