import type { Entry, StoredEntry } from 'fedcache'
import { expect, test } from 'vitest'
import { after, engineFixture, engineOver, keyspaceDefinition } from '../../support/engine-fixture.ts'
import { scriptedPeers } from '../../support/scripted-peers.ts'
import { answeringSource } from '../../support/scripted-source.ts'

function attempt(work: () => unknown): void {
  expect(work).toThrow(TypeError)
}

test('tags cannot be changed by a reader, however the entry came to be', async () => {
  const { engine, clock } = engineOver(
    answeringSource((key) => key),
    { tags: (key) => (key === 'plain' ? [] : ['loaded']) },
  )
  const { entry } = await engine.put('things', { key: 'put', value: 1, tags: ['put'] })
  const entries = [
    entry,
    await after(clock, 0, engine.get('things', 'a')),
    await after(clock, 0, engine.get('things', 'plain')),
  ]
  for (const read of entries) attempt(() => (read!.tags as string[]).push('evil'))
  expect((await engine.get('things', 'put'))?.tags).toEqual(['put', 'loaded'])
  expect((await engine.get('things', 'plain'))?.tags).toEqual([])
})

test('tags of what another peer sent cannot be changed either', async () => {
  const peers = scriptedPeers()
  peers.owners.set('a', 'there')
  const { engine, clock } = engineFixture([keyspaceDefinition()], { peers })
  const reading = engine.getMany('things', ['a', 'ab'])
  await clock.advance(0)
  const of = (key: string, tags: readonly string[]) => ({
    kind: 'ENTRY' as const,
    entry: { key, encoded: '1', version: 1, tags, ageMs: 0, ttlMs: 1_000 },
    servedFrom: 'OWNER' as const,
  })
  peers.questions[0]!.answer([of('a', ['red']), of('ab', [])])
  for (const entry of await reading) attempt(() => ((entry as Entry).tags as string[]).push('evil'))
})

test('as JSON an entry is its public fields and its value, once', async () => {
  const formats = (['json', 'text', 'bytes'] as const).map((format) =>
    keyspaceDefinition({ format }, undefined, format),
  )
  const { engine, clock } = engineFixture(formats)
  await engine.put('json', { key: 'a', value: { city: '北京' }, tags: ['t'] })
  await engine.put('text', { key: 'a', text: '北京', ttlMs: 50 })
  await engine.put('bytes', { key: 'a', bytes: Uint8Array.of(0, 255) })
  await clock.advance(10)
  const [json, text, bytes] = await Promise.all(['json', 'text', 'bytes'].map((name) => engine.get(name, 'a')))
  expect(JSON.parse(JSON.stringify(json))).toEqual({
    keyspace: 'json',
    key: 'a',
    format: 'json',
    value: { city: '北京' },
    size: 17,
    version: json!.version,
    createdAt: json!.createdAt.toISOString(),
    expiresAt: json!.expiresAt!.toISOString(),
    ttlMs: json!.ttlMs,
    ageMs: 10,
    stale: false,
    servedFrom: 'OWNER',
    owner: 'here',
    tags: ['t'],
  })
  expect(JSON.parse(JSON.stringify(text))).toMatchObject({ text: '北京', ttlMs: 40 })
  expect(JSON.parse(JSON.stringify(bytes))).toMatchObject({ bytes: 'AP8=' })
  for (const entry of [text, bytes]) expect(JSON.stringify(entry)).not.toContain('"value"')
})

test('the stored entry has a type that can be named', async () => {
  const { engine } = engineOver(undefined)
  const stored: StoredEntry = (await engine.put('things', { key: 'a', value: 1 })).entry.stored
  expect(stored).toMatchObject({ key: 'a', encoded: '1', kind: 'PUT' })
})
