import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FedcacheError } from '../../src/errors.ts'
import type { SimulatedProcess } from './simulated-cluster.ts'
import { type Given, SmallWorld } from './small-world.ts'

// What random schedules found, or find too seldom, told step by step.

let world: SmallWorld

beforeEach(() => {
  world = new SmallWorld()
})

afterEach(() => {
  expect(world.faults).toEqual([])
})

const loads = (key: string): number => world.cluster.sources.loaded.loadsByKey.get(key) ?? 0
const deaths = (): string[] => world.logged.filter((line) => line.endsWith('DEAD'))

describe('one load', () => {
  test('answers all readers of a settled cluster', async () => {
    const processes = await world.start('a', 'b', 'c', 'd', 'e')
    const keys = Array.from({ length: 30 }, (_, index) => `cold${index}`)
    for (const key of keys) world.cluster.sources.loaded.change(key, 1)
    const reading = processes.flatMap((process) =>
      Array.from({ length: 20 }, () => keys.map((key) => world.reading(process, 'loaded', key))).flat(),
    )
    expect(new Set(await world.ended(Promise.all(reading)))).toEqual(new Set([1]))
    expect(keys.map(loads)).toEqual(keys.map(() => 1))
  })

  test('is made for texts alone: other keys, which JavaScript callers may give, are refused', async () => {
    const [a] = await world.start('a', 'b')
    world.cluster.sources.loaded.change('k', 1)
    const results = await world.ended(a!.engine.getMany('loaded', [null, 'k', undefined, 5] as never))
    const told = results.map((result) => (result instanceof FedcacheError ? result.code : result?.key))
    expect(told).toEqual(['BAD_USER_INPUT', 'k', 'BAD_USER_INPUT', 'BAD_USER_INPUT'])
  })

  test.each(['kill', 'pause'] as const)('is followed by one more where the owner ends by %s', async (fault) => {
    const [owner, ...others] = await world.start('a', 'b', 'c', 'd')
    const key = world.key(owner!, 'loaded')
    world.cluster.sources.loaded.change(key, 1)
    world.sourceMs = 200
    const reading = others.flatMap((process) => [1, 2, 3].map(() => world.reading(process, 'loaded', key)))
    await world.pass(50)
    world.cluster[fault](owner!)
    expect(new Set(await world.ended(Promise.all(reading), 4_000))).toEqual(new Set([1]))
    expect(loads(key)).toBe(2)
    for (const process of others) expect(await world.read(process, 'loaded', key)).toBe(1)
    expect(loads(key)).toBe(2)
  })

  test('is made by each peer that is cut off', async () => {
    const processes = await world.start('a', 'b', 'c')
    for (const process of processes) world.cluster.cut(process, false)
    await world.pass(6_000)
    world.cluster.sources.loaded.change('k', 1)
    const reading = processes.flatMap((process) => [1, 2, 3].map(() => world.reading(process, 'loaded', 'k')))
    expect(new Set(await world.ended(Promise.all(reading)))).toEqual(new Set([1]))
    expect(loads('k')).toBe(3)
  })

  test('serves a new owner, who asks the last one first', async () => {
    const [a] = await world.start('a')
    const keys = Array.from({ length: 50 }, (_, index) => `key${index}`)
    for (const key of keys) world.cluster.sources.loaded.change(key, 1)
    for (const key of keys) await world.read(a!, 'loaded', key)
    const [b] = await world.start('b')
    for (const key of keys) expect(await world.read(b!, 'loaded', key)).toBe(1)
    expect(keys.map(loads)).toEqual(keys.map(() => 1))
  })
})

describe('when the bus is gone for all', () => {
  test('nobody changes its view, and all keep what they have', async () => {
    const processes = await world.start('a', 'b', 'c')
    const owned = processes.map((process) => world.key(process, 'loaded'))
    for (const key of owned) world.cluster.sources.loaded.change(key, 1)
    for (const [index, key] of owned.entries()) await world.read(processes[index]!, 'loaded', key)
    const { view } = processes[0]!.cluster.info()
    for (const process of processes) world.cluster.cut(process, false)
    await world.pass(20_000)
    for (const process of processes) world.cluster.mend(process)
    await world.untilWell()
    await world.pass(5_000)
    expect(deaths()).toEqual([])
    for (const [index, key] of owned.entries()) {
      expect(processes[index]!.cluster.info().view).toBe(view)
      expect(await world.read(processes[index]!, 'loaded', key)).toBe(1)
      expect(loads(key)).toBe(1)
    }
  })

  test('who is cut off serves what it has and takes no writes', async () => {
    const [a, b] = await world.start('a', 'b')
    const key = world.key(a!, 'stored')
    const value = await world.put(b!, 'stored', key)
    world.cluster.cut(a!, false)
    await world.pass(6_000)
    expect(await world.read(a!, 'stored', key)).toBe(value)
    expect(await world.ended(world.putting(a!, 'stored', key).done)).toBe('UNAVAILABLE NONE')
    expect(await world.delete(a!, 'kept', 'k')).toBe('UNAVAILABLE NONE')
    expect(await world.clear(a!, 'loaded')).toBe('UNAVAILABLE NONE')
    expect(world.cluster.sources.stored.current(key).value).toBe(value)
  })

  test('who was cut off says of a key without a source that it cannot tell', async () => {
    const [a, b] = await world.start('a', 'b')
    const key = world.key(b!, 'kept')
    await world.put(b!, 'kept', key)
    world.cluster.cut(a!, false)
    await world.pass(6_000)
    expect(await world.read(a!, 'kept', key)).toBe('UNAVAILABLE')
  })

  test('two who call the roll at once do not answer each other for ever', async () => {
    const processes = await world.start('a', 'b', 'c')
    // Without an answer of the third the others cannot have their leases back.
    world.cluster.pause(processes[2]!)
    for (const process of processes) world.cluster.cut(process, true)
    await world.pass(100)
    const { events } = world.cluster.time
    for (const process of processes) world.cluster.mend(process)
    await world.pass(1_000)
    expect(world.cluster.time.events - events).toBeLessThan(500)
  })
})

describe('a process that was paused', () => {
  test.each([900, 1_200, 2_900, 4_000, 9_000])('for %i ms serves no near copy from before', async (pauseMs) => {
    const [a, b] = await world.start('a', 'b')
    const key = world.key(a!, 'stored')
    await world.put(a!, 'stored', key)
    await world.warm(b!, 'stored', key)
    world.cluster.pause(b!)
    const { value, done } = world.putting(a!, 'stored', key)
    await world.pass(pauseMs)
    world.cluster.resume(b!)
    const readings = [world.reading(b!, 'stored', key)]
    if (pauseMs >= 1_100) expect(await world.ended(done)).toBe('b')
    readings.push(world.reading(b!, 'stored', key))
    await world.pass(1)
    readings.push(world.reading(b!, 'stored', key))
    const seen = await world.ended(Promise.all(readings))
    if (pauseMs >= 1_100) expect(seen).toEqual([value, value, value])
    await world.ended(done)
    expect(await world.read(b!, 'stored', key)).toBe(value)
  })

  test('and owned a key serves nothing that others have deleted meanwhile', async () => {
    const [a, b, c] = await world.start('a', 'b', 'c')
    const keys = (['stored', 'kept'] as const).map((keyspace) => [keyspace, world.key(a!, keyspace)] as const)
    for (const [keyspace, key] of keys) await world.put(b!, keyspace, key)
    world.cluster.pause(a!)
    await world.pass(7_000)
    for (const [keyspace, key] of keys) expect(await world.delete(b!, keyspace, key)).toBe('')
    world.cluster.resume(a!)
    for (let times = 0; times < 30; times++) {
      for (const [keyspace, key] of keys) {
        for (const process of [a!, b!, c!]) expect(await world.read(process, keyspace, key)).toBeNull()
      }
      await world.pass(times < 10 ? 2 : 100)
    }
  })

  test('judges nobody by the silence that it slept through', async () => {
    const [a] = await world.start('a', 'b', 'c')
    world.cluster.pause(a!)
    await world.pass(4_500)
    world.cluster.resume(a!)
    await world.pass(3_000)
    expect(deaths()).toEqual([])
  })

  test('again and again finds out all the same who has died', async () => {
    const [, b, c] = await world.start('a', 'b', 'c')
    world.cluster.kill(c!)
    for (let times = 0; times < 8; times++) {
      world.cluster.pause(b!)
      await world.pass(900)
      world.cluster.resume(b!)
      await world.pass(1_100)
    }
    expect(deaths()).toContain('b0: c DEAD')
    expect(deaths()).not.toContain('b0: a DEAD')
  })

  test('or had no connection without knowing judges nobody by that silence', async () => {
    world = new SmallWorld({ delayMs: (from, to) => (to.startsWith('a') && !from.startsWith('a') ? 300 : undefined) })
    const [a] = await world.start('a', 'b', 'c')
    world.cluster.stall(a!)
    await world.pass(4_600)
    world.cluster.mend(a!)
    await world.pass(3_000)
    expect(deaths()).toEqual([])
  })

  test('does not keep readers from what its deputy can load', async () => {
    const [a, b, c] = await world.start('a', 'b', 'c')
    const key = world.key(a!, 'loaded')
    world.cluster.sources.loaded.change(key, 1)
    world.cluster.pause(a!)
    expect(await world.read(b!, 'loaded', key, 3_400)).toBe(1)
    expect(await world.read(c!, 'loaded', key, 1_000)).toBe(1)
  })
})

describe('a process that comes back after others took its place', () => {
  async function replaced(during: (others: readonly SimulatedProcess[]) => Promise<void>): Promise<SimulatedProcess[]> {
    const processes = await world.start('a', 'b', 'c')
    return returned(processes, during)
  }

  async function returned(
    processes: SimulatedProcess[],
    during: (others: readonly SimulatedProcess[]) => Promise<void>,
  ): Promise<SimulatedProcess[]> {
    world.cluster.cut(processes[0]!, false)
    await world.pass(7_500)
    await during(processes.slice(1))
    world.cluster.mend(processes[0]!)
    return processes
  }

  test('keeps the puts that nobody changed', async () => {
    const processes = await world.start('a', 'b', 'c')
    const key = world.key(processes[0]!, 'kept')
    const value = await world.put(processes[1]!, 'kept', key)
    await returned(processes, async () => {})
    await world.untilWell()
    for (const process of processes) expect(await world.read(process, 'kept', key)).toBe(value)
  })

  test('gives up the puts that others have deleted or replaced', async () => {
    const processes = await world.start('a', 'b', 'c')
    const [deleted, replacedKey] = [world.key(processes[0]!, 'kept', 0), world.key(processes[0]!, 'kept', 1)]
    await world.put(processes[1]!, 'kept', deleted)
    await world.put(processes[1]!, 'kept', replacedKey)
    let value = 0
    await returned(processes, async ([b]) => {
      expect(await world.delete(b!, 'kept', deleted)).toBe('')
      value = await world.put(b!, 'kept', replacedKey)
    })
    // Until it hears anybody it is cut off, and serves what it has.
    await world.pass(1)
    for (let times = 0; times < 40; times++) {
      for (const process of processes) {
        expect(await world.read(process, 'kept', deleted)).toBeNull()
        expect(await world.read(process, 'kept', replacedKey)).toBe(value)
      }
      await world.pass(50)
    }
  })

  test('gives up the puts that one has deleted or replaced who has left since', async () => {
    const processes = await world.start('a', 'b', 'c')
    const [a, b, c] = processes
    const candidates = Array.from({ length: 40 }, (_, n) => world.key(a!, 'kept', n))
    for (const key of candidates) await world.put(b!, 'kept', key)
    const values = new Map<string, number | null>()
    await returned(processes, async () => {
      const theirs = candidates.filter((key) => b!.cluster.ownerOf(b!.cluster.slotter('kept')(key)) === 'c')
      for (const [index, key] of theirs.entries()) {
        if (index % 2 === 0) expect(await world.delete(b!, 'kept', key)).toBe('')
        values.set(key, index % 2 === 0 ? null : await world.put(b!, 'kept', key))
      }
      // It could tell again what was missed. Others only know what they heard.
      world.cluster.leave(c!)
      await world.pass(2_000)
    })
    expect(values.size).toBeGreaterThan(2)
    await world.pass(1)
    const found = async (process: SimulatedProcess): Promise<Map<string, Given>> => {
      const reading = Array.from(
        values.keys(),
        async (key) => [key, await world.reading(process, 'kept', key)] as const,
      )
      return new Map(await world.ended(Promise.all(reading)))
    }
    // Until it knows that one has left it waits for that one's word, for as long as its readers do.
    for (let times = 0; times < 40; times++) {
      for (const process of [a!, b!]) {
        for (const [key, given] of await found(process)) expect([values.get(key), 'READ_TIMEOUT']).toContain(given)
      }
      await world.pass(50)
    }
    await world.untilWell()
    for (const process of [a!, b!]) expect(await found(process)).toEqual(values)
  })

  test('drops what one changed that came and went meanwhile', async () => {
    const processes = await world.start('a', 'b', 'c')
    const [a] = processes
    const keys = Array.from({ length: 20 }, (_, index) => world.key(a!, 'stored', index))
    for (const key of keys) await world.put(a!, 'stored', key)
    const values = new Map<string, number>()
    await returned(processes, async () => {
      const [d] = await startBeside('d')
      for (const key of keys) {
        if (d!.cluster.ownerOf(d!.cluster.slotter('stored')(key)) === 'd')
          values.set(key, await world.put(d!, 'stored', key))
      }
      world.cluster.leave(d!)
      await world.pass(1_000)
    })
    expect(values.size).toBeGreaterThan(0)
    await world.untilWell()
    for (const [key, value] of values) expect(await world.read(a!, 'stored', key)).toBe(value)
  })

  test.each(['has died', 'was started anew'])('drops what one changed that %s since', async (end) => {
    const [a, b, c] = await world.start('a', 'b', 'c')
    const key = world.key(b!, 'stored')
    await world.put(a!, 'stored', key)
    await world.warm(a!, 'stored', key)
    world.cluster.cut(a!, false)
    const { value, done } = world.putting(c!, 'stored', key)
    expect(await world.ended(done)).toBe('a')
    world.cluster.kill(b!)
    if (end === 'was started anew') {
      world.cluster.start('b')
      await world.pass(600)
    }
    world.cluster.mend(a!)
    expect(await world.read(a!, 'stored', key)).toBe(value)
  })

  test('is told of what was cleared before it serves', async () => {
    const processes = await replaced(async () => {})
    const [a, b] = processes
    await world.untilWell()
    const key = world.key(a!, 'kept')
    await world.put(b!, 'kept', key)
    world.cluster.cut(a!, false)
    const clearing = world.clear(b!, 'kept')
    expect(await clearing).toBe('a')
    world.cluster.mend(a!)
    expect(await world.read(a!, 'kept', key)).toBeNull()
  })

  async function startBeside(id: string): Promise<SimulatedProcess[]> {
    const process = world.cluster.start(id)
    await world.pass(3_000)
    return [process]
  }
})

describe('two sides that did not hear each other', () => {
  async function split(during: (left: SimulatedProcess, right: SimulatedProcess) => Promise<void>): Promise<void> {
    const [a, b, c, d] = world.cluster.processes
    world.cluster.split([a!, b!], [c!, d!])
    await world.pass(7_500)
    await during(a!, c!)
    world.cluster.heal()
    await world.untilWell()
    // What was missed shows after a tick.
    await world.pass(1_000)
  }

  test('agree afterwards that what either has deleted or replaced is gone', async () => {
    const processes = await world.start('a', 'b', 'c', 'd')
    // While there are two sides, others own them.
    const keysOf = processes.map((process) => [0, 1, 2].map((n) => world.key(process, 'kept', n)))
    const keys = keysOf.flat()
    const expected = new Map<string, number | null>()
    for (const key of keys) expected.set(key, await world.put(processes[0]!, 'kept', key))
    await split(async (left, right) => {
      for (const [index, [deleted, replaced]] of keysOf.entries()) {
        const side = index < 2 ? right : left
        expect(await world.delete(side, 'kept', deleted!)).toBe('')
        expected.set(deleted!, null)
        expected.set(replaced!, await world.put(side, 'kept', replaced!))
      }
    })
    for (const process of processes) {
      const found = await Promise.all(keys.map((key) => world.read(process, 'kept', key)))
      expect(new Map(keys.map((key, index) => [key, found[index]]))).toEqual(expected)
    }
  })

  test('keep what one of them has put anew after the other deleted it', async () => {
    const processes = await world.start('a', 'b', 'c', 'd')
    const key = world.key(processes[0]!, 'kept')
    await world.put(processes[0]!, 'kept', key)
    let value = 0
    await split(async (left, right) => {
      expect(await world.delete(right, 'kept', key)).toBe('')
      await world.pass(10)
      value = await world.put(left, 'kept', key)
    })
    for (const process of processes) expect(await world.read(process, 'kept', key)).toBe(value)
  })
})

describe('puts without a source', () => {
  test('are found at every moment while peers join and leave', async () => {
    world = new SmallWorld({ maxDelayMs: 30 })
    const [a] = await world.start('a')
    const values = new Map<string, number>()
    for (let index = 0; index < 40; index++) values.set(`key${index}`, await world.put(a!, 'kept', `key${index}`))
    let [last] = [a!]
    for (const id of ['b', 'c', 'd', 'e']) {
      world.cluster.start(id)
      await everythingIsFound(3_000)
      last = world.cluster.process(id)!
    }
    for (const id of ['a', 'c', 'b', 'd']) {
      world.cluster.leave(world.cluster.process(id)!)
      await everythingIsFound(3_000)
    }
    expect(world.cluster.alive).toEqual([last])

    async function everythingIsFound(forMs: number): Promise<void> {
      const endMs = world.cluster.time.nowMs + forMs
      while (world.cluster.time.nowMs < endMs) {
        await world.pass(60)
        const reading = world.cluster.running.flatMap((process) =>
          Array.from(values, async ([key, value]) => [key, await world.reading(process, 'kept', key), value] as const),
        )
        for (const [key, seen, value] of await world.ended(Promise.all(reading)))
          expect([key, seen]).toEqual([key, value])
      }
    }
  })

  test('are found where they travel on between two changes of the view', async () => {
    world = new SmallWorld({
      delayMs: (from, to, subject) =>
        subject.includes('.ctl.') && from.startsWith('a') && to.startsWith('b') ? 900 : undefined,
    })
    const [a] = await world.start('a')
    const values = new Map<string, number>()
    for (let index = 0; index < 60; index++) values.set(`key${index}`, await world.put(a!, 'kept', `key${index}`))
    world.cluster.start('b')
    await world.pass(300)
    const c = world.cluster.start('c')
    while (c.cluster.info().self.slots === 0) await world.pass(1)
    for (const [key, value] of values) expect([key, await world.read(c, 'kept', key)]).toEqual([key, value])
  })

  test('that are cleared are gone before the clear is confirmed, also where it was missed', async () => {
    world = new SmallWorld({
      delayMs: (_from, to, subject) => (to.startsWith('b') && subject.startsWith('_INBOX') ? 60 : undefined),
    })
    const [a, b] = await world.start('a', 'b')
    const key = world.key(b!, 'kept')
    await world.put(a!, 'kept', key)
    world.cluster.loseChanges(b!, 1)
    const clearing = world.clear(a!, 'kept')
    await world.pass(10)
    void world.putting(a!, 'stored', world.key(a!, 'stored')).done
    expect(await clearing).toBe('')
    expect(await world.read(b!, 'kept', key)).toBeNull()
  })

  test('are not lost where the last owner reads them before it has handed them over', async () => {
    world = new SmallWorld({
      delayMs: (from, _to, subject) => (subject.includes('.ctl.') && from.startsWith('a') ? 400 : undefined),
    })
    const [a] = await world.start('a')
    const values = new Map<string, number>()
    for (let index = 0; index < 20; index++) values.set(`key${index}`, await world.put(a!, 'kept', `key${index}`))
    const b = world.cluster.start('b')
    while (a!.cluster.info().peers.length < 2 || b.cluster.info().self.slots === 0) await world.pass(1)
    for (const key of values.keys()) await world.warm(a!, 'kept', key)
    await world.untilWell()
    await world.pass(3_000)
    const [c] = await world.start('c')
    for (const process of [a!, b]) world.cluster.leave(process)
    await world.pass(12_000)
    for (const [key, value] of values) expect([key, await world.read(c!, 'kept', key)]).toEqual([key, value])
  })

  test('pass to one that joins while the last one leaves', async () => {
    const [a] = await world.start('a')
    const value = await world.put(a!, 'kept', 'k')
    const b = world.cluster.start('b')
    await world.pass(50)
    world.cluster.leave(a!)
    await world.pass(7_000)
    expect(a!.state).toBe('gone')
    expect(await world.read(b, 'kept', 'k')).toBe(value)
  })

  test('are not written by a new owner of whom the last one has not heard', async () => {
    const late = (from: string, to: string): boolean => from.startsWith('c') && to.startsWith('a')
    world = new SmallWorld({
      delayMs: (from, to, subject) => (late(from, to) && subject.includes('.member.') ? 900 : undefined),
    })
    const [a, b] = await world.start('a', 'b')
    const before = a!.cluster.info().view
    const c = world.cluster.start('c')
    while (c.cluster.info().peers.length < 3 || c.cluster.info().self.slots === 0) await world.pass(1)
    const key = Array.from({ length: 999 }, (_, index) => `key${index}`).find((each) => {
      const slot = c.cluster.slotter('kept')(each)
      return c.cluster.owns(slot) && a!.cluster.owns(slot)
    })!
    const { value, done } = world.putting(c, 'kept', key)
    await world.pass(100)
    expect(a!.cluster.info().view).toBe(before)
    expect(await world.read(a!, 'kept', key)).toBeNull()
    expect(await world.ended(done)).toBe('')
    for (const process of [a!, b!, c]) expect(await world.read(process, 'kept', key)).toBe(value)
  })

  test('stay with the third when two leave at once', async () => {
    const [a, b, c] = await world.start('a', 'b', 'c')
    const values = new Map<string, number>()
    for (let index = 0; index < 30; index++) values.set(`key${index}`, await world.put(a!, 'kept', `key${index}`))
    world.cluster.leave(a!)
    await world.pass(130)
    world.cluster.leave(b!)
    await world.pass(12_000)
    for (const [key, value] of values) expect(await world.read(c!, 'kept', key)).toBe(value)
  })

  test('are cleared by a peer whose clock is behind that of their owner', async () => {
    const fast = world.cluster.start('a', 500)
    const slow = world.cluster.start('b', -500)
    await world.untilWell()
    const key = world.key(fast, 'kept')
    await world.pass(1_010)
    await world.put(slow, 'kept', key)
    expect(await world.clear(slow, 'kept')).toBe('')
    for (const process of [fast, slow]) expect(await world.read(process, 'kept', key)).toBeNull()
  })

  test('that were cleared on their way to another owner are not taken there', async () => {
    world = new SmallWorld({
      delayMs: (_from, to, subject) => (subject.includes('.ctl.') && to.startsWith('c') ? 40 : undefined),
    })
    const [a, b] = await world.start('a', 'b')
    const keys = Array.from({ length: 60 }, (_, index) => world.key(a!, 'kept', index))
    for (const key of keys) await world.put(b!, 'kept', key)
    const c = world.cluster.start('c')
    while (c.cluster.info().view !== a!.cluster.info().view || c.cluster.info().view === '') await world.pass(1)
    await world.pass(1)
    expect(await world.clear(b!, 'kept')).toBe('')
    await world.pass(500)
    for (const key of keys) expect(await world.read(c, 'kept', key)).toBeNull()
  })

  test('that came after a clear which was missed are kept', async () => {
    const [a, b] = await world.start('a', 'b')
    const [before, after] = [world.key(b!, 'kept', 0), world.key(b!, 'kept', 1)]
    await world.put(a!, 'kept', before)
    world.cluster.loseChanges(b!, 1)
    const clearing = world.clear(a!, 'kept')
    await world.pass(20)
    const value = await world.put(b!, 'kept', after)
    await clearing
    await world.pass(2_000)
    expect(await world.read(a!, 'kept', after)).toBe(value)
    expect(await world.read(a!, 'kept', before)).toBeNull()
  })
})

describe('puts with tags', () => {
  async function taggedPut(owner: SimulatedProcess): Promise<string> {
    const key = world.key(owner, 'kept')
    await world.ended(owner.engine.put('kept', { key, value: { n: 1, key }, tags: ['red'] }))
    return key
  }

  test('stay where changes were missed and none of them was of tags', async () => {
    const [a, b] = await world.start('a', 'b')
    await world.ended(b!.engine.invalidateTags('kept', ['red']))
    const key = await taggedPut(a!)
    world.cluster.loseChanges(a!, 1)
    void world.putting(b!, 'kept', world.key(b!, 'kept'))
    await world.pass(30)
    await world.put(b!, 'kept', world.key(b!, 'kept', 1))
    await world.pass(3_000)
    expect(a!.cluster.stats.gaps).toBe(1)
    expect(await world.read(a!, 'kept', key)).toBe(1)
    world.cluster.loseChanges(a!, 1)
    void world.putting(b!, 'kept', world.key(b!, 'kept'))
    // Nothing comes after it: the next heartbeat tells.
    await world.pass(5_000)
    expect(a!.cluster.stats.gaps).toBe(2)
    expect(await world.read(a!, 'kept', key)).toBe(1)
  })

  test.each([true, false])(
    'fall where one of tags was missed, whether or not another change follows: %s',
    async (follows) => {
      const [a, b] = await world.start('a', 'b')
      const key = await taggedPut(a!)
      world.cluster.loseChanges(a!, 1)
      void b!.engine.invalidateTags('kept', ['red'])
      await world.pass(30)
      if (follows) void world.putting(b!, 'kept', world.key(b!, 'kept'))
      await world.pass(5_000)
      expect(a!.cluster.stats.gaps).toBe(1)
      expect(await world.read(a!, 'kept', key)).toBeNull()
    },
  )

  test('fall where one of tags was missed that its sender can no longer repeat', async () => {
    world = new SmallWorld({ delayMs: (_from, _to, subject) => (subject.includes('.ctl.') ? 60 : undefined) })
    const [a, b] = await world.start('a', 'b')
    const key = await taggedPut(a!)
    world.cluster.loseChanges(a!, 1)
    void b!.engine.invalidateTags('kept', ['red'])
    await world.pass(30)
    void world.putting(b!, 'kept', world.key(b!, 'kept'))
    await world.pass(30)
    world.cluster.kill(b!)
    await world.pass(7_000)
    expect(await world.read(a!, 'kept', key)).toBeNull()
  })
})

describe('copies of others', () => {
  test('are dropped before a change is confirmed that came after one that was missed', async () => {
    const [a, b, c] = await world.start('a', 'b', 'c')
    const [missed, heard] = [world.key(a!, 'stored', 0), world.key(a!, 'stored', 1)]
    await world.put(b!, 'stored', missed)
    await world.warm(c!, 'stored', missed)
    world.cluster.loseChanges(c!, 1)
    const first = world.putting(b!, 'stored', missed)
    await world.pass(30)
    const second = world.putting(b!, 'stored', heard)
    expect(await world.ended(Promise.all([first.done, second.done]), 500)).toEqual(['', ''])
    expect(await world.read(c!, 'stored', missed)).toBe(first.value)
  })

  test('are dropped when a change of them was missed that its sender can no longer repeat', async () => {
    world = new SmallWorld({ delayMs: (_from, _to, subject) => (subject.includes('.ctl.') ? 60 : undefined) })
    const [a, , c] = await world.start('a', 'b', 'c')
    const [missed, heard] = [world.key(a!, 'stored', 0), world.key(a!, 'stored', 1)]
    await world.put(a!, 'stored', missed)
    await world.warm(c!, 'stored', missed)
    world.cluster.loseChanges(c!, 1)
    const { value } = world.putting(a!, 'stored', missed)
    await world.pass(30)
    void world.putting(a!, 'stored', heard)
    await world.pass(30)
    world.cluster.kill(a!)
    expect(await world.read(c!, 'stored', missed)).toBe(value)
  })

  test('are not kept from before a clear that the owner had not heard of', async () => {
    world = new SmallWorld({
      delayMs: (from, to, subject) =>
        subject.includes('.inv.') && from.startsWith('c') && to.startsWith('a') ? 60 : undefined,
    })
    const [a, b, c] = await world.start('a', 'b', 'c')
    const key = world.key(a!, 'kept')
    await world.put(a!, 'kept', key)
    await world.read(b!, 'kept', key)
    const clearing = world.clear(c!, 'kept')
    await world.pass(10)
    await world.warm(b!, 'kept', key)
    expect(await clearing).toBe('')
    expect(await world.read(b!, 'kept', key)).toBeNull()
  })

  test.each([
    ['what was there', true, false],
    ['what was there, by revisions', true, true],
    ['that there was nothing, by revisions', false, true],
  ])('are not taken from the last owner who still knows %s', async (_what, isThere, revisions) => {
    const tags = (_key: string, value: unknown): readonly string[] => [`tag-${(value as { n: number }).n}`]
    const timeouts = { readTimeoutMs: 4_000, writeTimeoutMs: 2_000 }
    world = new SmallWorld({
      revisions,
      policy: { ...timeouts, ttlMs: 600_000, negativeTtlMs: 600_000, tags },
      delayMs: (from, to, subject) =>
        subject.includes('.inv.') && from.startsWith('c') && to.startsWith('b') ? 200 : undefined,
    })
    const [a, b] = await world.start('a', 'b')
    const keys = Array.from({ length: 40 }, (_, index) => world.key(b!, 'stored', index))
    if (isThere) for (const key of keys) await world.put(a!, 'stored', key)
    else for (const key of keys) expect(await world.read(b!, 'stored', key)).toBeNull()
    const [c] = await world.start('c')
    const moved = keys.find((key) => c!.cluster.owns(c!.cluster.slotter('stored')(key)))!
    world.sourceMs = 20
    const { value, done } = world.putting(c!, 'stored', moved)
    await world.pass(10)
    // The put falls under it, and is not kept; what it replaces carries another tag.
    const invalidated = a!.engine.invalidateTags('stored', [`tag-${value}`])
    await world.pass(60)
    const early = world.reading(c!, 'stored', moved)
    await world.ended(Promise.all([done, invalidated, early]))
    for (const process of [a!, b!, c!]) expect(await world.read(process, 'stored', moved)).toBe(value)
  })

  test('are dropped when the owner died between writing to the source and telling anybody', async () => {
    const [a, b, c] = await world.start('a', 'b', 'c')
    const key = world.key(a!, 'stored')
    await world.put(b!, 'stored', key)
    await world.warm(c!, 'stored', key)
    world.sourceMs = 100
    const { value, done } = world.putting(b!, 'stored', key)
    await world.pass(150)
    world.cluster.kill(a!)
    expect(await world.ended(done)).toBe('UNAVAILABLE UNKNOWN')
    expect(await world.read(c!, 'stored', key)).toBe(value)
  })

  test('are dropped before a write is acknowledged whose owner is leaving', async () => {
    const [a, b, c] = await world.start('a', 'b', 'c')
    const key = world.key(a!, 'stored')
    await world.put(b!, 'stored', key)
    await world.warm(c!, 'stored', key)
    world.sourceMs = 900
    const { value, done } = world.putting(b!, 'stored', key)
    await world.pass(10)
    world.cluster.leave(a!)
    expect(await world.ended(done)).toBe('')
    expect(await world.read(c!, 'stored', key)).toBe(value)
  })
})

test('what was missed is made up for while its sender goes on writing', async () => {
  world = new SmallWorld({ delayMs: (_from, _to, subject) => (subject.includes('INBOX') ? 20 : undefined) })
  const [a, b] = await world.start('a', 'b')
  const keys = Array.from({ length: 200 }, (_, n) => world.key(b!, 'kept', n))
  world.cluster.loseChanges(a!, 1)
  const confirmed: Promise<string>[] = []
  for (const key of keys) {
    confirmed.push(world.putting(b!, 'kept', key).done)
    await world.pass(5)
  }
  expect(new Set(await world.ended(Promise.all(confirmed)))).toEqual(new Set(['']))
  expect(a!.cluster.stats.gaps).toBe(1)
})

test('a heartbeat that overtakes a change is not taken for a loss', async () => {
  world = new SmallWorld({ delayMs: (_from, _to, subject) => (subject.includes('.inv.') ? 200 : 0) })
  const [a, b] = await world.start('a', 'b')
  for (let times = 0; times < 30; times++) await world.put(a!, 'stored', world.key(a!, 'stored'))
  expect(b!.cluster.stats.gaps).toBe(0)
})

test('changes that came late are not missed when their sender is started anew', async () => {
  world = new SmallWorld({ delayMs: (_from, _to, subject) => (subject.includes('.inv.') ? 100 : 0) })
  const [a, b] = await world.start('a', 'b')
  const { done } = world.putting(b!, 'stored', world.key(b!, 'stored'))
  await world.pass(20)
  // Asks everybody for a heartbeat, which overtakes the change.
  world.cluster.start('c')
  expect(await world.ended(done)).toBe('')
  world.cluster.kill(b!)
  world.cluster.start('b')
  await world.pass(2_000)
  expect(a!.cluster.stats.gaps).toBe(0)
})

test('changes that did not come are missed also when their sender is started anew', async () => {
  world = new SmallWorld()
  const [a, b] = await world.start('a', 'b')
  world.cluster.loseChanges(a!, 1)
  void world.putting(b!, 'stored', world.key(b!, 'stored')).done
  await world.pass(20)
  world.cluster.start('c')
  await world.pass(1)
  world.cluster.kill(b!)
  world.cluster.start('b')
  await world.pass(2_000)
  expect(a!.cluster.stats.gaps).toBe(1)
})

test('a question that was lost with the connection of the owner is asked again', async () => {
  world = new SmallWorld({ maxDelayMs: 10 })
  const [a, b] = await world.start('a', 'b')
  const key = world.key(b!, 'stored')
  const value = await world.put(a!, 'stored', key)
  for (let times = 0; times < 10; times++) {
    const reading = world.reading(a!, 'stored', key)
    await world.pass(times)
    world.cluster.cut(b!, true)
    await world.pass(20)
    world.cluster.mend(b!)
    expect(await world.ended(reading, 1_500)).toBe(value)
    await world.pass(3_000)
  }
})

test('a question that its owner has taken to the grave is asked elsewhere soon, though nobody asks anything more', async () => {
  const [a, b] = await world.start('a', 'b', 'c')
  const key = world.key(b!, 'loaded')
  world.cluster.sources.loaded.change(key, 1)
  world.sourceMs = 100
  const reading = world.reading(a!, 'loaded', key)
  await world.pass(50)
  world.cluster.kill(b!)
  expect(await world.ended(reading, 800)).toBe(1)
})

test('a slow source is no reason to take its owner for suspect', async () => {
  const [a, b] = await world.start('a', 'b', 'c')
  const key = world.key(b!, 'loaded')
  world.cluster.sources.loaded.change(key, 1)
  world.sourceMs = 1_500
  expect(await world.read(a!, 'loaded', key)).toBe(1)
  expect(world.logged.filter((line) => line.endsWith('SUSPECT'))).toEqual([])
  expect(loads(key)).toBe(1)
})

test.each([
  ['has joined', 3_000],
  ['joins', 400],
])('a process that leaves when it %s leaves no timer behind', async (_when, afterMs) => {
  await world.start('a', 'b')
  const leaving = world.cluster.start('c')
  await world.pass(afterMs)
  world.cluster.leave(leaving)
  await world.ended(leaving.stopped!)
  expect(leaving.clock.pending).toBe(0)
})

test('a process that leaves waits for no answer that cannot come any more', async () => {
  world = new SmallWorld({ policy: { readTimeoutMs: 60_000 } })
  const [a, b] = await world.start('a', 'b', 'c')
  const reading = world.reading(b!, 'kept', world.key(a!, 'kept'))
  world.cluster.pause(a!)
  await world.pass(50)
  world.cluster.leave(b!)
  await world.ended(b!.stopped!, 10_000)
  expect(await reading).toBe('UNAVAILABLE')
})

test('a rolling restart fails no read and loses no put', async () => {
  const ids = ['a', 'b', 'c']
  await world.start(...ids)
  const values = new Map<string, number>()
  for (let index = 0; index < 20; index++) {
    values.set(`key${index}`, await world.put(world.cluster.running[0]!, 'kept', `key${index}`))
  }
  for (let round = 0; round < 3; round++) {
    for (const id of ids) {
      world.cluster.leave(world.cluster.process(id)!)
      while (world.cluster.process(id)!.state !== 'gone') await everythingIsFound()
      world.cluster.start(id)
      while (!world.cluster.isClean) await everythingIsFound()
    }
  }

  async function everythingIsFound(): Promise<void> {
    await world.pass(100)
    for (const process of world.cluster.running) {
      for (const [key, value] of values) expect([key, await world.read(process, 'kept', key)]).toEqual([key, value])
    }
  }
})
