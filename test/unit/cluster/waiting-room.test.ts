import { expect, test } from 'vitest'
import { WaitingRoom } from '../../../src/cluster/waiting-room.ts'
import { fakeClock } from '../../support/fake-clock.ts'

test('lets go at once whose condition holds, and whose time is over', async () => {
  const room = new WaitingRoom(fakeClock())
  expect(await room.wait(() => true, 0)).toBe(true)
  expect(await room.wait(() => false, 0)).toBe(false)
})

test('lets go when somebody looks and the condition holds, and cancels the timer', async () => {
  const clock = fakeClock()
  const room = new WaitingRoom(clock)
  let holds = false
  const waiting = room.wait(() => holds, 1_000)
  room.look()
  expect(clock.pending).toBe(1)
  holds = true
  room.look()
  expect(await waiting).toBe(true)
  expect(clock.pending).toBe(0)
})

test('lets go when the time is over, with what the condition says then', async () => {
  const clock = fakeClock()
  const room = new WaitingRoom(clock)
  let holds = false
  const first = room.wait(() => false, 100)
  const second = room.wait(() => holds, 100)
  holds = true
  await clock.advance(100)
  expect(await first).toBe(false)
  expect(await second).toBe(true)
})

test('waits for good where it is told to', async () => {
  const clock = fakeClock()
  const room = new WaitingRoom(clock)
  let holds = false
  const waiting = room.wait(() => holds, Infinity)
  await clock.advance(1e9)
  expect(clock.pending).toBe(0)
  holds = true
  room.look()
  expect(await waiting).toBe(true)
})

test('lets several go at once, and those that come while it looks stay', async () => {
  const room = new WaitingRoom(fakeClock())
  let open = false
  const one = room.wait(() => open, Infinity).then(() => room.wait(() => !open, Infinity))
  const other = room.wait(() => open, Infinity)
  open = true
  room.look()
  expect(await other).toBe(true)
  open = false
  await Promise.resolve()
  room.look()
  expect(await one).toBe(true)
})
