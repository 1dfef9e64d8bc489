import { beforeEach, describe, expect, test } from 'vitest'
import { Members } from '../../../src/cluster/members.ts'
import type { Heartbeat } from '../../../src/cluster/protocol/heartbeat.ts'
import { defaultTimings } from '../../../src/cluster/timings.ts'
import { type FakeClock, fakeClock } from '../../support/fake-clock.ts'
import { heartbeatOf } from '../../support/heartbeats.ts'

let clock: FakeClock
let changes: string[]
let members: Members

const alive = (process = '1'): Heartbeat => heartbeatOf({ process, state: 'ALIVE' })
const expectedIds = (): readonly string[] => Array.from(members.expected(), ({ id }) => id)

beforeEach(() => {
  clock = fakeClock()
  changes = []
  members = new Members({
    clock,
    timings: defaultTimings,
    onChange: ({ id, state }, reason) => changes.push(`${id} ${state} ${reason}`),
  })
})

describe('a peer', () => {
  test('is known from its first heartbeat, and told of once', () => {
    members.hear('b', alive())
    members.hear('b', alive())
    expect(members.get('b')?.state).toBe('ALIVE')
    expect(changes).toEqual(['b ALIVE heard for the first time'])
  })

  test('is told of anew when another process took its place, and the older one is not listened to', () => {
    members.hear('b', alive('1'))
    expect(members.hear('b', alive('2'))).toBe(true)
    expect(members.hear('b', alive('1'))).toBe(false)
    expect(members.get('b')?.heartbeat.process).toBe('2')
    expect(changes).toHaveLength(2)
  })

  test('is gone when it says so, and nobody is told of one that was not known', () => {
    members.hear('b', alive())
    members.hear('b', heartbeatOf({ process: '1', state: 'LEFT' }))
    expect(members.hear('c', heartbeatOf({ state: 'LEFT' }))).toBe(true)
    expect([...members.all()]).toEqual([])
    expect(changes).toEqual(['b ALIVE heard for the first time', 'b DEAD left'])
  })

  test('is suspect until it is heard again', () => {
    members.hear('b', alive())
    members.suspect('b', 'a reason')
    members.suspect('b', 'another reason')
    members.suspect('c', 'a reason')
    expect(changes).toEqual(['b ALIVE heard for the first time', 'b SUSPECT a reason'])
    members.hear('b', alive())
    expect(members.get('b')?.state).toBe('ALIVE')
  })
})

describe('silence', () => {
  test('makes a peer suspect, and dead, when this peer listened all the while', async () => {
    members.hear('b', alive())
    await clock.advance(2_199)
    expect(members.judge(clock.monotonic())).toBe(false)
    expect(members.get('b')?.state).toBe('ALIVE')
    await clock.advance(1)
    members.judge(clock.monotonic())
    expect(members.get('b')?.state).toBe('SUSPECT')
    await clock.advance(2_799)
    members.judge(clock.monotonic())
    expect(members.get('b')?.state).toBe('SUSPECT')
    await clock.advance(1)
    members.judge(clock.monotonic())
    expect(members.get('b')).toBeUndefined()
  })

  test('is judged only as far as this peer is known to have listened, and tells when it should find out', async () => {
    members.hear('b', alive())
    const listenedUntilMs = clock.monotonic() + 2_000
    await clock.advance(10_000)
    expect(members.judge(listenedUntilMs)).toBe(true)
    expect(members.get('b')?.state).toBe('ALIVE')
  })

  test('is forgiven when it was this peer that did not listen', async () => {
    members.hear('b', alive())
    members.hear('c', alive())
    await clock.advance(10_000)
    expect(expectedIds()).toEqual([])
    members.forgive()
    expect(expectedIds()).toEqual(['b', 'c'])
    members.judge(clock.monotonic())
    expect(changes).toHaveLength(2)
  })

  test('is forgiven for as long as this peer did not listen, and counts on from before', async () => {
    members.hear('b', alive())
    await clock.advance(1_500)
    members.hear('c', alive())
    await clock.advance(1_000)
    members.forgive(800)
    expect(expectedIds()).toEqual(['b', 'c'])
    await clock.advance(600)
    expect(expectedIds()).toEqual(['c'])
    members.forgive(800)
    members.forgive(800)
    await clock.advance(1_000)
    expect(expectedIds()).toEqual(['b', 'c'])
  })

  test('of two beats ends what is expected of a peer', async () => {
    members.hear('b', alive())
    await clock.advance(2_000)
    members.hear('c', alive())
    await clock.advance(200)
    expect(expectedIds()).toEqual(['c'])
  })
})
