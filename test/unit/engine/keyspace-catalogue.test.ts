import { expect, test } from 'vitest'
import type { CatalogueRecord } from '../../../src/ports/index.ts'
import { type EngineFixture, engineFixture, keyspaceDefinition } from '../../support/engine-fixture.ts'
import { type ScriptedPeers, scriptedPeers } from '../../support/scripted-peers.ts'
import { answeringSource } from '../../support/scripted-source.ts'

async function peerWith(...keyspaces: string[]): Promise<EngineFixture & { readonly peers: ScriptedPeers }> {
  const peers = scriptedPeers()
  const sources = new Map([['named', answeringSource((key) => key, 'named')]])
  const fixture = engineFixture(
    keyspaces.map((name) => keyspaceDefinition({}, undefined, name)),
    { peers, sources },
  )
  await fixture.engine.start()
  return { peers, ...fixture }
}

const lastRecords = (peers: ScriptedPeers): readonly CatalogueRecord[] =>
  peers.announced.at(-1) as readonly CatalogueRecord[]

test('a peer that adopts what another announced has the same keyspaces', async () => {
  const [one, other] = [await peerWith('base'), await peerWith('base')]
  await one.engine.createKeyspace({ name: 'made', source: 'named', format: 'text', ttlMs: 5 })
  await one.engine.updateKeyspace('made', { maxEntries: 3 })
  await one.engine.updateKeyspace('made', { ttlMs: 7 })
  await one.engine.updateKeyspace('base', { ttlMs: 9 })
  await one.engine.createKeyspace({ name: 'gone' })
  await one.engine.deleteKeyspace('gone')
  await other.peers.host.adopt(one.peers.host.catalogue())
  const shown = ({ engine }: EngineFixture): unknown =>
    engine
      .keyspaces()
      .map(({ name, origin, source, format, ttlMs, maxEntries }) => [name, origin, source, format, ttlMs, maxEntries])
  expect(shown(other)).toEqual([
    ['base', 'CONFIG', null, 'json', 9, null],
    ['made', 'RUNTIME', 'named', 'text', 7, 3],
  ])
  expect(shown(other)).toEqual(shown(one))
})

test('what is announced is what changed', async () => {
  const { engine, peers } = await peerWith()
  await engine.createKeyspace({ name: 'made', ttlMs: 5, maxBytes: null })
  expect(lastRecords(peers)).toMatchObject([{ name: 'made', settings: { ttlMs: 5 }, clearedAt: 0 }])
  await engine.deleteKeyspace('made')
  expect(lastRecords(peers)).toMatchObject([{ name: 'made', settings: null }])
})

test('of two changes of one keyspace the newer wins, whichever comes last', async () => {
  const { engine, peers } = await peerWith('base')
  const record = (version: number, ttlMs: number): CatalogueRecord => ({
    name: 'base',
    version,
    settings: { ttlMs },
    clearedAt: 0,
  })
  await peers.host.adopt([record(10, 10)])
  await peers.host.adopt([record(9, 9)])
  await peers.host.adopt([record(10, 11)])
  expect(engine.keyspace('base')?.ttlMs).toBe(10)
  await peers.host.adopt([{ ...record(11, 0), settings: null }])
  expect(engine.keyspace('base')).toBeUndefined()
  await peers.host.adopt([{ ...record(12, 0), settings: null }])
  expect(engine.keyspace('base')).toBeUndefined()
})

test('a clear that was missed is made up for', async () => {
  const { engine, peers } = await peerWith('base')
  await engine.put('base', { key: 'a', value: 1 })
  const events = engine.entryChanges('base')
  const cleared = { name: 'base', version: 0, settings: {}, clearedAt: peers.host.lastVersion + 1 }
  await peers.host.adopt([cleared])
  await peers.host.adopt([cleared])
  expect(engine.stats('base').entries).toBe(0)
  expect(await events.next()).toMatchObject({ value: { kind: 'CLEARED' } })
  await engine.stop()
  expect(await events.next()).toMatchObject({ done: true })
})

test('clears are told to peers that join later, with or without other changes', async () => {
  const { engine, peers } = await peerWith('base', 'quiet')
  await engine.clear('base')
  const [first] = peers.host.catalogue()
  expect(peers.host.catalogue()).toMatchObject([{ name: 'base', version: 0, settings: {} }])
  await engine.updateKeyspace('base', { ttlMs: 3 })
  await engine.clear('base')
  const [second] = peers.host.catalogue()
  expect(second).toMatchObject({ name: 'base', settings: { ttlMs: 3 } })
  expect(second!.clearedAt).toBeGreaterThan(first!.clearedAt)
})

test('a record that cannot be applied is logged, and the others are', async () => {
  const { engine, peers, logger } = await peerWith()
  const record = (name: string, settings: CatalogueRecord['settings']): CatalogueRecord => ({
    name,
    version: 10,
    settings,
    clearedAt: 0,
  })
  await peers.host.adopt([record('1st', {}), record('lost', { source: 'unknown' }), record('fine', {})])
  expect(engine.keyspaces().map(({ name }) => name)).toEqual(['fine'])
  expect(logger.lines.filter(({ level }) => level === 'warn')).toHaveLength(2)
})
