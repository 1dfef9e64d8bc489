import { expect, test, vi } from 'vitest'
import { underDeadline } from '../../../src/engine/deadline.ts'
import { fakeClock, settled } from '../../support/fake-clock.ts'

test('a call that returns in time', async () => {
  const clock = fakeClock()
  const onLateEnd = vi.fn<() => void>()
  expect(await underDeadline(clock, 10, async () => 7, onLateEnd)).toEqual({ kind: 'RETURNED', result: 7 })
  expect(clock.pending).toBe(0)
  await clock.advance(100)
  expect(onLateEnd).not.toHaveBeenCalled()
})

test.each([
  ['rejects', () => Promise.reject(new Error('no'))],
  [
    'throws before it returns a promise',
    () => {
      throw new Error('no')
    },
  ],
])('a call that %s', async (_, call) => {
  const clock = fakeClock()
  expect(await underDeadline(clock, 10, call)).toEqual({ kind: 'FAILED', cause: new Error('no') })
  expect(clock.pending).toBe(0)
})

test('a call that hangs is told and left behind; its late end is reported once', async () => {
  const clock = fakeClock()
  const onLateEnd = vi.fn<() => void>()
  let signal!: AbortSignal
  let finish!: (value: number) => void
  const ending = underDeadline(
    clock,
    10,
    (given) => {
      signal = given
      return new Promise<number>((resolve) => (finish = resolve))
    },
    onLateEnd,
  )
  await clock.advance(9)
  expect(signal.aborted).toBe(false)
  await clock.advance(1)
  expect(await ending).toEqual({ kind: 'TIMED_OUT' })
  expect(signal.reason).toMatchObject({ name: 'TimeoutError' })
  expect(onLateEnd).not.toHaveBeenCalled()
  finish(1)
  await settled()
  expect(onLateEnd).toHaveBeenCalledTimes(1)
})

test('a call that hangs and rejects late neither fails the process nor goes unnoticed', async () => {
  const clock = fakeClock()
  const onLateEnd = vi.fn<() => void>()
  let fail!: (cause: Error) => void
  const ending = underDeadline(clock, 10, () => new Promise<number>((_, reject) => (fail = reject)), onLateEnd)
  await clock.advance(10)
  expect(await ending).toEqual({ kind: 'TIMED_OUT' })
  fail(new Error('too late'))
  await settled()
  expect(onLateEnd).toHaveBeenCalledTimes(1)
})
