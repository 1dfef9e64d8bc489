import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Bus, BusError, BusStatus } from '../../src/ports/index.ts'
import {
  type BusWorld,
  bytes,
  collect,
  memoryWorld,
  natsWorld,
  nextStatus,
  recordingLogger,
  textOf,
} from '../support/bus-worlds.ts'

const longMs = 60_000

describe.each([
  ['memory', memoryWorld],
  ['NATS', natsWorld],
])('the bus over %s', (_, makeWorld) => {
  let logger = recordingLogger()
  let world: BusWorld
  let a: Bus
  let b: Bus

  /** Everybody is connected, and every subscription in place. */
  async function settle(...buses: Bus[]): Promise<void> {
    await Promise.all(buses.map((bus) => bus.ready()))
    await Promise.all(buses.map((bus) => bus.flush()))
  }

  beforeEach(async () => {
    logger = recordingLogger()
    world = await makeWorld(logger)
    a = await world.bus('a')
    b = await world.bus('b')
  })

  afterEach(async () => {
    await world.close()
  })

  describe('publishing', () => {
    test('begins when the connection is there, which is told', async () => {
      const c = await world.bus('c')
      const statuses: BusStatus[] = []
      c.onStatus((status) => statuses.push(status))
      expect(c.connected).toBe(false)
      expect(c.server).toBeUndefined()
      expect(() => c.publish('x', bytes(''))).toThrow(expect.objectContaining({ kind: 'DISCONNECTED' }))
      await c.ready()
      await c.ready()
      expect(c.connected).toBe(true)
      expect(statuses).toEqual([{ type: 'connected', server: c.server }])
    })

    test('keeps the order of one sender on one subject', async () => {
      const received = collect(b, 'stream.*')
      await settle(a, b)
      const count = 2000
      for (let index = 0; index < count; index++) a.publish(`stream.${index % 2}`, bytes(String(index)))
      await received.until(count)
      for (const parity of [0, 1]) {
        const ofSubject = received.texts.filter(
          (_text, index) => received.messages[index]?.subject === `stream.${parity}`,
        )
        expect(ofSubject).toEqual(Array.from({ length: count / 2 }, (_text, index) => String(index * 2 + parity)))
      }
      expect(b.stats.receivedMessages).toBe(count)
      expect(a.stats.sentBytes).toBe(received.texts.join('').length)
    })

    test('reaches every subscription that matches, one’s own too', async () => {
      const heard = ['one.two', 'one.*', '*.two', 'one.>', '>', 'one.two.>', 'one', 'two.*', '*', 'one.*.*'].map(
        (pattern) => ({ pattern, received: collect(a, pattern) }),
      )
      const last = collect(b, 'last')
      await settle(a, b)
      a.publish('one.two', bytes('x'))
      await a.flush()
      b.publish('last', bytes(''))
      await last.until(1)
      await heard[4]?.received.until(1)
      const hearing = heard.filter(({ received }) => received.texts.includes('x')).map(({ pattern }) => pattern)
      expect(hearing).toEqual(['one.two', 'one.*', '*.two', 'one.>', '>'])
    })

    test('ends with the subscription', async () => {
      const received: string[] = []
      const stop = b.subscribe('x', ({ data }) => void received.push(textOf(data)))
      const other = collect(b, 'x')
      await settle(a, b)
      a.publish('x', bytes('1'))
      await other.until(1)
      stop()
      stop()
      a.publish('x', bytes('2'))
      await other.until(2)
      expect(received).toEqual(['1'])
    })

    test('carries bytes as they are, up to the largest payload and no further', async () => {
      const received = collect(b, 'x')
      await settle(a, b)
      const data = new Uint8Array(a.maxPayload).map((_byte, index) => index)
      a.publish('x', data)
      a.publish('x', new Uint8Array(0))
      await received.until(2)
      expect(Buffer.compare(received.messages[0]?.data ?? bytes(''), data)).toBe(0)
      expect(received.messages[1]?.data.length).toBe(0)
      expect(received.messages[1]?.respond).toBeUndefined()
      const larger = new Uint8Array(a.maxPayload + 1)
      expect(() => a.publish('x', larger)).toThrow(expect.objectContaining({ kind: 'TOO_LARGE' }))
      await expect(a.request('x', larger, { timeoutMs: longMs })).rejects.toMatchObject({ kind: 'TOO_LARGE' })
      expect(a.stats.pendingRequests).toBe(0)
    })

    test.each(['', '.', 'a.', '.a', 'a..b', 'a b', 'a\r\nPING', 'a\tb', '*', 'a.>', 'a\0'])(
      'refuses the subject %j',
      async (subject) => {
        await settle(a)
        expect(() => a.publish(subject, bytes(''))).toThrow(RangeError)
        expect(() => a.request(subject, bytes(''), { timeoutMs: 1 })).toThrow(RangeError)
      },
    )

    test.each(['', 'a..b', '>.a', 'a b', 'a.>b', 'a*', '\r\n'])('refuses to subscribe to %j', (subject) => {
      expect(() => a.subscribe(subject, () => {})).toThrow(RangeError)
    })
  })

  describe('a request', () => {
    test('gets the first reply, each its own', async () => {
      b.subscribe('echo.*', ({ subject, data, respond }) => {
        respond?.(bytes(`${subject} ${textOf(data)}`))
        respond?.(bytes('again'))
      })
      await settle(a, b)
      const replies = await Promise.all(
        Array.from({ length: 500 }, (_reply, index) =>
          a.request(`echo.${index}`, bytes(String(index)), { timeoutMs: longMs }),
        ),
      )
      expect(replies.map(textOf)).toEqual(Array.from({ length: 500 }, (_reply, index) => `echo.${index} ${index}`))
      expect(a.stats.pendingRequests).toBe(0)
    })

    test('may be answered later, and with nothing', async () => {
      b.subscribe('later', async ({ respond }) => {
        await b.flush()
        respond?.(new Uint8Array(0))
      })
      await settle(a, b)
      expect((await a.request('later', bytes(''), { timeoutMs: longMs })).length).toBe(0)
    })

    test('may be answered out of memory that is used for something else soon', async () => {
      const sizes = [1, 100, 70_000, 3, 40_000, 40_000, 200_000]
      b.subscribe('reuse', ({ data, respond }) => {
        const reply = Buffer.alloc(sizes[Number(textOf(data))]!, 1)
        respond?.(reply)
        setImmediate(() => reply.fill(2))
      })
      await settle(a, b)
      const replies = await Promise.all(
        sizes.map((_size, index) => a.request('reuse', bytes(String(index)), { timeoutMs: longMs })),
      )
      expect(replies.map((reply) => [reply.length, reply.every((byte) => byte === 1)])).toEqual(
        sizes.map((size) => [size, true]),
      )
    })

    test('fails at once where nobody subscribes', async () => {
      await settle(a, b)
      await expect(a.request('nobody', bytes(''), { timeoutMs: longMs })).rejects.toMatchObject({
        name: 'BusError',
        kind: 'NO_RESPONDERS',
        message: expect.stringContaining('nobody'),
      })
    })

    test('fails after its time, and ignores a reply that comes then', async () => {
      const received = collect(b, 'slow')
      await settle(a, b)
      const startMs = performance.now()
      await expect(a.request('slow', bytes(''), { timeoutMs: 30 })).rejects.toMatchObject({ kind: 'TIMEOUT' })
      expect(performance.now() - startMs).toBeGreaterThan(25)
      received.messages[0]?.respond?.(bytes('too late'))
      await b.flush()
      await a.flush()
      expect(a.stats.pendingRequests).toBe(0)
    })

    test('whose reply is too large can have a smaller one', async () => {
      b.subscribe('large', ({ respond }) => {
        expect(() => respond?.(new Uint8Array(b.maxPayload + 1))).toThrow(
          expect.objectContaining({ kind: 'TOO_LARGE' }),
        )
        respond?.(bytes('smaller'))
      })
      await settle(a, b)
      expect(textOf(await a.request('large', bytes(''), { timeoutMs: longMs }))).toBe('smaller')
      expect(b.stats.failedHandlers).toBe(0)
    })
  })

  describe('what fails', () => {
    test('in a handler is counted and logged, and harms nobody else', async () => {
      b.subscribe('x', ({ data }) => {
        if (textOf(data) === 'throw') throw new Error('thrown')
      })
      b.subscribe('x', async ({ data }) => {
        if (textOf(data) === 'throw') throw new Error('rejected')
      })
      b.subscribe('x', ({ respond }) => respond?.(new Uint8Array(b.maxPayload + 1)))
      const received = collect(b, 'x')
      await settle(a, b)
      a.publish('x', bytes('throw'))
      const request = a.request('x', bytes('throw'), { timeoutMs: 50 })
      a.publish('x', bytes('fine'))
      await received.until(3)
      await expect(request).rejects.toMatchObject({ kind: 'TIMEOUT' })
      expect(b.connected).toBe(true)
      expect(b.stats.failedHandlers).toBe(5)
      const errors = logger.lines.filter(({ level }) => level === 'error').map(({ fields }) => fields['error'])
      expect(errors.map((error) => (error as Error).message)).toEqual(
        expect.arrayContaining(['thrown', 'rejected', expect.stringContaining('larger')]),
      )
    })

    test('in a status listener harms nobody else', async () => {
      const c = await world.bus('c')
      c.onStatus(() => {
        throw new Error('thrown')
      })
      const statuses: string[] = []
      c.onStatus(({ type }) => statuses.push(type))
      await c.ready()
      await c.close()
      expect(statuses).toEqual(['connected', 'closed'])
    })
  })

  describe('a lost connection', () => {
    test('fails what is in flight at once, and everything until it is back', async () => {
      const received = collect(b, 'x')
      await settle(a, b)
      const inFlight = Array.from({ length: 20 }, () => a.request('x', bytes('in flight'), { timeoutMs: longMs }))
      const failures = Promise.all(inFlight.map((request) => request.catch((error: unknown) => error)))
      await received.until(20)
      const disconnected = nextStatus(a, 'disconnected')
      world.cut('a')
      expect(await disconnected).toMatchObject({ reason: expect.stringMatching(/./) })
      expect(await failures).toEqual(
        Array.from({ length: 20 }, () => expect.objectContaining({ kind: 'DISCONNECTED' })),
      )
      expect(a.connected).toBe(false)
      expect(a.server).toBeUndefined()
      expect(() => a.publish('x', bytes('lost'))).toThrow(expect.objectContaining({ kind: 'DISCONNECTED' }))
      await expect(a.request('x', bytes('lost'), { timeoutMs: longMs })).rejects.toMatchObject({ kind: 'DISCONNECTED' })
      await expect(a.flush()).rejects.toMatchObject({ kind: 'DISCONNECTED' })
      expect(a.stats.pendingRequests).toBe(0)

      world.heal('a')
      await a.ready()
      a.publish('x', bytes('after'))
      await received.until(21)
      expect(received.texts).not.toContain('lost')
      expect(received.texts.at(-1)).toBe('after')
    })

    test('is seen by others as nobody there', async () => {
      collect(b, 'x')
      await settle(a, b)
      const disconnected = nextStatus(b, 'disconnected')
      world.cut('b')
      await disconnected
      // The server may notice a little later than b.
      const kinds = new Set<string>()
      while (!kinds.has('NO_RESPONDERS')) {
        const error: unknown = await a.request('x', bytes(''), { timeoutMs: 20 }).catch((failure: unknown) => failure)
        kinds.add((error as BusError).kind)
      }
      expect([...kinds].filter((kind) => kind !== 'NO_RESPONDERS' && kind !== 'TIMEOUT')).toEqual([])
    })

    test('comes back with all its subscriptions, those made meanwhile too, and is told before the first message', async () => {
      const events: string[] = []
      b.onStatus(({ type }) => events.push(type))
      await settle(a, b)
      b.subscribe('x', ({ data }) => void events.push(textOf(data)))
      await b.flush()
      const disconnected = nextStatus(b, 'disconnected')
      world.cut('b')
      await disconnected
      const meanwhile = collect(b, 'y')
      const stop = b.subscribe('x', () => void events.push('ended'))
      stop()
      world.heal('b')
      await settle(b)
      a.publish('x', bytes('message'))
      a.publish('y', bytes(''))
      await meanwhile.until(1)
      expect(events).toEqual(['connected', 'disconnected', 'reconnected', 'message'])
      expect(b.stats.reconnects).toBe(1)
    })

    test('leaves a reply of a handler under way with nowhere to go', async () => {
      let failure: unknown
      const started = Promise.withResolvers<void>()
      const goOn = Promise.withResolvers<void>()
      b.subscribe('x', async ({ respond }) => {
        started.resolve()
        await goOn.promise
        try {
          respond?.(bytes(''))
        } catch (error) {
          failure = error
        }
      })
      await settle(a, b)
      const request = a.request('x', bytes(''), { timeoutMs: 100 })
      await started.promise
      const disconnected = nextStatus(b, 'disconnected')
      world.cut('b')
      await disconnected
      goOn.resolve()
      await expect(request).rejects.toMatchObject({ kind: 'TIMEOUT' })
      expect(failure).toMatchObject({ kind: 'DISCONNECTED' })
    })
  })

  describe('close', () => {
    test('waits for handlers, and lets them reply, publish and ask', async () => {
      const started = Promise.withResolvers<void>()
      const goOn = Promise.withResolvers<void>()
      a.subscribe('question', ({ respond }) => respond?.(bytes('answer')))
      const news = collect(a, 'news')
      b.subscribe('x', async ({ respond }) => {
        started.resolve()
        await goOn.promise
        b.publish('news', bytes('closing'))
        respond?.(await b.request('question', bytes(''), { timeoutMs: longMs }))
      })
      await settle(a, b)
      const request = a.request('x', bytes(''), { timeoutMs: longMs })
      await started.promise
      let closed = false
      const closing = b.close().then(() => {
        closed = true
      })
      await a.flush()
      await b.flush()
      expect(closed).toBe(false)
      goOn.resolve()
      expect(textOf(await request)).toBe('answer')
      await closing
      await news.until(1)
    })

    test('answers what was asked before', async () => {
      let handled = 0
      b.subscribe('x', async ({ respond }) => {
        await Promise.resolve()
        handled++
        respond?.(bytes(''))
      })
      await settle(a, b)
      const requests = Array.from({ length: 200 }, () => a.request('x', bytes(''), { timeoutMs: longMs }))
      const outcomes = Promise.allSettled(requests)
      await a.flush()
      await b.close()
      expect((await outcomes).filter(({ status }) => status === 'fulfilled')).toHaveLength(200)
      expect(handled).toBe(200)
      await expect(a.request('x', bytes(''), { timeoutMs: longMs })).rejects.toMatchObject({ kind: 'NO_RESPONDERS' })
    })

    test('fails requests under way, and everything after it', async () => {
      const received = collect(b, 'x')
      await settle(a, b)
      const request = a.request('x', bytes(''), { timeoutMs: longMs })
      const failure = request.catch((error: unknown) => error)
      await received.until(1)
      const statuses: string[] = []
      a.onStatus(({ type }) => statuses.push(type))
      const closing = a.close()
      expect(() => a.subscribe('x', () => {})).toThrow(expect.objectContaining({ kind: 'CLOSED' }))
      await Promise.all([closing, a.close()])
      expect(await failure).toMatchObject({ kind: 'CLOSED' })
      expect(a.connected).toBe(false)
      expect(() => a.publish('x', bytes(''))).toThrow(expect.objectContaining({ kind: 'CLOSED' }))
      await expect(a.request('x', bytes(''), { timeoutMs: longMs })).rejects.toMatchObject({ kind: 'CLOSED' })
      await expect(a.flush()).rejects.toMatchObject({ kind: 'CLOSED' })
      await expect(a.ready()).rejects.toMatchObject({ kind: 'CLOSED' })
      expect(statuses).toEqual(['closed'])
    })

    test('ends the waiting for a connection', async () => {
      const c = await world.bus('c')
      world.cut('c')
      const ready = c.ready().catch((error: unknown) => error)
      await c.close()
      expect([undefined, 'CLOSED']).toContain(((await ready) as { kind?: string } | undefined)?.kind)
    })
  })
})
