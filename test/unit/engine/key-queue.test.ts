import { expect, test } from 'vitest'
import { KeyQueue } from '../../../src/engine/key-queue.ts'
import { settled } from '../../support/fake-clock.ts'

test('a key that nobody writes is free at once', () => {
  const queue = new KeyQueue()
  expect(queue.take('a').ready).toBeUndefined()
  expect(queue.take('b').ready).toBeUndefined()
})

test('turns of one key come one after the other, in order', async () => {
  const queue = new KeyQueue()
  const order: string[] = []
  const turns = ['first', 'second', 'third'].map((name) => {
    const turn = queue.take('a')
    void turn.ready?.then(() => order.push(name))
    return turn
  })
  await settled()
  expect(order).toEqual([])
  turns[0]!.done()
  await settled()
  expect(order).toEqual(['second'])
  turns[1]!.done()
  await settled()
  expect(order).toEqual(['second', 'third'])
})

test('a turn that is given up early does not let the next one overtake', async () => {
  const queue = new KeyQueue()
  const first = queue.take('a')
  queue.take('a').done()
  let ready = false
  void queue.take('a').ready?.then(() => (ready = true))
  await settled()
  expect(ready).toBe(false)
  first.done()
  await settled()
  expect(ready).toBe(true)
})

test('keys are forgotten when their last turn has ended', async () => {
  const queue = new KeyQueue()
  const turns = [queue.take('a'), queue.take('a'), queue.take('b')]
  expect(queue.size).toBe(2)
  for (const turn of turns) turn.done()
  await settled()
  expect(queue.size).toBe(0)
  expect(queue.take('a').ready).toBeUndefined()
})
