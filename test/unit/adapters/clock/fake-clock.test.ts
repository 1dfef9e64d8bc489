import { expect, test } from 'vitest'
import { fakeClock } from '../../../support/fake-clock.ts'

test('stands still until it is advanced', async () => {
  const clock = fakeClock(5000)
  expect([clock.now(), clock.monotonic()]).toStrictEqual([5000, 1000])
  await clock.advance(250)
  expect([clock.now(), clock.monotonic()]).toStrictEqual([5250, 1250])
  clock.stepWallClock(-5000)
  expect([clock.now(), clock.monotonic()]).toStrictEqual([250, 1250])
})

test('fires timers in order, each at its time, with promises run in between', async () => {
  const clock = fakeClock()
  const log: string[] = []
  const note = (name: string) => log.push(`${name}@${clock.monotonic()}`)
  clock.setTimer(() => note('late'), 30)
  clock.setTimer(() => {
    note('first')
    clock.setTimer(() => note('nested'), 5)
    void Promise.resolve()
      .then(() => undefined)
      .then(() => clock.setTimer(() => note('from a promise'), 4))
  }, 10)
  clock.setTimer(() => note('second'), 10)
  const cancelled = clock.setTimer(() => note('cancelled'), 12)
  clock.setTimer(() => note('too late'), 31)
  cancelled.cancel()
  expect(clock.pending).toBe(4)
  expect(clock.nextDueMs).toBe(1010)
  await clock.advance(30)
  expect(log).toStrictEqual(['first@1010', 'second@1010', 'from a promise@1014', 'nested@1015', 'late@1030'])
  expect(clock.pending).toBe(1)
  expect(clock.monotonic()).toBe(1030)
})

test('fires timers without delay at advance(0)', async () => {
  const clock = fakeClock()
  let fired = 0
  clock.setTimer(() => {
    fired++
    clock.setTimer(() => fired++, 0)
  }, 0)
  expect(fired).toBe(0)
  await clock.advance(0)
  expect(fired).toBe(2)
})
