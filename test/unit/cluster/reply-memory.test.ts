import { expect, test } from 'vitest'
import { ReplyMemory } from '../../../src/cluster/reply-memory.ts'
import { fakeClock } from '../../support/fake-clock.ts'

const kib = 1024

test('replies of one turn share memory and overlap nowhere', () => {
  const memory = new ReplyMemory(fakeClock())
  const replies = Array.from({ length: 40 }, (_, index) => memory.take(100 * kib).fill(index))
  expect(replies.every((reply, index) => reply.length === 100 * kib && reply.every((byte) => byte === index))).toBe(
    true,
  )
  expect(replies[1]!.buffer).toBe(replies[0]!.buffer)
})

test('the next turn uses the same memory anew', async () => {
  const clock = fakeClock()
  const memory = new ReplyMemory(clock)
  const first = memory.take(kib)
  await clock.advance(0)
  const second = memory.take(kib)
  expect([second.buffer, second.byteOffset]).toEqual([first.buffer, first.byteOffset])
  expect(memory.take(kib).byteOffset).toBe(first.byteOffset + kib)
})

test('a reply that is larger than the shared memory has its own', () => {
  const memory = new ReplyMemory(fakeClock())
  const shared = memory.take(1)
  expect(memory.take(2 * kib * kib).buffer).not.toBe(shared.buffer)
})
