import { beforeEach, describe, expect, test } from 'vitest'
import { NumberedBroadcast } from '../../../src/cluster/numbered-broadcast.ts'
import { defaultTimings } from '../../../src/cluster/timings.ts'
import type { Confirmation } from '../../../src/ports/index.ts'
import { type FakeClock, fakeClock, settled } from '../../support/fake-clock.ts'

let clock: FakeClock
let published: number[]
let silent: string[]
let waitedFor: string[]
let suspect: string[]
let breaks: boolean
let broadcast: NumberedBroadcast

beforeEach(() => {
  clock = fakeClock()
  published = []
  silent = []
  waitedFor = ['b', 'c']
  suspect = []
  breaks = false
  broadcast = new NumberedBroadcast({
    clock,
    timings: defaultTimings,
    selfId: 'a',
    publish(number) {
      if (breaks) throw new Error('no connection')
      published.push(number)
    },
    audience: () => ({ waitedFor, suspect }),
    onSilent: (peer) => silent.push(peer),
  })
})

/** What a send has come to by now. */
async function state(sending: Promise<Confirmation>): Promise<Confirmation | 'WAITING'> {
  await settled()
  return Promise.race([sending, Promise.resolve('WAITING' as const)])
}

const send = (): Promise<Confirmation> => broadcast.send(() => new Uint8Array())

describe('a message', () => {
  test('waits until everybody has confirmed it', async () => {
    const sending = send()
    expect(await state(sending)).toBe('WAITING')
    broadcast.confirmed('b', 1)
    expect(await state(sending)).toBe('WAITING')
    broadcast.confirmed('c', 1)
    expect(await state(sending)).toEqual({ confirmedBy: ['a', 'b', 'c'], unconfirmed: [] })
    expect(clock.pending).toBe(0)
  })

  test('is confirmed by a later number, and not by an earlier one', async () => {
    waitedFor = ['b']
    const [first, second, third] = [send(), send(), send()]
    broadcast.confirmed('b', 2)
    expect(await state(first)).toMatchObject({ unconfirmed: [] })
    expect(await state(second)).toMatchObject({ unconfirmed: [] })
    expect(await state(third)).toBe('WAITING')
    expect(published).toEqual([1, 2, 3])
    expect(broadcast.last).toBe(3)
  })

  test('is given up after a while on those who are silent, and they are told of', async () => {
    const sending = send()
    broadcast.confirmed('b', 1)
    await clock.advance(999)
    expect(await state(sending)).toBe('WAITING')
    await clock.advance(1)
    expect(await state(sending)).toEqual({ confirmedBy: ['a', 'b'], unconfirmed: ['c'] })
    expect(silent).toEqual(['c'])
    broadcast.confirmed('c', 1)
    expect(await sending).toEqual({ confirmedBy: ['a', 'b'], unconfirmed: ['c'] })
  })

  test('does not wait for a suspect, and lists it', async () => {
    waitedFor = []
    suspect = ['b']
    expect(await state(send())).toEqual({ confirmedBy: ['a'], unconfirmed: ['b'] })
  })

  test('does not wait for who goes suspect meanwhile, and lists it', async () => {
    const sending = send()
    broadcast.confirmed('c', 1)
    broadcast.lost('b', false)
    expect(await state(sending)).toEqual({ confirmedBy: ['a', 'c'], unconfirmed: ['b'] })
    expect(silent).toEqual([])
  })

  test('needs no confirmation of who has gone for good', async () => {
    const sending = send()
    broadcast.confirmed('c', 1)
    broadcast.lost('b', true)
    expect(await state(sending)).toEqual({ confirmedBy: ['a', 'c'], unconfirmed: [] })
  })

  test('that cannot be sent is confirmed by nobody, and its number is spent', async () => {
    breaks = true
    expect(await state(send())).toEqual({ confirmedBy: ['a'], unconfirmed: ['b', 'c'] })
    expect(silent).toEqual(['b', 'c'])
    breaks = false
    void send()
    expect(published).toEqual([2])
  })

  test('does not care who else confirms', async () => {
    const sending = send()
    broadcast.confirmed('d', 1)
    broadcast.lost('d', false)
    expect(await state(sending)).toBe('WAITING')
  })
})

test('alone there is nobody to wait for', async () => {
  waitedFor = []
  expect(await state(send())).toEqual({ confirmedBy: ['a'], unconfirmed: [] })
})
