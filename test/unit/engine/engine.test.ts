import { describe, expect, test } from 'vitest'
import { noPeers } from '../../../src/engine/no-peers.ts'
import type { ClusterEvent, Source, SourceChange } from '../../../src/ports/index.ts'
import { after, engineFixture, engineOver, failure, keyspaceDefinition } from '../../support/engine-fixture.ts'
import { settled } from '../../support/fake-clock.ts'
import { answeringSource, scriptedSource } from '../../support/scripted-source.ts'

async function collect<Event>(events: AsyncIterable<Event>): Promise<Event[]> {
  const collected: Event[] = []
  for await (const event of events) collected.push(event)
  return collected
}

/** A source that notes when it is opened and closed, and tells of changes when asked to. */
function watchedSource(): Source & {
  readonly log: string[]
  change?: (change: SourceChange) => void
  gap?: () => void
} {
  const log: string[] = []
  const source: ReturnType<typeof watchedSource> = {
    name: 'watched',
    log,
    loadMany: async (keys) => keys.map((key) => `value of ${key}`),
    start: async () => void log.push('start'),
    close: async () => void log.push('close'),
    async watch(change, gap) {
      Object.assign(source, { change, gap })
      log.push('watch')
      return async () => void log.push('unwatch')
    },
  }
  return source
}

describe('start and stop', () => {
  test('open and close every source once, however many keyspaces share it', async () => {
    const source = watchedSource()
    const spare = watchedSource()
    const { engine } = engineFixture([keyspaceDefinition({}, source, 'one'), keyspaceDefinition({}, source, 'two')], {
      sources: new Map([
        ['shared', source],
        ['spare', spare],
      ]),
    })
    await Promise.all([engine.start(), engine.start()])
    await engine.start()
    expect(source.log.toSorted()).toEqual(['start', 'watch', 'watch'])
    await engine.stop()
    await engine.stop()
    expect(source.log.toSorted()).toEqual(['close', 'start', 'unwatch', 'unwatch', 'watch', 'watch'])
    expect(spare.log).toEqual(['start', 'close'])
  })

  test('are watched all at once, because one may take long to say that it cannot be', async () => {
    const both = Promise.withResolvers<() => Promise<void>>()
    let asked = 0
    const sources = ['one', 'two'].map((name) => ({
      ...scriptedSource({ name }),
      watch: () => {
        if (++asked === 2) both.resolve(async () => {})
        return both.promise
      },
    }))
    const { engine } = engineFixture(sources.map((source) => keyspaceDefinition({}, source, source.name)))
    await engine.start()
    expect(asked).toBe(2)
    await engine.stop()
  })

  test('close the source of a keyspace that was deleted meanwhile', async () => {
    const source = watchedSource()
    const { engine } = engineOver(source)
    await engine.start()
    await engine.deleteKeyspace('things')
    await engine.stop()
    expect(source.log).toEqual(['start', 'watch', 'unwatch', 'close'])
  })

  test('start fails when a source cannot be opened, and names it with its keyspaces', async () => {
    const source = { ...watchedSource(), start: () => Promise.reject(new Error('no such file')) }
    const { engine, logger } = engineFixture(['one', 'two'].map((name) => keyspaceDefinition({}, source, name)))
    expect(await failure(engine.start())).toMatchObject({
      code: 'SOURCE_FAILED',
      message: 'The source "watched" of "one" and "two" could not be opened: no such file',
      cause: new Error('no such file'),
    })
    expect(logger.lines).toMatchObject([{ level: 'error', fields: { source: 'watched', keyspaces: ['one', 'two'] } }])
  })

  test('start can be tried again when a source could not be opened; those that were open have been closed', async () => {
    const [good, slow] = [watchedSource(), watchedSource()]
    let isReady = false
    const log: string[] = []
    const bad = {
      ...scriptedSource({ name: 'bad' }),
      start: async () => {
        log.push('start')
        if (!isReady) throw new Error('not yet')
      },
      close: async () => void log.push('close'),
    }
    const opened = Promise.withResolvers<void>()
    const opening = { ...slow, start: () => opened.promise.then(() => slow.start!()) }
    const { engine } = engineFixture(
      [good, bad, opening].map((source, index) => keyspaceDefinition({}, source, `keyspace${index}`)),
    )
    const starting = failure(engine.start())
    await settled()
    opened.resolve()
    expect((await starting).message).toContain('"bad" of "keyspace1"')
    expect(log).toEqual(['start'])
    for (const source of [good, slow]) expect(source.log).toEqual(['start', 'close'])
    expect((await failure(engine.get('keyspace0', 'a'))).message).toContain('not started')
    isReady = true
    await engine.start()
    for (const source of [good, slow]) expect(source.log).toEqual(['start', 'close', 'start', 'watch'])
    await engine.stop()
    expect(log).toEqual(['start', 'start', 'close'])
    expect(good.log.slice(4)).toEqual(['unwatch', 'close'])
  })

  test('start fails when a source cannot be watched, and closes it', async () => {
    const source = { ...watchedSource(), watch: () => Promise.reject(new Error('no stream')) }
    const { engine } = engineOver(source)
    expect((await failure(engine.start())).message).toBe(
      'The source "watched" of "things" could not be watched: no stream',
    )
    expect(source.log).toEqual(['start', 'close'])
  })

  test('start is refused once it was stopped, and opens nothing', async () => {
    const source = watchedSource()
    const { engine } = engineOver(source)
    await engine.stop()
    expect(await failure(engine.start())).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('stop'),
    })
    expect(source.log).toEqual([])
  })

  test('stop while a source is being opened closes it, and the start fails', async () => {
    const opened = Promise.withResolvers<void>()
    const source = watchedSource()
    let hasJoined = false
    const { engine } = engineFixture([keyspaceDefinition({}, { ...source, start: () => opened.promise })], {
      peers: {
        ...noPeers({ name: 'fedcache', peerId: 'here', incarnation: 'first', url: () => null }),
        join: async () => void (hasJoined = true),
      },
    })
    const starting = failure(engine.start())
    await settled()
    const stopping = engine.stop()
    await settled()
    opened.resolve()
    expect((await starting).code).toBe('UNAVAILABLE')
    await stopping
    expect([source.log, hasJoined]).toEqual([['watch', 'unwatch', 'close'], false])
  })

  test.each([
    ['a source has to be opened', { start: async () => {} }, true],
    ['a source has to be watched', { watch: async () => async () => {} }, true],
    ['other peers have to be heard', {}, false],
  ])('calls before start are refused at once where %s', async (_, methods, isAlone) => {
    let mayServe = isAlone
    const source = { ...answeringSource((key) => key), ...methods }
    const { engine, clock } = engineFixture([keyspaceDefinition({}, source)], {
      peers: {
        ...noPeers({ name: 'fedcache', peerId: 'here', incarnation: 'first', url: () => null }),
        mayServe: () => mayServe,
      },
    })
    const refused = { code: 'UNAVAILABLE', message: expect.stringContaining('call listen() or engine.start() first') }
    expect(await failure(engine.get('things', 'a'))).toMatchObject({ ...refused, outcome: undefined })
    for (const write of [engine.put('things', { key: 'a', value: 1 }), engine.createKeyspace({ name: 'new' })]) {
      expect(await failure(write)).toMatchObject({ ...refused, outcome: 'NONE' })
    }
    expect(source.calls).toEqual([])
    mayServe = true
    await engine.start()
    expect((await after(clock, 0, engine.get('things', 'a')))?.value).toBe('a')
  })

  test('one source that fails to close holds up no other', async () => {
    const source = watchedSource()
    const bad = { ...watchedSource(), name: 'bad', close: () => Promise.reject(new Error('stuck')) }
    const { engine } = engineFixture([keyspaceDefinition({}, bad, 'bad'), keyspaceDefinition({}, source, 'good')])
    await engine.start()
    await engine.stop()
    expect(source.log).toContain('close')
  })

  test('stop waits for the loads and writes under way, and refuses new calls meanwhile', async () => {
    const source = {
      ...scriptedSource({ writable: true }),
      closed: false,
      close: async () => void (source.closed = true),
    }
    const { engine, clock } = engineOver(source)
    await engine.start()
    const reading = engine.get('things', 'a')
    const putting = engine.put('things', { key: 'b', value: 1 })
    let isStopped = false
    const stopping = engine.stop().then(() => (isStopped = true))
    const again = engine.stop()
    await clock.advance(0)
    expect(() => engine.read('things', ['a'])).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }))
    expect(await failure(engine.put('things', { key: 'a', value: 1 }))).toMatchObject({
      code: 'UNAVAILABLE',
      outcome: 'NONE',
    })
    expect(() => engine.entryChanges('things')).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }))
    source.loads[0]!.answer([1])
    await clock.advance(0)
    expect((await reading)?.value).toBe(1)
    expect([isStopped, source.closed]).toEqual([false, false])
    source.stores[0]!.answer([undefined])
    expect((await putting).entry.value).toBe(1)
    await stopping
    await again
    expect(source.closed).toBe(true)
  })

  test('stop called twice at once is done both times only when it is done', async () => {
    const source = scriptedSource()
    const { engine, clock } = engineOver(source)
    const reading = engine.get('things', 'a')
    await clock.advance(0)
    const first = engine.stop()
    let secondIsDone = false
    const second = engine.stop().then(() => (secondIsDone = true))
    await settled()
    expect(secondIsDone).toBe(false)
    source.loads[0]!.answer([1])
    await Promise.all([reading, first, second])
  })

  test('stop waits for a load that a reader begins because another was fenced', async () => {
    const source = { ...scriptedSource(), closed: false, close: async () => void (source.closed = true) }
    const { engine, clock } = engineOver(source, { tags: () => ['red'] })
    await engine.start()
    const early = engine.get('things', 'a')
    await clock.advance(0)
    await engine.invalidateTags('things', ['red'])
    const later = engine.get('things', 'a')
    const stopping = engine.stop()
    await settled()
    source.loads[0]!.answer([1])
    await early
    await clock.advance(0)
    expect(source.closed).toBe(false)
    source.loads[1]!.answer([2])
    expect((await later)?.value).toBe(2)
    await stopping
    expect(source.closed).toBe(true)
  })

  test('stop does not wait longer than the read timeout for a source that hangs', async () => {
    const { engine, clock } = engineOver(scriptedSource(), { readTimeoutMs: 100 })
    const reading = failure(engine.get('things', 'a'))
    const stopping = engine.stop()
    await after(clock, 100, stopping)
    expect((await reading).code).toBe('SOURCE_TIMEOUT')
  })
})

describe('a source that tells of changes', () => {
  test('has the changed keys read again, and subscribers told', async () => {
    const source = watchedSource()
    const { engine, clock } = engineOver(source)
    await engine.start()
    await after(clock, 0, engine.getMany('things', ['a', 'b']))
    const events = engine.entryChanges('things')
    source.change!({ key: 'a', revision: 8 })
    source.change!({ key: 'c' })
    expect(engine.read('things', ['b'])).toBeInstanceOf(Array)
    expect(engine.read('things', ['a'])).toBeInstanceOf(Promise)
    await after(clock, 0, engine.stop())
    expect(await collect(events)).toMatchObject([
      { key: 'a', kind: 'PUT', version: '8' },
      { key: 'c', kind: 'PUT' },
    ])
  })

  test('and may have missed some has everything read again', async () => {
    const source = watchedSource()
    const { engine, clock } = engineOver(source)
    await engine.start()
    await after(clock, 0, engine.getMany('things', ['a', 'b']))
    const events = engine.entryChanges('things', ['a'])
    source.gap!()
    expect(engine.stats('things').entries).toBe(0)
    await engine.stop()
    expect(await collect(events)).toEqual([{ keyspace: 'things', key: null, kind: 'MISSED', version: null }])
  })

  test('no longer has to once its keyspace is deleted', async () => {
    const source = watchedSource()
    const { engine } = engineFixture([], { sources: new Map([['watched', source]]) })
    await engine.start()
    await engine.createKeyspace({ name: 'passing', source: 'watched' })
    await engine.deleteKeyspace('passing')
    await settled()
    expect(source.log).toEqual(['start', 'watch', 'unwatch'])
    source.gap!()
    source.change!({ key: 'a' })
  })

  test('does not have to either when the watch begins only after its keyspace was deleted', async () => {
    const log: string[] = []
    let begin!: (stop: () => Promise<void>) => void
    const source = { ...watchedSource(), watch: () => new Promise<() => Promise<void>>((resolve) => (begin = resolve)) }
    const { engine } = engineFixture([], { sources: new Map([['slow', source]]) })
    await engine.start()
    const creating = engine.createKeyspace({ name: 'passing', source: 'slow' })
    await settled()
    await engine.deleteKeyspace('passing')
    begin(async () => void log.push('unwatch'))
    await creating
    expect(log).toEqual(['unwatch'])
  })

  test('and cannot be left alone is logged, and nothing more', async () => {
    const watch = async () => () => Promise.reject(new Error('stuck'))
    const { engine, logger } = engineOver({ ...watchedSource(), watch })
    await engine.start()
    await engine.deleteKeyspace('things')
    await settled()
    expect(logger.lines).toMatchObject([{ level: 'warn', fields: { keyspace: 'things', error: new Error('stuck') } }])
  })
})

describe('warming', () => {
  test('at start loads the keys of keyspaces that name some', async () => {
    const source = answeringSource((key) => key)
    const lazy = answeringSource((key) => key)
    const { engine, clock, logger } = engineFixture([
      keyspaceDefinition({ warmKeys: ['a', 'b'] }, source, 'listed'),
      keyspaceDefinition({ warmKeys: async () => ['c'] }, source, 'asked'),
      keyspaceDefinition({}, lazy, 'cold'),
    ])
    await engine.start()
    await clock.advance(0)
    expect([engine.stats('listed').entries, engine.stats('asked').entries, lazy.calls.length]).toEqual([2, 1, 0])
    expect(logger.lines.filter(({ message }) => message === 'warmed')).toHaveLength(2)
  })

  test('that fails at start is logged and harms nothing', async () => {
    const { engine, clock, logger } = engineOver(
      answeringSource(() => 1),
      {
        warmKeys: () => {
          throw new Error('no list')
        },
      },
    )
    await engine.start()
    await clock.advance(0)
    expect(logger.lines).toMatchObject([{ level: 'warn', message: 'warming failed', fields: { keyspace: 'things' } }])
    expect((await after(clock, 0, engine.get('things', 'a')))?.value).toBe(1)
  })

  test('takes any number of keys and says what became of them', async () => {
    const source = answeringSource((key) => (key === '7' ? null : key === '1500' ? new Error('no') : key))
    const { engine, clock } = engineOver(source, { maxBatchSize: 1_000, warmKeys: ['x'] })
    const keys = Array.from({ length: 2_500 }, (_, index) => String(index))
    expect(await after(clock, 0, engine.warm('things', keys))).toMatchObject({
      loaded: 2_498,
      notFound: 1,
      errors: [{ index: 1_500, key: '1500', error: { code: 'SOURCE_FAILED' } }],
    })
    expect(source.calls.map((call) => call.length)).toEqual([1_000, 1_000, 500])
    expect(await after(clock, 0, engine.warm('things'))).toMatchObject({ loaded: 1, notFound: 0, errors: [] })
  })
})

describe('keyspaces while running', () => {
  test('can be made, changed and removed', async () => {
    const source = answeringSource((key) => key, 'the source')
    const { engine, clock } = engineFixture([keyspaceDefinition({}, undefined, 'zebra')], {
      sources: new Map([['named', source]]),
    })
    const made = await engine.createKeyspace({ name: 'apple', source: 'named', ttlMs: 500, maxEntries: 2 })
    expect(made).toMatchObject({ name: 'apple', origin: 'RUNTIME', source: 'named', writable: false, ttlMs: 500 })
    expect(engine.keyspaces().map(({ name, origin }) => [name, origin])).toEqual([
      ['apple', 'RUNTIME'],
      ['zebra', 'CONFIG'],
    ])
    for (const key of ['a', 'b', 'c']) await after(clock, 0, engine.get('apple', key))
    expect(engine.stats('apple')).toMatchObject({ entries: 2, evictions: 1 })
    expect(await engine.updateKeyspace('apple', { maxEntries: 1, ttlMs: 100 })).toMatchObject({ maxEntries: 1 })
    expect(engine.stats('apple').entries).toBe(1)
    expect((await engine.get('apple', 'c'))?.ttlMs).toBe(500)
    expect(await engine.deleteKeyspace('apple')).toEqual({ confirmedBy: ['here'], unconfirmed: [] })
    expect(engine.keyspace('apple')).toBeUndefined()
    expect((await failure(engine.get('apple', 'a'))).code).toBe('KEYSPACE_NOT_FOUND')
  })

  test('take their format, and a size that is smaller than the values there might be', async () => {
    const { engine } = engineFixture([])
    const made = await engine.createKeyspace({ name: 'tiny', format: 'bytes', maxBytes: 1_000 })
    expect(made).toMatchObject({ format: 'bytes', maxBytes: 1_000, maxValueBytes: 1_000, maxEntries: null })
    await engine.put('tiny', { key: 'a', bytes: Uint8Array.of(1) })
    expect([...(await engine.get('tiny', 'a'))!.bytes]).toEqual([1])
  })

  test.each([
    ['a name that is none', { name: '1st' }, 'BAD_USER_INPUT', 'starts with a letter'],
    ['a name that is no text', { name: undefined as unknown as string }, 'BAD_USER_INPUT', 'starts with a letter'],
    ['a name that is taken', { name: 'things' }, 'KEYSPACE_EXISTS', 'already'],
    ['an unknown source', { name: 'new', source: 'sauce' }, 'BAD_USER_INPUT', 'it has "named"'],
    ['a setting out of range', { name: 'new', ttlMs: 0 }, 'BAD_USER_INPUT', 'ttlMs'],
  ])('are refused with %s', async (_, input, code, message) => {
    const sources = new Map([['named', answeringSource(() => 1)]])
    const { engine } = engineFixture([keyspaceDefinition()], { sources })
    const error = await failure(engine.createKeyspace(input))
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) })
    expect(engine.keyspaces()).toHaveLength(1)
  })

  test('are told that there are no sources where there are none', async () => {
    const { engine } = engineFixture([])
    expect((await failure(engine.createKeyspace({ name: 'new', source: 'x' }))).message).toContain('it has none')
  })

  test('are removed all or not at all', async () => {
    const { engine } = engineFixture(['a', 'b', 'c'].map((name) => keyspaceDefinition({}, undefined, name)))
    expect(await failure(engine.deleteKeyspaces(['a', 'nowhere']))).toMatchObject({
      code: 'KEYSPACE_NOT_FOUND',
      outcome: 'NONE',
    })
    expect(engine.keyspaces()).toHaveLength(3)
    const events = engine.entryChanges('a')
    await engine.deleteKeyspaces(['a', 'b', 'a'])
    expect(engine.keyspaces().map(({ name }) => name)).toEqual(['c'])
    await engine.stop()
    expect(await collect(events)).toMatchObject([{ key: null, kind: 'CLEARED' }])
  })

  test('made anew under an old name are empty, and nothing from before arrives in them', async () => {
    const source = scriptedSource()
    const { engine, clock } = engineFixture([], { sources: new Map([['named', source]]) })
    await engine.createKeyspace({ name: 'apple', source: 'named' })
    const early = engine.get('apple', 'a')
    await clock.advance(0)
    await engine.deleteKeyspace('apple')
    await engine.createKeyspace({ name: 'apple', source: 'named' })
    source.loads[0]!.answer(['old'])
    expect((await early)?.value).toBe('old')
    const later = engine.get('apple', 'a')
    await clock.advance(0)
    source.loads[1]!.answer(['new'])
    expect((await later)?.value).toBe('new')
  })

  test('keep the order of writes across a change of settings', async () => {
    const source = scriptedSource({ writable: true })
    const { engine, clock } = engineOver(source)
    const first = engine.put('things', { key: 'a', value: 1 })
    await clock.advance(0)
    await engine.updateKeyspace('things', { maxBatchSize: 7 })
    const second = engine.put('things', { key: 'a', value: 2 })
    await clock.advance(0)
    expect(source.stores).toHaveLength(1)
    source.stores[0]!.answer([undefined])
    await first
    await clock.advance(0)
    source.stores[1]!.answer([undefined])
    await second
    expect((await engine.get('things', 'a'))?.value).toBe(2)
  })
})

describe('subscribers', () => {
  test('hear of puts, deletes and clears, of the keys they want, in order', async () => {
    const { engine } = engineFixture([keyspaceDefinition(), keyspaceDefinition({}, undefined, 'others')])
    const some = engine.entryChanges('things', ['a'])
    const all = engine.entryChanges('things')
    const { entry } = await engine.put('things', { key: 'a', value: 1 })
    await engine.put('others', { key: 'a', value: 1 })
    await engine.putMany('things', [
      { key: 'b', value: 1 },
      { key: '', value: 1 },
    ])
    await engine.delete('things', 'a')
    await engine.invalidateTags('things', ['t'])
    await engine.clear('things')
    await engine.stop()
    expect(await collect(some)).toMatchObject([
      { keyspace: 'things', key: 'a', kind: 'PUT', version: entry.version },
      { key: 'a', kind: 'DELETED' },
      { key: null, kind: 'MISSED' },
      { key: null, kind: 'CLEARED' },
    ])
    expect((await collect(all)).map(({ key, kind }) => `${kind} ${key}`)).toEqual([
      'PUT a',
      'PUT b',
      'DELETED a',
      'MISSED null',
      'CLEARED null',
    ])
  })

  function tellingPeers() {
    const listeners: ((event: ClusterEvent) => void)[] = []
    const onEvent = (listener: (event: ClusterEvent) => void) => {
      listeners.push(listener)
      return () => {}
    }
    const tell = (event: ClusterEvent): void => listeners.forEach((listener) => listener(event))
    return {
      peers: { ...noPeers({ name: 'fedcache', peerId: 'here', incarnation: 'first', url: () => null }), onEvent },
      tell,
    }
  }

  test('of the cluster hear of peers', async () => {
    const { peers, tell } = tellingPeers()
    const { engine } = engineFixture([], { peers })
    await engine.start()
    const events = engine.clusterEvents()
    const slow = engine.clusterEvents()
    const event = { at: new Date(0), peer: engine.cluster().self, state: 'ALIVE', reason: 'joined' } as const
    for (let count = 0; count < 10_002; count++) tell(event)
    await events.return!()
    await engine.stop()
    const heard = await collect(slow)
    expect(heard).toHaveLength(10_001)
    expect(heard[0]).toEqual(event)
    expect(heard.at(-1)?.reason).toContain('lost')
    expect(() => engine.clusterEvents()).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }))
  })

  test('of everything hear of the entries of all keyspaces and of peers', async () => {
    const { peers, tell } = tellingPeers()
    const definitions = ['some', 'other'].map((name) => keyspaceDefinition({}, undefined, name))
    const { engine } = engineFixture(definitions, { peers })
    await engine.start()
    const events = engine.events()
    const entries = engine.entryChanges('some')
    await engine.put('some', { key: 'a', value: 1 })
    tell({ at: new Date(0), peer: engine.cluster().self, state: 'ALIVE', reason: 'joined' })
    await engine.clear('other')
    await engine.stop()
    expect(await collect(events)).toMatchObject([
      { keyspace: 'some', key: 'a', kind: 'PUT' },
      { state: 'ALIVE', reason: 'joined' },
      { keyspace: 'other', key: null, kind: 'CLEARED' },
    ])
    expect(await collect(entries)).toMatchObject([{ keyspace: 'some', kind: 'PUT' }])
    expect(() => engine.events()).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }))
  })

  test('who are too slow get one MISSED for all that they missed', async () => {
    const { engine } = engineOver(undefined)
    const slow = engine.entryChanges('things')
    for (let call = 0; call < 11; call++) {
      const inputs = Array.from({ length: 1_000 }, (_, index) => ({ key: String(index), value: 1 }))
      await engine.putMany('things', inputs)
    }
    await engine.stop()
    const heard = await collect(slow)
    expect(heard).toHaveLength(10_001)
    expect(heard.filter(({ kind }) => kind === 'MISSED')).toEqual([heard.at(-1)])
  })
})

test('the cluster of a process that stands alone', () => {
  const { engine } = engineFixture([], {
    peers: noPeers({ name: 'fedcache', peerId: 'me', incarnation: 'one', url: () => 'http://localhost:4000/graphql' }),
  })
  const self = {
    id: 'me',
    incarnation: 'one',
    state: 'ALIVE',
    url: 'http://localhost:4000/graphql',
    slots: 4096,
    config: '',
  }
  expect(engine.cluster()).toMatchObject({ settled: true, degraded: false, self, peers: [self] })
})

test.each([
  ['invalidateTags', (engine: ReturnType<typeof engineOver>['engine']) => engine.invalidateTags('things', [])],
  ['tags that are no list', (engine) => engine.invalidateTags('things', 'red' as never)],
  ['too many tags', (engine) => engine.invalidateTags('things', Array(65).fill('t'))],
  ['an unknown keyspace', (engine) => engine.clear('nowhere')],
  ['an unknown keyspace', (engine) => engine.updateKeyspace('nowhere', {})],
  ['a setting', (engine) => engine.updateKeyspace('things', { ttlMs: -1 })],
] satisfies [string, (engine: ReturnType<typeof engineOver>['engine']) => Promise<unknown>][])(
  '%s: refused input changes nothing and says so',
  async (_, call) => {
    expect(await failure(call(engineOver(undefined).engine))).toMatchObject({ outcome: 'NONE' })
  },
)
