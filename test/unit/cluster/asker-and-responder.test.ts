import { beforeEach, describe, expect, test } from 'vitest'
import { memoryBus } from '../../../src/adapters/bus/memory.ts'
import { type MemoryHub, memoryHub } from '../../../src/adapters/bus/memory-hub.ts'
import { Asker } from '../../../src/cluster/asker.ts'
import { encodeFrame } from '../../../src/cluster/protocol/frame.ts'
import { Responder } from '../../../src/cluster/responder.ts'
import { subjects } from '../../../src/cluster/subjects.ts'
import { FedcacheError } from '../../../src/errors.ts'
import type { Bus, EntryTransfer, PeerAnswer, PeerHost, WriteAnswers, WriteTransfer } from '../../../src/ports/index.ts'
import { memoryLogger } from '../../support/engine-fixture.ts'
import { type FakeClock, fakeClock } from '../../support/fake-clock.ts'

// Peer a asks, peer b answers.
let clock: FakeClock
let hub: MemoryHub
let buses: { readonly a: Bus; readonly b: Bus }
let logger: ReturnType<typeof memoryLogger>
let asker: Asker
let host: Partial<PeerHost>
let asked: (readonly string[])[]
let seen: unknown[]
let noResponders: string[]
let suspectListeners: Set<() => void>
let agreement: { view: string; incarnation: string; known: boolean; writable: boolean; suspect: boolean }

const entry = (key: string, encoded: string | null = `"${key}"`): EntryTransfer => ({
  key,
  encoded,
  version: 3,
  ageMs: 10,
  ttlMs: Infinity,
  tags: ['t'],
})
const answer = (key: string, encoded?: string): PeerAnswer => ({
  kind: 'ENTRY',
  servedFrom: 'OWNER',
  entry: entry(key, encoded),
})
const put = (key: string, encoded = '1'): WriteTransfer => ({
  kind: 'PUT',
  key,
  encoded,
  ttlMs: 5,
  isTtlGiven: true,
  tags: [],
})

async function world(maxPayload: number): Promise<void> {
  clock = fakeClock()
  hub = memoryHub({ clock, maxPayload })
  logger = memoryLogger()
  buses = { a: memoryBus({ hub, name: 'a', logger }), b: memoryBus({ hub, name: 'b', logger }) }
  agreement = { view: 'v', incarnation: 'b.1', known: true, writable: true, suspect: false }
  asked = []
  seen = []
  noResponders = []
  suspectListeners = new Set()
  host = {
    readFor: async (_as, _keyspace, keys) => {
      asked.push(keys)
      return keys.map((key) => answer(key))
    },
  }
  asker = new Asker({
    bus: buses.a,
    clock,
    subjects: subjects('test', 'a'),
    view: () => 'v',
    incarnation: () => 'b.1',
    onNoResponders: (peer) => noResponders.push(peer),
    onSuspect(_peer, listener) {
      suspectListeners.add(listener)
      return () => suspectListeners.delete(listener)
    },
    isSuspect: () => agreement.suspect,
  })
  const responder = new Responder({
    bus: buses.b,
    clock,
    logger,
    host: host as PeerHost,
    view: () => agreement.view,
    incarnation: () => agreement.incarnation,
    knows: () => agreement.known,
    whenWritable: async () => {
      if (!agreement.writable) throw new FedcacheError('UNAVAILABLE', 'not now', { outcome: 'NONE' })
    },
    process: 'b',
    invalidationsAfter: (number) => (number < 3 ? [Uint8Array.of(number + 1), Uint8Array.of(number + 2)] : []),
    onSeen: (peer, what) => seen.push([peer, what]),
  })
  const names = subjects('test', 'b')
  buses.b.subscribe(names.requests('rpc'), (message) => responder.rpc('a', message))
  buses.b.subscribe(names.requests('ctl'), (message) => responder.ctl('a', message))
  await clock.advance(0)
}

async function given<Result>(promise: Promise<Result>, afterMs = 0): Promise<Result> {
  await clock.advance(afterMs)
  await clock.advance(0)
  return promise
}

const read = (keys: readonly string[], timeoutMs = 1_000, as: 'OWNER' | 'PREVIOUS' = 'OWNER') =>
  asker.read('b', as, 'things', keys, timeoutMs)
const kinds = (answers: readonly { readonly kind: string }[]): string[] => answers.map(({ kind }) => kind)
const code = (answers: readonly { readonly kind: string; readonly error?: Error }[]): unknown[] =>
  answers.map(({ error }) => error && [(error as FedcacheError).code, (error as FedcacheError).outcome])

beforeEach(() => world(1024 * 1024))

describe('a read', () => {
  test('brings one answer per key, of every kind, in order', async () => {
    const error = new FedcacheError('SOURCE_FAILED', 'it failed')
    const answers: PeerAnswer[] = [
      answer('a'),
      { kind: 'ERROR', error },
      { kind: 'ELSEWHERE' },
      { kind: 'NO_SOURCE' },
      { kind: 'ENTRY', servedFrom: 'SOURCE', entry: entry('e', null) },
    ]
    host.readFor = async () => answers
    expect(await given(read(['a', 'b', 'c', 'd', 'e']))).toEqual(answers)
    expect(buses.a.stats.pendingRequests).toBe(0)
  })

  test('that does not fit into a message is fetched in as many parts as it takes', async () => {
    await world(4_096)
    const keys = Array.from({ length: 300 }, (_, index) => `key ${index} ${'k'.repeat(40)}`)
    host.readFor = async (_as, _keyspace, part) => {
      asked.push(part)
      return part.map((key) => answer(key, 'v'.repeat(500)))
    }
    const answers = await given(read(keys))
    expect(answers.map((each) => each.kind === 'ENTRY' && each.entry.key)).toEqual(keys)
    expect(asked.length).toBeGreaterThan(30)
    expect(logger.lines.filter(({ level }) => level === 'error')).toEqual([])
  })

  test('of a value that fits into no message fails, and the others are brought', async () => {
    await world(4_096)
    host.readFor = async (_as, _keyspace, keys) => keys.map((key) => answer(key, 'v'.repeat(key === 'b' ? 9_000 : 9)))
    const answers = await given(read(['a', 'b', 'c']))
    expect(kinds(answers)).toEqual(['ENTRY', 'ERROR', 'ENTRY'])
    expect(code(answers)[1]).toEqual(['VALUE_TOO_LARGE', undefined])
  })

  test('of a key that fits into no message fails, and the others are brought', async () => {
    await world(4_096)
    const answers = await given(read(['a', 'k'.repeat(5_000), 'c']))
    expect(kinds(answers)).toEqual(['ENTRY', 'ERROR', 'ENTRY'])
    expect(asked.flat()).toEqual(['a', 'c'])
  })

  test('that is not answered in time fails', async () => {
    host.readFor = () => new Promise(() => {})
    const answers = await given(read(['a', 'b']), 1_000)
    expect(code(answers)).toEqual([
      ['READ_TIMEOUT', undefined],
      ['READ_TIMEOUT', undefined],
    ])
    expect(buses.a.stats.pendingRequests).toBe(0)
  })

  test('goes elsewhere when nobody listens, and the peer is told of', async () => {
    hub.kill('b')
    expect(kinds(await given(read(['a'])))).toEqual(['ELSEWHERE'])
    expect(noResponders).toEqual(['b'])
  })

  test('goes elsewhere when there is no connection', async () => {
    hub.disconnect('a')
    expect(kinds(await given(read(['a'])))).toEqual(['ELSEWHERE'])
  })

  test('goes elsewhere when the connection is lost meanwhile', async () => {
    host.readFor = () => new Promise(() => {})
    const reading = read(['a'])
    await clock.advance(0)
    hub.disconnect('a')
    expect(kinds(await given(reading))).toEqual(['ELSEWHERE'])
  })

  test('goes elsewhere when the peer is suspect, or goes suspect meanwhile', async () => {
    host.readFor = () => new Promise(() => {})
    const reading = read(['a'])
    await clock.advance(0)
    for (const listener of suspectListeners) listener()
    expect(kinds(await given(reading))).toEqual(['ELSEWHERE'])
    expect(suspectListeners.size).toBe(0)
    agreement.suspect = true
    expect(kinds(await given(read(['a'])))).toEqual(['ELSEWHERE'])
  })

  test('for what a peer had before is asked of a suspect as well: nobody else can know', async () => {
    agreement.suspect = true
    expect(kinds(await given(read(['a'], 1_000, 'PREVIOUS')))).toEqual(['ENTRY'])
  })

  test('for what a peer had before says that it has nothing only to whoever places keys as it does', async () => {
    host.readFor = async (_as, _keyspace, keys) =>
      keys.map((key) => (key === 'gone' ? { kind: 'NO_SOURCE' } : answer(key)))
    expect(kinds(await given(read(['a', 'gone'], 1_000, 'PREVIOUS')))).toEqual(['ENTRY', 'NO_SOURCE'])
    // It may have handed over what it had, to a peer that the other does not know of.
    agreement.view = 'another'
    expect(kinds(await given(read(['a', 'gone'], 1_000, 'PREVIOUS')))).toEqual(['ENTRY', 'ELSEWHERE'])
    expect(kinds(await given(read(['gone'])))).toEqual(['NO_SOURCE'])
    // Who has no view yet has never had anything.
    agreement.view = ''
    expect(kinds(await given(read(['a', 'gone'], 1_000, 'PREVIOUS')))).toEqual(['ENTRY', 'NO_SOURCE'])
  })

  test('of a peer that was not heard of is answered ELSEWHERE', async () => {
    agreement.known = false
    expect(kinds(await given(read(['a', 'b'])))).toEqual(['ELSEWHERE', 'ELSEWHERE'])
    expect(asked).toEqual([])
  })

  test('beyond what may be under way is answered BUSY, and room comes free', async () => {
    const open: (() => void)[] = []
    host.readFor = (_as, _keyspace, keys) =>
      new Promise((resolve) => open.push(() => resolve(keys.map((key) => answer(key)))))
    const many = Array.from({ length: 5_000 }, (_, index) => String(index))
    const first = Array.from({ length: 20 }, () => read(many, 10_000))
    const tooMany = await given(read(['a'], 10_000))
    expect(code(tooMany)).toEqual([['BUSY', undefined]])
    while (open.length > 0) {
      open.pop()!()
      await clock.advance(0)
      await clock.advance(0)
    }
    await Promise.all(first)
    const last = read(['a'], 10_000)
    await clock.advance(0)
    open.pop()!()
    expect(kinds(await given(last))).toEqual(['ENTRY'])
  })

  test('whose answer cannot be read ends as if there were none', async () => {
    hub.kill('b')
    const b = memoryBus({ hub, name: 'b2', logger })
    b.subscribe(subjects('test', 'b').requests('rpc'), ({ respond }) => respond?.(Buffer.from('nonsense')))
    await clock.advance(0)
    expect(code(await given(read(['a'])))).toEqual([['READ_TIMEOUT', undefined]])
  })
})

describe('a write', () => {
  const write = (writes: readonly WriteTransfer[], timeoutMs = 1_000): Promise<WriteAnswers> =>
    asker.write('b', 'things', writes, timeoutMs)
  let written: (readonly WriteTransfer[])[]

  beforeEach(() => {
    written = []
    host.writeFor = async (_keyspace, writes) => {
      written.push(writes)
      return {
        answers: writes.map(({ key, kind }) => ({
          kind: 'WRITTEN',
          entry: kind === 'PUT' ? entry(key, '1') : undefined,
        })),
        confirmation: { confirmedBy: ['b'], unconfirmed: ['c'] },
      }
    }
  })

  test('brings what became of each, and who has confirmed', async () => {
    const { answers, confirmation } = await given(write([put('a'), { kind: 'DELETE', key: 'b' }]))
    expect(answers).toEqual([
      { kind: 'WRITTEN', entry: entry('a', '1') },
      { kind: 'WRITTEN', entry: undefined },
    ])
    expect(confirmation).toEqual({ confirmedBy: ['b'], unconfirmed: ['c'] })
  })

  test('arrives at the owner as it was sent', async () => {
    const writes: WriteTransfer[] = [
      { kind: 'PUT', key: 'a', encoded: '1', ttlMs: Infinity, isTtlGiven: false, tags: ['x'] },
      { kind: 'PUT', key: 'b', encoded: '\xff', ttlMs: 5, isTtlGiven: true, tags: [] },
      { kind: 'DELETE', key: 'c' },
    ]
    await given(write(writes))
    expect(written).toEqual([writes])
  })

  test.each([
    ['places keys by another view', { view: 'w' }],
    ['has been taken for dead meanwhile', { incarnation: 'b.2' }],
    ['may not write', { writable: false }],
  ])('is not applied by an owner that %s', async (_, other) => {
    Object.assign(agreement, other)
    expect(kinds((await given(write([put('a')]))).answers)).toEqual(['ELSEWHERE'])
    expect(written).toEqual([])
  })

  test('that cannot be sent is not applied', async () => {
    hub.disconnect('a')
    expect(kinds((await given(write([put('a')]))).answers)).toEqual(['ELSEWHERE'])
    hub.connect('a')
    agreement.suspect = true
    expect(kinds((await given(write([put('a')]))).answers)).toEqual(['ELSEWHERE'])
    agreement.suspect = false
    hub.kill('b')
    expect(kinds((await given(write([put('a')]))).answers)).toEqual(['ELSEWHERE'])
    expect(written).toEqual([])
  })

  test('that is not answered may have been applied', async () => {
    host.writeFor = () => new Promise(() => {})
    expect(code((await given(write([put('a')]), 1_000)).answers)).toEqual([['UNAVAILABLE', 'UNKNOWN']])
    const writing = write([put('a')])
    await clock.advance(0)
    hub.disconnect('a')
    expect(code((await given(writing)).answers)).toEqual([['UNAVAILABLE', 'UNKNOWN']])
  })

  test('of a value that fits into no message is refused, and the others are sent in parts', async () => {
    await world(4_096)
    const sent: string[] = []
    host.writeFor = async (_keyspace, writes) => {
      sent.push(...writes.map(({ key }) => key))
      return {
        answers: writes.map(() => ({ kind: 'WRITTEN', entry: undefined })),
        confirmation: { confirmedBy: [], unconfirmed: [] },
      }
    }
    const writes = [put('a', 'v'.repeat(3_000)), put('b', 'v'.repeat(9_000)), put('c', 'v'.repeat(3_000))]
    const { answers } = await given(write(writes))
    expect(kinds(answers)).toEqual(['WRITTEN', 'ERROR', 'WRITTEN'])
    expect(code(answers)[1]).toEqual(['VALUE_TOO_LARGE', 'NONE'])
    expect(sent).toEqual(['a', 'c'])
  })
})

describe('between peers', () => {
  test('puts are handed over, and only what was taken counts', async () => {
    host.takePuts = (_keyspace, puts) => puts.map(({ key }) => key !== 'b')
    expect(await given(asker.handOver('b', 'things', [entry('a'), entry('b'), entry('c')], 1_000))).toEqual([
      true,
      false,
      true,
    ])
  })

  test('nothing is taken by who does not answer', async () => {
    hub.kill('b')
    expect(await given(asker.handOver('b', 'things', [entry('a')], 1_000))).toEqual([false])
  })

  test('what was missed is told again, of the process that is asked for', async () => {
    expect(await given(asker.missed('b', 'b', 1, 1_000))).toEqual([Buffer.of(2), Buffer.of(3)])
    expect(await given(asker.missed('b', 'b', 3, 1_000))).toEqual([])
    expect(await given(asker.missed('b', 'its predecessor', 1, 1_000))).toEqual([])
    expect(await given(asker.missed('nobody', 'b', 1, 1_000))).toBeUndefined()
  })

  test('catalogues are fetched', async () => {
    const record = { name: 'k', version: 1, settings: null, clearedAt: 0 }
    host.catalogue = () => [record]
    expect(await given(asker.catalogue('b', 1_000))).toEqual([record])
    hub.kill('b')
    expect(await given(asker.catalogue('b', 1_000))).toBeUndefined()
  })

  test('what was seen is confirmed', async () => {
    const what = { process: '1', invalidation: 4, keyspaceChange: 2 }
    buses.a.publish(subjects('test', 'a').request('ctl', 'b'), encodeFrame({ op: 'seen', ...what }))
    await clock.advance(0)
    expect(seen).toEqual([['a', what]])
  })
})

describe('a message that is not as it should be', () => {
  test.each([
    ['of no frame', Buffer.from('nonsense')],
    ['of another version', Buffer.from([9, 0, 0, 0, 0, 0, 0, 0, 0])],
    ['that asks for nothing', encodeFrame({})],
    ['that asks for something unknown', encodeFrame({ op: 'eat' })],
    ['without keys', encodeFrame({ op: 'read', as: 'OWNER', keyspace: 'things', timeoutMs: 1 })],
    ['with keys that are no strings', encodeFrame({ op: 'read', as: 'OWNER', keyspace: 'k', keys: [1], timeoutMs: 1 })],
    ['as nobody', encodeFrame({ op: 'read', as: 'BOSS', keyspace: 'things', keys: [], timeoutMs: 1 })],
    ['with fewer values than writes', encodeFrame({ op: 'write', keyspace: 'k', view: 'v', rows: [['a', 1, 0]] })],
  ])('is refused: one %s', async (_, message) => {
    for (const channel of ['rpc', 'ctl'] as const) {
      const answered = buses.a
        .request(subjects('test', 'a').request(channel, 'b'), message, { timeoutMs: 10 })
        .then(() => 'ANSWERED')
        .catch(({ kind }: { kind: string }) => kind)
      expect(await given(answered, 10)).toBe('TIMEOUT')
    }
    expect(buses.b.stats.failedHandlers).toBe(2)
    expect(asked).toEqual([])
  })
})

test('who has lost its connection answers nobody, without an error', async () => {
  let end = (): void => {}
  host.readFor = (_as, _keyspace, keys) =>
    new Promise((resolve) => (end = () => resolve(keys.map((key) => answer(key)))))
  const reading = read(['a'])
  await clock.advance(0)
  hub.disconnect('b')
  end()
  await given(reading, 1_000)
  expect(buses.b.stats.failedHandlers).toBe(0)
})
