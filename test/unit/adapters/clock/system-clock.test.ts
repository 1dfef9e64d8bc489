import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, expect, test, vi } from 'vitest'
import { systemClock } from '../../../../src/adapters/clock/system-clock.ts'

const clock = systemClock()

afterEach(() => {
  vi.useRealTimers()
})

test('tells the time', () => {
  const [before, wall, after] = [Date.now(), clock.now(), Date.now()]
  expect(wall).toBeGreaterThanOrEqual(before)
  expect(wall).toBeLessThanOrEqual(after)
  const [first, second] = [clock.monotonic(), clock.monotonic()]
  expect(second).toBeGreaterThanOrEqual(first)
})

test('the monotonic time does not follow the wall clock', () => {
  vi.useFakeTimers({ toFake: ['Date'], now: 0 })
  const before = clock.monotonic()
  vi.setSystemTime(1e12)
  expect(clock.now()).toBe(1e12)
  expect(clock.monotonic() - before).toBeLessThan(1e6)
})

test('a moment is the same wall-clock time whenever it is told', async () => {
  const steady = systemClock()
  const offsets = new Set<number>()
  for (let index = 0; index < 1000; index++) offsets.add(steady.wallOffsetMs())
  expect(offsets.size).toBe(1)
  expect(Number.isInteger(steady.wallOffsetMs())).toBe(true)
  expect(Math.abs(steady.monotonic() + steady.wallOffsetMs() - Date.now())).toBeLessThan(100)
})

test('the offset follows a wall clock that is set', () => {
  const steady = systemClock()
  vi.useFakeTimers({ toFake: ['Date'], now: 1e12 })
  expect(steady.monotonic() + steady.wallOffsetMs()).toBeCloseTo(1e12, -3)
  expect(Number.isInteger(steady.wallOffsetMs())).toBe(true)
  vi.setSystemTime(2e12)
  expect(steady.monotonic() + steady.wallOffsetMs()).toBeCloseTo(2e12, -3)
})

test('a timer never fires early', async () => {
  for (const delayMs of [0.4, 1, 1.2, 1.9, 2.6, 3.1, 4.7, 5]) {
    const begunAtMs = clock.monotonic()
    await new Promise<void>((resolve) => {
      clock.setTimer(resolve, delayMs)
    })
    expect(clock.monotonic() - begunAtMs).toBeGreaterThanOrEqual(delayMs)
  }
})

test('a delay of 0 is not before the current call returns and its promises have run', async () => {
  const order: string[] = []
  await new Promise<void>((resolve) => {
    clock.setTimer(() => {
      order.push('timer')
      resolve()
    }, 0)
    void Promise.resolve().then(() => order.push('promise'))
    order.push('call')
  })
  expect(order).toStrictEqual(['call', 'promise', 'timer'])
})

test('a cancelled timer does not fire; cancelling again does nothing', async () => {
  const fired: number[] = []
  for (const delayMs of [0, 1]) {
    const timer = clock.setTimer(() => fired.push(delayMs), delayMs)
    timer.cancel()
    timer.cancel()
  }
  await new Promise((resolve) => {
    setTimeout(resolve, 20)
  })
  expect(fired).toStrictEqual([])
})

test('a delay longer than Node.js takes is waited for in full', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  const fired = vi.fn<() => void>()
  const dayMs = 86_400_000
  clock.setTimer(fired, 60 * dayMs)
  vi.advanceTimersByTime(60 * dayMs - 1)
  expect(fired).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(fired).toHaveBeenCalledOnce()
  const cancelled = clock.setTimer(fired, 60 * dayMs)
  vi.advanceTimersByTime(30 * dayMs)
  cancelled.cancel()
  vi.advanceTimersByTime(60 * dayMs)
  expect(fired).toHaveBeenCalledOnce()
})

test('a timer keeps a process alive until it has fired, and no longer once it is cancelled', async () => {
  const module = new URL('../../../../src/adapters/clock/system-clock.ts', import.meta.url).href
  const script = `
    const { systemClock } = await import(${JSON.stringify(module)})
    systemClock().setTimer(() => console.log('fired'), 20)
    systemClock().setTimer(() => console.log('cancelled'), 600000).cancel()`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    timeout: 9000,
  })
  expect(stdout).toBe('fired\n')
})

test('a delay of 0 does not wait for something else to happen', async () => {
  const module = new URL('../../../../src/adapters/clock/system-clock.ts', import.meta.url).href
  const script = `
    const { systemClock } = await import(${JSON.stringify(module)})
    const clock = systemClock()
    setTimeout(() => {
      const begunAtMs = clock.monotonic()
      clock.setTimer(() => console.log(clock.monotonic() - begunAtMs < 500 ? 'at once' : 'late'), 0)
    }, 5)
    setTimeout(() => {}, 1000)`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    timeout: 9000,
  })
  expect(stdout).toBe('at once\n')
})
