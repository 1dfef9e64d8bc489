import { beforeEach, describe, expect, test } from 'vitest'
import {
  type Delivery,
  type DeliveryScheduler,
  randomDelivery,
} from '../../../../src/adapters/bus/delivery-schedulers.ts'
import { memoryBus } from '../../../../src/adapters/bus/memory.ts'
import { type MemoryHub, memoryHub } from '../../../../src/adapters/bus/memory-hub.ts'
import type { Bus, BusStatus, Clock } from '../../../../src/ports/index.ts'
import { bytes, collect, recordingLogger, textOf } from '../../../support/bus-worlds.ts'
import { type FakeClock, fakeClock } from '../../../support/fake-clock.ts'
import { seededRandom } from '../../../support/seeded-random.ts'

let clock: FakeClock
let hub: MemoryHub

const bus = (name: string, ownClock?: Clock) =>
  memoryBus({ hub, name, logger: recordingLogger(), ...(ownClock === undefined ? {} : { clock: ownClock }) })

const kindOf = (failing: Promise<unknown>) =>
  failing.then(
    () => 'fulfilled',
    (error: { kind: string }) => error.kind,
  )

function useHub(scheduler?: (clock: Clock) => DeliveryScheduler): void {
  clock = fakeClock()
  hub = memoryHub({ clock, ...(scheduler === undefined ? {} : { scheduler: scheduler(clock) }) })
}

async function connected(...names: string[]): Promise<Bus[]> {
  const buses = names.map((name) => bus(name))
  await clock.advance(0)
  return buses
}

beforeEach(() => useHub())

describe('a hub', () => {
  test('connects a bus a moment after it was made, and has room for one of each name', async () => {
    const a = bus('a')
    expect(a.connected).toBe(false)
    await clock.advance(0)
    expect(a.connected).toBe(true)
    expect(() => bus('a')).toThrow('named a')
    expect(() => hub.pause('b')).toThrow('named b')
    await a.close()
    expect(bus('a').connected).toBe(false)
  })

  test('has a clock that times requests out, or each bus one of its own', async () => {
    const ownClock = fakeClock()
    const a = bus('a', ownClock)
    const [b] = (await connected('b')) as [Bus]
    collect(b, 'x')
    const request = kindOf(a.request('x', bytes(''), { timeoutMs: 100 }))
    await clock.advance(1000)
    expect(a.stats.pendingRequests).toBe(1)
    await ownClock.advance(100)
    expect(await request).toBe('TIMEOUT')
  })
})

describe('delivery', () => {
  async function transcript(seed: number): Promise<string[]> {
    useHub((time) => randomDelivery({ clock: time, random: seededRandom(seed), maxDelayMs: 20, lossRate: 0.1 }))
    const [a, b, c] = (await connected('a', 'b', 'c')) as [Bus, Bus, Bus]
    const heard: string[] = []
    c.subscribe('>', ({ subject, data }) => void heard.push(`${subject} ${textOf(data)}`))
    for (let index = 0; index < 50; index++) {
      a.publish('a.one', bytes(String(index)))
      a.publish('a.two', bytes(String(index)))
      b.publish('b.one', bytes(String(index)))
      await clock.advance(1)
    }
    await clock.advance(100)
    return heard
  }

  test('at random is the same for the same seed', async () => {
    expect(await transcript(1)).toEqual(await transcript(1))
    expect(await transcript(1)).not.toEqual(await transcript(2))
  })

  test('at random keeps the order of one sender on one subject, no other, and loses what it should', async () => {
    const heard = await transcript(3)
    const overall = heard.map((line) => Number(line.split(' ')[1]))
    expect(overall).not.toEqual(overall.toSorted((a, b) => a - b))
    for (const subject of ['a.one', 'a.two', 'b.one']) {
      const ofSubject = heard.filter((line) => line.startsWith(subject)).map((line) => Number(line.split(' ')[1]))
      expect(ofSubject).toEqual(ofSubject.toSorted((a, b) => a - b))
      expect(ofSubject.length).toBeLessThan(50)
      expect(ofSubject.length).toBeGreaterThan(35)
    }
  })

  test('by hand may be in any order, and still is not on one subject', async () => {
    const waiting: Delivery[] = []
    useHub(() => (delivery) => void waiting.push(delivery))
    const [a, b] = (await connected('a', 'b')) as [Bus, Bus]
    const received = collect(b, '*')
    for (const text of ['1', '2', '3', '4']) a.publish('x', bytes(text))
    a.publish('y', bytes('other'))
    expect(waiting.map(({ from, to, subject, bytes: size }) => [from, to, subject, size])).toEqual([
      ...Array.from({ length: 4 }, () => ['a', 'b', 'x', 1]),
      ['a', 'b', 'y', 5],
    ])
    waiting[4]?.deliver()
    expect(received.texts).toEqual(['other'])
    waiting[2]?.deliver()
    waiting[1]?.drop()
    expect(received.texts).toEqual(['other'])
    waiting[0]?.deliver()
    waiting[0]?.deliver()
    waiting[0]?.drop()
    expect(received.texts).toEqual(['other', '1', '3'])
    waiting[3]?.deliver()
    expect(received.texts).toEqual(['other', '1', '3', '4'])
  })

  test('is to those who subscribed when it was sent, and still do', async () => {
    const [a, b] = (await connected('a', 'b')) as [Bus, Bus]
    const early: string[] = []
    const stop = b.subscribe('x', ({ data }) => void early.push(textOf(data)))
    a.publish('x', bytes('1'))
    const late = collect(b, 'x')
    await clock.advance(0)
    a.publish('x', bytes('2'))
    stop()
    await clock.advance(0)
    expect(early).toEqual(['1'])
    expect(late.texts).toEqual(['2'])
  })
})

describe('a peer that is paused', () => {
  test('gets what was sent meanwhile when it is resumed, in order, before what is sent then', async () => {
    const [a, b] = (await connected('a', 'b')) as [Bus, Bus]
    const received = collect(b, '>')
    hub.pause('b')
    a.publish('x', bytes('1'))
    a.publish('y', bytes('2'))
    await clock.advance(1000)
    expect(received.texts).toEqual([])
    expect(b.connected).toBe(true)
    hub.resume('b')
    a.publish('x', bytes('3'))
    await clock.advance(0)
    await clock.advance(0)
    expect(received.texts).toEqual(['1', '2', '3'])
  })

  test('hears itself behind all that was waiting for it', async () => {
    const [a, b] = (await connected('a', 'b')) as [Bus, Bus]
    const received = collect(b, '>')
    hub.pause('b')
    for (const text of ['1', '2', '3']) a.publish('x', bytes(text))
    await clock.advance(0)
    b.publish('y', bytes('own'))
    hub.resume('b')
    for (let turn = 0; turn < 5; turn++) await clock.advance(0)
    expect(received.texts).toEqual(['1', '2', '3', 'own'])
  })

  test('sends nothing before it is resumed, and is asked in vain', async () => {
    const [a, b] = (await connected('a', 'b')) as [Bus, Bus]
    const received = collect(a, 'x')
    b.subscribe('y', ({ respond }) => respond?.(bytes('')))
    hub.pause('b')
    b.publish('x', bytes('late'))
    const flushed = b.flush()
    const request = kindOf(a.request('y', bytes(''), { timeoutMs: 100 }))
    await clock.advance(100)
    expect(await request).toBe('TIMEOUT')
    expect(received.texts).toEqual([])
    hub.resume('b')
    await flushed
    await clock.advance(0)
    expect(received.texts).toEqual(['late'])
  })

  test('and paused again while it reads on goes on from there', async () => {
    const [a, b] = (await connected('a', 'b')) as [Bus, Bus]
    const received: string[] = []
    b.subscribe('x', ({ data }) => {
      received.push(textOf(data))
      if (received.length === 2) hub.pause('b')
    })
    hub.pause('b')
    for (const text of ['1', '2', '3']) a.publish('x', bytes(text))
    await clock.advance(0)
    hub.resume('b')
    for (let turn = 0; turn < 5; turn++) await clock.advance(0)
    expect(received).toEqual(['1', '2'])
    hub.resume('b')
    await clock.advance(0)
    expect(received).toEqual(['1', '2', '3'])
  })
})

describe('a peer that is disconnected', () => {
  test('loses what was on its way, in both directions, also when it is back by then', async () => {
    useHub((time) => randomDelivery({ clock: time, random: () => 0.999, maxDelayMs: 10 }))
    const [a, b] = (await connected('a', 'b')) as [Bus, Bus]
    const received = collect(b, 'x')
    const statuses: BusStatus[] = []
    b.onStatus((status) => statuses.push(status))
    a.publish('x', bytes('lost'))
    hub.pause('b')
    b.publish('x', bytes('lost'))
    hub.disconnect('b', 'too slow', true)
    hub.disconnect('b')
    hub.resume('b')
    hub.connect('b')
    hub.connect('b')
    await clock.advance(10)
    a.publish('x', bytes('found'))
    await clock.advance(10)
    expect(received.texts).toEqual(['found'])
    expect(statuses).toEqual([
      { type: 'slowConsumer', reason: 'too slow' },
      { type: 'disconnected', reason: 'too slow' },
      { type: 'reconnected', server: b.server },
    ])
    expect(b.stats).toMatchObject({ slowConsumers: 1, reconnects: 1 })
  })

  test('by its own handler gets nothing more', async () => {
    const [a, b] = (await connected('a', 'b')) as [Bus, Bus]
    const received: string[] = []
    b.subscribe('x', ({ data }) => {
      received.push(textOf(data))
      hub.disconnect('b')
    })
    a.publish('x', bytes('1'))
    a.publish('x', bytes('2'))
    await clock.advance(0)
    expect(received).toEqual(['1'])
    hub.connect('b')
    await b.close()
  })
})

describe('a peer that is killed', () => {
  test('is gone for others, does not notice, and makes room for its successor', async () => {
    const [a, b] = (await connected('a', 'b')) as [Bus, Bus]
    const received = collect(b, 'x')
    const heard = collect(a, 'y')
    a.publish('x', bytes('lost'))
    hub.kill('b')
    b.publish('y', bytes('from the grave'))
    expect(b.connected).toBe(true)
    const request = kindOf(a.request('x', bytes(''), { timeoutMs: 1000 }))
    await clock.advance(0)
    expect(await request).toBe('NO_RESPONDERS')
    const successor = bus('b')
    const receivedNow = collect(successor, 'x')
    await clock.advance(0)
    a.publish('x', bytes('found'))
    await clock.advance(0)
    expect([received.texts, receivedNow.texts, heard.texts]).toEqual([[], ['found'], []])
    await b.close()
    expect(successor.connected).toBe(true)
  })
})

describe('a split network', () => {
  test('keeps its parts from each other, and everybody connected', async () => {
    const [a, b, c, d] = (await connected('a', 'b', 'c', 'd')) as [Bus, Bus, Bus, Bus]
    const received = [b, c, d].map((each) => collect(each, 'x'))
    hub.split([['a', 'b'], ['c']])
    a.publish('x', bytes('1'))
    const request = kindOf(d.request('x', bytes(''), { timeoutMs: 1000 }))
    await clock.advance(0)
    expect(received.map(({ texts }) => texts)).toEqual([['1'], [], ['']])
    await clock.advance(1000)
    expect(await request).toBe('TIMEOUT')
    hub.split([['c'], ['a', 'b', 'd']])
    expect(await kindOf(Promise.race([c.request('y', bytes(''), { timeoutMs: 9 }), clock.advance(5)]))).toBe(
      'NO_RESPONDERS',
    )
    hub.heal()
    a.publish('x', bytes('2'))
    await clock.advance(0)
    expect(received.map(({ texts }) => texts.at(-1))).toEqual(['2', '2', '2'])
    expect([a, b, c, d].every((each) => each.connected)).toBe(true)
  })
})

describe('close', () => {
  test('takes in what was on its way, and nothing that is sent then', async () => {
    useHub((time) => randomDelivery({ clock: time, random: () => 0.999, maxDelayMs: 10 }))
    const [a, b] = (await connected('a', 'b')) as [Bus, Bus]
    b.subscribe('x', ({ respond }) => respond?.(bytes('answered')))
    const before = a.request('x', bytes(''), { timeoutMs: 1000 })
    const closing = b.close()
    const after = kindOf(a.request('x', bytes(''), { timeoutMs: 1000 }))
    await clock.advance(100)
    await closing
    expect(textOf(await before)).toBe('answered')
    expect(await after).toBe('NO_RESPONDERS')
  })

  test('gives up on a handler that never ends', async () => {
    const [a, b] = (await connected('a', 'b')) as [Bus, Bus]
    b.subscribe('x', () => new Promise(() => {}))
    a.publish('x', bytes(''))
    await clock.advance(0)
    const closing = b.close()
    await clock.advance(5000)
    await closing
  })
})
