import { expect, test } from 'vitest'
import { RecentMessages } from '../../../src/cluster/recent-messages.ts'

const message = (bytes: number): Uint8Array => Buffer.alloc(bytes, 200)

function remembered(count: number, bytes: number): RecentMessages {
  const recent = new RecentMessages()
  for (let number = 1; number <= count; number++) recent.note(number, message(bytes))
  return recent
}

test('messages after a number come in order, as many as have room', () => {
  const recent = new RecentMessages()
  const [one, two, three] = [message(10), message(20), message(30)]
  recent.note(1, one)
  recent.note(2, two)
  recent.note(3, three)
  expect(recent.after(0, 1_000)).toEqual([one, two, three])
  expect(recent.after(1, 1_000)).toEqual([two, three])
  expect(recent.after(0, 30)).toEqual([one, two])
  expect(recent.after(3, 1_000)).toEqual([])
})

test('one comes in any case', () => {
  expect(remembered(2, 100).after(0, 1)).toEqual([message(100)])
})

test('of very many the newest are remembered', () => {
  const recent = remembered(200_000, 1)
  const count = recent.after(0, Infinity).length
  expect(count).toBeGreaterThan(32_000)
  expect(count).toBeLessThanOrEqual(65_536)
  expect(recent.after(200_000 - 32_768, Infinity)).toHaveLength(32_768)
})

test('of large ones no more than 8 MiB are remembered', () => {
  const kept = remembered(1_000, 100_000).after(0, Infinity)
  expect(kept.length).toBeGreaterThan(40)
  expect(kept.length).toBeLessThanOrEqual(83)
})
