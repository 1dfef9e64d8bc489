import { beforeEach, describe, expect, test } from 'vitest'
import { Lease } from '../../../src/cluster/lease.ts'
import { defaultTimings } from '../../../src/cluster/timings.ts'
import { type FakeClock, fakeClock } from '../../support/fake-clock.ts'

let clock: FakeClock
let known: string[]
let expected: string[]
let lease: Lease

beforeEach(() => {
  clock = fakeClock()
  known = []
  expected = []
  lease = new Lease({ clock, timings: defaultTimings, known: () => known, expected: () => expected })
})

/** Lets time pass as a process does that looks at the clock every tick. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= defaultTimings.tickMs) {
    await clock.advance(Math.min(left, defaultTimings.tickMs))
    lease.tick()
  }
}

function acquire(beat: number): void {
  lease.sent(beat)
  if (lease.echoed(beat)) lease.regain()
}

describe('a lease', () => {
  test('is not held before the first heartbeat has come back', () => {
    expect(lease.held).toBe(false)
    expect(lease.needsRollCall).toBe(true)
    acquire(1)
    expect(lease.held).toBe(true)
    expect(lease.needsRollCall).toBe(false)
  })

  test('lasts from when the heartbeat was sent, not from when it came back', async () => {
    lease.sent(1)
    await pass(1_000)
    expect(lease.echoed(1)).toBe(true)
    lease.regain()
    await pass(1_999)
    expect(lease.held).toBe(true)
    await pass(1)
    expect(lease.held).toBe(false)
  })

  test('is prolonged by every heartbeat that comes back', async () => {
    acquire(1)
    for (let beat = 2; beat < 10; beat++) {
      await pass(1_000)
      lease.sent(beat)
      expect(lease.echoed(beat)).toBe(false)
      expect(lease.held).toBe(true)
    }
  })

  test('is lent by no heartbeat that this process did not send, or sent long ago', async () => {
    expect(lease.echoed(7)).toBe(false)
    lease.sent(1)
    await pass(3_000)
    expect(lease.echoed(1)).toBe(false)
  })

  test('ends when anything may have been missed', () => {
    acquire(1)
    lease.lose()
    expect(lease.held).toBe(false)
  })

  test('does not come back by a heartbeat from before it was lost', () => {
    acquire(1)
    lease.sent(2)
    lease.lose()
    expect(lease.echoed(2)).toBe(false)
    acquire(3)
    expect(lease.held).toBe(true)
  })
})

describe('a lost lease comes back', () => {
  beforeEach(() => {
    acquire(1)
    known = ['b', 'c']
    expected = ['b', 'c']
    lease.lose()
  })

  test('when everybody expected has answered a roll call since', () => {
    lease.sent(2)
    expect(lease.complete).toBe(false)
    lease.answered('b', 2)
    expect(lease.echoed(2)).toBe(false)
    lease.answered('c', 2)
    expect(lease.complete).toBe(true)
    expect(lease.echoed(2)).toBe(true)
    expect(lease.held).toBe(false)
    lease.regain()
    expect(lease.held).toBe(true)
  })

  test('not by answers to calls from before it was lost', () => {
    lease.sent(2)
    lease.lose()
    lease.sent(3)
    lease.answered('b', 2)
    lease.answered('c', 2)
    expect(lease.complete).toBe(false)
  })

  test('without those who are not expected any more, and tells that they did not answer', () => {
    lease.sent(2)
    lease.answered('b', 2)
    expected = ['b']
    expect(lease.echoed(2)).toBe(true)
    expect(lease.allAnswered).toBe(false)
    lease.answered('c', 2)
    expect(lease.allAnswered).toBe(true)
  })

  test('and remembers whom it knew when it was lost first', () => {
    known = []
    expected = []
    lease.lose()
    lease.sent(2)
    expect(lease.echoed(2)).toBe(true)
    expect(lease.allAnswered).toBe(false)
  })
})

describe('a process that was paused', () => {
  test('holds no lease from then on, though the time it was lent for is not over', async () => {
    acquire(1)
    await clock.advance(749)
    expect(lease.held).toBe(true)
    await clock.advance(1)
    expect(lease.held).toBe(false)
    expect(lease.tick()).toBe('PAUSED')
    expect(lease.held).toBe(false)
  })

  test('does not get it back by what waited for it', async () => {
    acquire(1)
    lease.sent(2)
    await clock.advance(1_000)
    expect(lease.echoed(2)).toBe(false)
    lease.tick()
    expect(lease.echoed(2)).toBe(false)
  })

  test('is not isolated by the silence that it did not listen to', async () => {
    acquire(1)
    await clock.advance(60_000)
    expect(lease.tick()).toBe('PAUSED')
    expect(lease.isolated).toBe(false)
    await pass(1_750)
    expect(lease.isolated).toBe(false)
    await pass(250)
    expect(lease.isolated).toBe(true)
  })
})

describe('isolation', () => {
  test('begins with silence after the lease has ended, and ends with the first message', async () => {
    acquire(1)
    await pass(2_750)
    lease.heard()
    await pass(2_250)
    expect(lease.isolated).toBe(true)
    lease.heard()
    expect(lease.isolated).toBe(false)
    expect(lease.held).toBe(false)
  })

  test('does not begin while anybody is heard', async () => {
    for (let times = 0; times < 40; times++) {
      lease.heard()
      await pass(250)
    }
    expect(lease.isolated).toBe(false)
  })

  test('does not begin while the lease is held', async () => {
    acquire(1)
    await pass(2_750)
    expect(lease.isolated).toBe(false)
  })
})

test('tells how long this peer has not heard itself', async () => {
  expect(lease.unheardMs).toBe(Infinity)
  acquire(1)
  await pass(500)
  expect(lease.unheardMs).toBe(500)
  expect(lease.confirmedAtMs).toBe(1_000)
})
