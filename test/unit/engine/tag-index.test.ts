import { describe, expect, test } from 'vitest'
import { after, type EngineFixture, engineOver } from '../../support/engine-fixture.ts'
import { answeringSource } from '../../support/scripted-source.ts'

const keys = (count: number, prefix: string): string[] => Array.from({ length: count }, (_, index) => prefix + index)

async function putAll(
  { engine, clock }: EngineFixture,
  all: readonly string[],
  value: unknown,
  tags: readonly string[],
) {
  for (let from = 0; from < all.length; from += 1000) {
    const entries = all.slice(from, from + 1000).map((key) => ({ key, value, tags }))
    await after(clock, 0, engine.putMany('things', entries))
  }
}

/** Those of the keys that have an entry. */
async function present({ engine }: EngineFixture, all: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (let from = 0; from < all.length; from += 1000) {
    const part = all.slice(from, from + 1000)
    const results = await engine.getMany('things', part)
    found.push(...part.filter((_, index) => results[index] !== null))
  }
  return found
}

describe('a tag invalidation', () => {
  test('drops the entries that carry one of the tags, and no others', async () => {
    const fixture = engineOver(undefined)
    await putAll(fixture, ['a'], 1, ['red', 'round'])
    await putAll(fixture, ['b'], 1, ['blue'])
    await putAll(fixture, ['c'], 1, ['green', 'round'])
    await putAll(fixture, ['d'], 1, [])
    await fixture.engine.invalidateTags('things', ['red', 'green', 'unheard of'])
    expect(await present(fixture, ['a', 'b', 'c', 'd'])).toEqual(['b', 'd'])
    expect(fixture.engine.stats('things').entries).toBe(2)
  })

  test('follows the tags that an entry has now', async () => {
    const fixture = engineOver(undefined)
    await putAll(fixture, ['a', 'b'], 1, ['red'])
    await putAll(fixture, ['a'], 2, ['blue'])
    await fixture.engine.invalidateTags('things', ['red'])
    expect(await present(fixture, ['a', 'b'])).toEqual(['a'])
    await fixture.engine.invalidateTags('things', ['blue'])
    expect(await present(fixture, ['a'])).toEqual([])
  })

  test('takes effect at once on more entries than are dropped in one go', async () => {
    const fixture = engineOver(undefined)
    const all = keys(5_000, 'k')
    await putAll(fixture, all, 1, ['red'])
    await fixture.engine.invalidateTags('things', ['red'])
    expect(fixture.engine.stats('things').entries).toBe(3_000)
    expect(await present(fixture, all)).toEqual([])
    expect(fixture.engine.readNow('things', 'k4500')).toBeUndefined()
    await fixture.clock.advance(0)
    expect(fixture.engine.stats('things')).toMatchObject({ entries: 0, bytes: 0 })
    expect(fixture.clock.pending).toBe(0)
  })

  test('does not drop what was put after it, however late the old entries go', async () => {
    const fixture = engineOver(undefined)
    const all = keys(5_000, 'k')
    await putAll(fixture, all, 1, ['red'])
    await fixture.engine.invalidateTags('things', ['red'])
    await fixture.engine.put('things', { key: 'k4500', value: 2, tags: ['red'] })
    await fixture.engine.put('things', { key: 'k4600', value: 2 })
    await fixture.clock.advance(0)
    expect(await present(fixture, all)).toEqual(['k4500', 'k4600'])
    await fixture.engine.invalidateTags('things', ['red'])
    expect(await present(fixture, all)).toEqual(['k4600'])
  })

  test('leaves what is put under the same tag while it is still dropping to be read at once', async () => {
    const fixture = engineOver(undefined)
    const all = keys(5_000, 'k')
    await putAll(fixture, all, 1, ['red'])
    await fixture.engine.invalidateTags('things', ['red'])
    await fixture.engine.put('things', { key: 'k4500', value: 2, tags: ['red'] })
    await fixture.engine.put('things', { key: 'new', value: 2, tags: ['red'] })
    expect(fixture.clock.pending).toBe(1)
    expect(await present(fixture, ['k4499', 'k4500', 'new'])).toEqual(['k4500', 'new'])
  })

  test('comes again while the first is still dropping', async () => {
    const fixture = engineOver(undefined)
    const all = keys(5_000, 'k')
    await putAll(fixture, all, 1, ['red'])
    await fixture.engine.invalidateTags('things', ['red'])
    const second = all.slice(2_500, 5_000)
    const entries = second.map((key) => ({ key, value: 2, tags: ['red'] }))
    for (let from = 0; from < entries.length; from += 500) {
      await fixture.engine.putMany('things', entries.slice(from, from + 500))
    }
    await fixture.engine.invalidateTags('things', ['red'])
    expect(await present(fixture, all)).toEqual([])
    await fixture.clock.advance(0)
    expect(fixture.engine.stats('things').entries).toBe(0)
  })

  test('that is still dropping when the keyspace is cleared leaves what is put afterwards alone', async () => {
    const fixture = engineOver(undefined)
    const all = keys(5_000, 'k')
    await putAll(fixture, all, 1, ['red'])
    await fixture.engine.invalidateTags('things', ['red'])
    await fixture.engine.clear('things')
    await fixture.engine.put('things', { key: 'k4500', value: 2, tags: ['red'] })
    await fixture.engine.put('things', { key: 'k4600', value: 2 })
    await fixture.clock.advance(0)
    expect(await present(fixture, all)).toEqual(['k4500', 'k4600'])
  })

  test('forgets entries that were evicted', async () => {
    const fixture = engineOver(undefined, { maxEntries: 2 })
    await putAll(fixture, ['a', 'b', 'c'], 1, ['red'])
    await fixture.engine.put('things', { key: 'a', value: 2 })
    await fixture.engine.invalidateTags('things', ['red'])
    expect(await present(fixture, ['a', 'b', 'c'])).toEqual(['a'])
  })

  test('does not ask the source, and the next read does', async () => {
    const source = answeringSource(() => 1)
    const { engine, clock } = engineOver(source, { tags: () => ['red'] })
    await after(clock, 0, engine.get('things', 'a'))
    expect(await engine.invalidateTags('things', ['red'])).toEqual({ confirmedBy: ['here'], unconfirmed: [] })
    expect(source.calls).toHaveLength(1)
    await after(clock, 0, engine.get('things', 'a'))
    expect(source.calls).toHaveLength(2)
  })
})
