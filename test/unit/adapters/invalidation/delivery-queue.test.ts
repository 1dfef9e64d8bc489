import { beforeEach, describe, expect, it } from 'vitest'
import { DeliveryQueue, type DeliveryOptions } from '../../../../src/adapters/invalidation/delivery-queue.ts'
import type { InvalidationEndpoint, Logger } from '../../../../src/ports/index.ts'
import { type FakeClock, fakeClock, settled } from '../../../support/fake-clock.ts'

/** An endpoint that takes, refuses or keeps waiting as a test says. */
class ScriptedEndpoint implements InvalidationEndpoint {
  readonly name = 'scripted'
  readonly maxTags: number
  readonly requests: (readonly string[])[] = []
  readonly signals: AbortSignal[] = []
  /** What becomes of a request. Default: it is taken. */
  answer: (tags: readonly string[]) => Promise<void> = () => Promise.resolve()

  constructor(maxTags = 3) {
    this.maxTags = maxTags
  }

  invalidate(tags: readonly string[], signal: AbortSignal): Promise<void> {
    this.requests.push(tags)
    this.signals.push(signal)
    return this.answer(tags)
  }
}

const away = (): Promise<void> => Promise.reject(new Error('away'))
const never = (): Promise<void> => new Promise(() => {})

let clock: FakeClock
let lines: Record<string, unknown>[]

beforeEach(() => {
  clock = fakeClock()
  lines = []
})

function queueFor(endpoint: InvalidationEndpoint, limits: Partial<DeliveryOptions> = {}): DeliveryQueue {
  const write = (fields: object, msg: string) => void lines.push({ ...fields, msg })
  const logger: Logger = { debug: write, info: write, warn: write, error: write, child: () => logger }
  const defaults = { maxWaiting: 100, windowMs: 50, timeoutMs: 1000, deadlineMs: 60_000 }
  return new DeliveryQueue({ endpoint, clock, logger, ...defaults, ...limits })
}

describe('an endpoint that takes everything', () => {
  it('is told in batches of what was gathered, each tag once', async () => {
    const endpoint = new ScriptedEndpoint()
    const queue = queueFor(endpoint)
    queue.add(['a', 'b'])
    await clock.advance(40)
    queue.add(['b', 'c', 'd'])
    expect(endpoint.requests).toEqual([])
    await clock.advance(10)
    await clock.advance(0)
    expect(endpoint.requests).toEqual([['a', 'b', 'c'], ['d']])
    expect(queue.stats).toEqual({ sent: 4, failed: 0, retried: 0, dropped: 0, waiting: 0 })
    expect(clock.pending).toBe(0)
  })

  it('is told again of a tag that came while it was on its way', async () => {
    const endpoint = new ScriptedEndpoint()
    let take = (): void => {}
    endpoint.answer = () => new Promise((resolve) => (take = resolve))
    const queue = queueFor(endpoint)
    queue.add(['a'])
    await clock.advance(50)
    queue.add(['a'])
    expect(queue.stats.waiting).toBe(2)
    take()
    await clock.advance(50)
    expect(endpoint.requests).toEqual([['a'], ['a']])
  })
})

describe('an endpoint that fails', () => {
  it('is asked again at growing intervals, with what came meanwhile, in order', async () => {
    const endpoint = new ScriptedEndpoint()
    endpoint.answer = away
    const queue = queueFor(endpoint, { deadlineMs: 3_600_000 })
    queue.add(['a', 'b'])
    const startMs = clock.monotonic()
    const timesMs: number[] = []
    while (endpoint.requests.length < 10) {
      const before = endpoint.requests.length
      await clock.advance(clock.nextDueMs! - clock.monotonic())
      if (endpoint.requests.length > before) timesMs.push(clock.monotonic() - startMs)
      if (endpoint.requests.length === 1) queue.add(['c', 'd'])
    }
    const gapsMs = timesMs.slice(1).map((timeMs, index) => timeMs - timesMs[index]!)
    gapsMs.forEach((gapMs, index) => {
      const longestMs = Math.min(30_000, 200 * 2 ** index)
      expect(gapMs).toBeGreaterThanOrEqual(longestMs / 2)
      expect(gapMs).toBeLessThanOrEqual(longestMs)
    })
    expect(endpoint.requests.slice(0, 3)).toEqual([
      ['a', 'b'],
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ])
    expect(queue.stats).toEqual({ sent: 0, failed: 10, retried: 9, dropped: 0, waiting: 4 })
    endpoint.answer = () => Promise.resolve()
    await clock.advance(30_000)
    expect(endpoint.requests.slice(10)).toEqual([['a', 'b', 'c'], ['d']])
    expect(queue.stats).toMatchObject({ sent: 4, retried: 10, waiting: 0 })
  })

  it('is given up on when it does not answer in time', async () => {
    const endpoint = new ScriptedEndpoint()
    endpoint.answer = never
    const queue = queueFor(endpoint)
    queue.add(['a'])
    await clock.advance(1049)
    expect([queue.stats.failed, endpoint.signals[0]!.aborted]).toEqual([0, false])
    await clock.advance(1)
    expect([queue.stats.failed, endpoint.signals[0]!.aborted]).toEqual([1, true])
    endpoint.answer = () => Promise.resolve()
    await clock.advance(200)
    expect(queue.stats).toMatchObject({ sent: 1, waiting: 0 })
  })

  it('throws where it should reject', async () => {
    const endpoint = new ScriptedEndpoint()
    endpoint.answer = () => {
      throw new Error('thrown')
    }
    const queue = queueFor(endpoint)
    queue.add(['a'])
    await clock.advance(50)
    expect(queue.stats).toMatchObject({ failed: 1, waiting: 1 })
  })

  it('loses what is too old, not what came again', async () => {
    const endpoint = new ScriptedEndpoint(10)
    endpoint.answer = away
    const queue = queueFor(endpoint)
    queue.add(['old', 'again'])
    while (queue.stats.dropped === 0) {
      await clock.advance(clock.nextDueMs! - clock.monotonic())
      queue.add(['again'])
    }
    expect(clock.monotonic()).toBeGreaterThan(61_000)
    expect(queue.stats).toMatchObject({ dropped: 1, waiting: 1 })
    expect(endpoint.requests.at(-1)).toEqual(['again'])
  })

  it('makes no more wait than may, and loses those that wait longest', async () => {
    const endpoint = new ScriptedEndpoint(10)
    endpoint.answer = away
    const queue = queueFor(endpoint, { maxWaiting: 3 })
    queue.add(['a', 'b'])
    await clock.advance(50)
    queue.add(['c', 'd', 'e'])
    expect(queue.stats).toMatchObject({ dropped: 2, waiting: 3 })
    endpoint.answer = () => Promise.resolve()
    await clock.advance(1000)
    expect(endpoint.requests.at(-1)).toEqual(['c', 'd', 'e'])
  })

  it('is worth a line now and then, and one when it is back', async () => {
    const endpoint = new ScriptedEndpoint()
    endpoint.answer = away
    const queue = queueFor(endpoint, { deadlineMs: 3_600_000 })
    queue.add(['a'])
    await clock.advance(600_000)
    const { failed } = queue.stats
    expect(failed).toBeGreaterThan(20)
    expect(lines.length).toBeLessThanOrEqual(21)
    expect(lines[0]).toMatchObject({
      endpoint: 'scripted',
      msg: 'an endpoint did not take invalidations; trying on',
      failuresInARow: 1,
      waiting: 1,
      unsaid: 0,
    })
    expect(lines[1]!['unsaid']).toBeGreaterThan(3)
    const written = lines.length
    endpoint.answer = () => Promise.resolve()
    await clock.advance(60_000)
    expect(lines.slice(written)).toEqual([
      { endpoint: 'scripted', failures: failed, msg: 'an endpoint takes invalidations again' },
    ])
  })
})

describe('an endpoint that refuses a tag', () => {
  it('is told of all others, and that one is given up', async () => {
    const endpoint = new ScriptedEndpoint(8)
    const refused = Object.assign(new Error('status 400'), { refused: true })
    endpoint.answer = (tags) => (tags.includes('bad') ? Promise.reject(refused) : Promise.resolve())
    const queue = queueFor(endpoint)
    const good = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
    queue.add([...good.slice(0, 4), 'bad', ...good.slice(4)])
    await clock.advance(10_000)
    expect(queue.stats).toMatchObject({ sent: 7, dropped: 1, waiting: 0 })
    queue.add([...good, 'h'])
    await clock.advance(10_000)
    // Once it takes what it is told, it is told of as many as before.
    queue.add([...good, 'h'])
    await clock.advance(10_000)
    expect(endpoint.requests.at(-1)).toHaveLength(8)
  })
})

describe('the end', () => {
  it('sends what waits at once, and takes no more', async () => {
    const endpoint = new ScriptedEndpoint(1)
    const queue = queueFor(endpoint)
    queue.add(['a', 'b'])
    await queue.drain(3000)
    expect(endpoint.requests).toEqual([['a'], ['b']])
    queue.add(['c'])
    expect(queue.stats).toEqual({ sent: 2, failed: 0, retried: 0, dropped: 1, waiting: 0 })
    expect(clock.pending).toBe(0)
  })

  it('waits for what is on its way', async () => {
    const endpoint = new ScriptedEndpoint()
    let take = (): void => {}
    endpoint.answer = () => new Promise((resolve) => (take = resolve))
    const queue = queueFor(endpoint)
    queue.add(['a'])
    await clock.advance(50)
    let isOver = false
    void queue.drain(3000).then(() => (isOver = true))
    await settled()
    expect(isOver).toBe(false)
    take()
    await settled()
    expect([isOver, queue.stats.sent]).toEqual([true, 1])
  })

  it.each([
    ['fails', away],
    ['never answers', never],
  ])('gives up after a while on an endpoint that %s', async (_name, answer) => {
    const endpoint = new ScriptedEndpoint()
    endpoint.answer = answer
    const queue = queueFor(endpoint, { timeoutMs: 10_000 })
    queue.add(['a', 'b', 'c', 'd'])
    let isOver = false
    void queue.drain(3000).then(() => (isOver = true))
    await clock.advance(2999)
    expect(isOver).toBe(false)
    await clock.advance(1)
    expect(isOver).toBe(true)
    expect(queue.stats).toMatchObject({ sent: 0, dropped: 4, waiting: 0 })
    await clock.advance(60_000)
    expect(queue.stats).toMatchObject({ sent: 0, dropped: 4, waiting: 0 })
    expect(clock.pending).toBe(0)
  })
})
