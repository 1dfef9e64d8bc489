import { expect, test } from 'vitest'
import { VersionClock } from '../../../src/engine/version-clock.ts'
import { fakeClock } from '../../support/fake-clock.ts'

test('versions grow within one millisecond and when the wall clock steps back', () => {
  const clock = fakeClock()
  const versions = new VersionClock(clock)
  const first = versions.next()
  const second = versions.next()
  clock.stepWallClock(-3_600_000)
  const third = versions.next()
  expect([second - first, third - second]).toEqual([1, 1])
  expect(versions.last).toBe(third)
})

test('versions follow the wall clock', async () => {
  const clock = fakeClock(Date.UTC(2026, 0, 1))
  const versions = new VersionClock(clock)
  versions.next()
  await clock.advance(5)
  expect(versions.next()).toBe((Date.UTC(2026, 0, 1) + 5) * 1000)
  expect(Number.isSafeInteger(versions.last)).toBe(true)
})

test('versions come after what was observed elsewhere', () => {
  const clock = fakeClock()
  const versions = new VersionClock(clock)
  const ahead = (clock.now() + 60_000) * 1000
  expect(versions.observe(ahead)).toBe(true)
  expect(versions.next()).toBe(ahead + 1)
  expect(versions.observe(5)).toBe(true)
  expect(versions.last).toBe(ahead + 1)
})

test.each([
  ['over 60 s ahead', (now: number) => (now + 60_000) * 1000 + 1],
  ['no integer', () => 1.5],
  ['no number', () => NaN],
])('a version that is %s is refused and changes nothing', (_, version) => {
  const clock = fakeClock()
  const versions = new VersionClock(clock)
  const before = versions.next()
  expect(versions.observe(version(clock.now()))).toBe(false)
  expect(versions.last).toBe(before)
})
