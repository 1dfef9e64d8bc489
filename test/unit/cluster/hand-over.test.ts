import { beforeEach, describe, expect, test } from 'vitest'
import type { Asker } from '../../../src/cluster/asker.ts'
import { HandOver } from '../../../src/cluster/hand-over.ts'
import type { EntryTransfer, PeerHost } from '../../../src/ports/index.ts'
import { memoryLogger } from '../../support/engine-fixture.ts'
import { type FakeClock, fakeClock } from '../../support/fake-clock.ts'

let clock: FakeClock
let homeless: Map<string, EntryTransfer>
let sent: { readonly peer: string; readonly keyspace: string; readonly keys: readonly string[] }[]
let refused: Set<string>
let owners: Map<string, string>
let view: string
let done: number
let during: () => void
let handOver: HandOver

function put(key: string, version = 1): void {
  homeless.set(key, { key, encoded: '1', version, ageMs: 0, ttlMs: Infinity, tags: [] })
}

beforeEach(() => {
  clock = fakeClock()
  homeless = new Map()
  sent = []
  refused = new Set()
  owners = new Map()
  view = 'v1'
  done = 0
  during = () => {}
  const host = {
    *homelessPuts() {
      for (const each of homeless.values()) {
        if (each.key.startsWith('late')) yield undefined
        yield { keyspace: 'things', put: each }
      }
    },
    releasePut(_keyspace: string, key: string, version: number) {
      if (homeless.get(key)?.version === version) homeless.delete(key)
    },
  } as Partial<PeerHost> as PeerHost
  const asker = {
    async handOver(peer: string, keyspace: string, puts: readonly EntryTransfer[]) {
      sent.push({ peer, keyspace, keys: puts.map(({ key }) => key) })
      during()
      return puts.map(({ key }) => !refused.has(key))
    },
  } as Partial<Asker> as Asker
  handOver = new HandOver({
    clock,
    logger: memoryLogger(),
    host,
    asker,
    owns: () => false,
    ownerOfKey: (_keyspace, key) => owners.get(key),
    selfId: 'a',
    view: () => view,
    onDone: () => done++,
  })
})

describe('what is out of place', () => {
  test('is looked for with turns for others in between', async () => {
    put('late-1')
    put('late-2')
    owners = new Map([
      ['late-1', 'b'],
      ['late-2', 'b'],
    ])
    const running = handOver.run()
    await clock.advance(0)
    await running
    expect(sent.flatMap(({ keys }) => keys)).toEqual(['late-1', 'late-2'])
    expect(handOver.doneFor).toBe('v1')
  })

  test('goes to the owners, and is forgotten when they have it', async () => {
    put('x')
    put('y')
    put('z')
    owners = new Map([
      ['x', 'b'],
      ['y', 'c'],
      ['z', 'b'],
    ])
    const running = handOver.run()
    await clock.advance(0)
    await running
    expect(sent).toEqual([
      { peer: 'b', keyspace: 'things', keys: ['x', 'z'] },
      { peer: 'c', keyspace: 'things', keys: ['y'] },
    ])
    expect(homeless.size).toBe(0)
    expect(handOver.doneFor).toBe('v1')
    expect(done).toBe(1)
  })

  test('stays where nobody takes it, and is offered again more and more seldom', async () => {
    put('x')
    owners.set('x', 'b')
    refused.add('x')
    const running = handOver.run()
    await clock.advance(0)
    expect(sent).toHaveLength(1)
    await clock.advance(99)
    expect(sent).toHaveLength(1)
    await clock.advance(1)
    expect(sent).toHaveLength(2)
    await clock.advance(60_000)
    expect(sent.length).toBeLessThan(40)
    expect(homeless.size).toBe(1)
    expect(handOver.doneFor).toBe('')
    refused.clear()
    await clock.advance(2_000)
    await running
    expect(homeless.size).toBe(0)
    expect(handOver.doneFor).toBe('v1')
  })

  test('stays when it was changed on its way', async () => {
    put('x')
    owners.set('x', 'b')
    during = () => {
      put('x', 2)
      during = () => {}
    }
    const running = handOver.run()
    await clock.advance(0)
    await running
    expect(homeless.get('x')?.version).toBe(2)
  })

  test('goes nowhere where there is no other owner', async () => {
    put('x')
    void handOver.run()
    await clock.advance(500)
    expect(sent).toEqual([])
    handOver.stop()
    await clock.advance(5_000)
    expect(clock.pending).toBe(0)
  })

  test('goes in batches', async () => {
    for (let index = 0; index < 600; index++) {
      put(`key${index}`)
      owners.set(`key${index}`, 'b')
    }
    const running = handOver.run()
    await clock.advance(0)
    await running
    expect(sent.map(({ keys }) => keys.length)).toEqual([256, 256, 88])
  })
})

describe('that everything is in its place', () => {
  test('is said of a view only when it still is the view', async () => {
    put('x')
    owners.set('x', 'b')
    during = () => {
      view = 'v2'
    }
    const running = handOver.run()
    await clock.advance(0)
    await running
    expect(handOver.doneFor).toBe('')
    await Promise.all([handOver.run(), clock.advance(0)])
    expect(handOver.doneFor).toBe('v2')
  })

  test('is not said of a view that comes back before it was looked at anew', async () => {
    await Promise.all([handOver.run(), clock.advance(0)])
    expect(handOver.doneFor).toBe('v1')
    view = 'v2'
    put('x')
    owners.set('x', 'b')
    refused.add('x')
    void handOver.run()
    view = 'v1'
    void handOver.run()
    await clock.advance(50)
    expect(handOver.doneFor).toBe('')
    refused.clear()
    await clock.advance(1_000)
    expect(handOver.doneFor).toBe('v1')
    expect(done).toBe(2)
  })

  test('waits for what the writes of the same turn have yet to keep', async () => {
    owners.set('x', 'b')
    const running = handOver.run()
    await Promise.resolve()
    put('x')
    await clock.advance(0)
    await running
    expect(sent).toHaveLength(1)
  })
})
