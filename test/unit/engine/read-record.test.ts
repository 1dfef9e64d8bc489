import { describe, expect, test, vi } from 'vitest'
import type { Entry } from '../../../src/engine/entry.ts'
import { EntryView } from '../../../src/engine/entry-view.ts'
import { ReadRecord } from '../../../src/engine/read-record.ts'
import type { ReadResult } from '../../../src/engine/results.ts'
import { FedcacheError } from '../../../src/errors.ts'

/** An entry as it was read just now, with so long to live. */
function entry(
  key: string,
  terms: { servedFrom?: Entry['servedFrom']; ttlMs?: number; tags?: readonly string[] } = {},
) {
  const { servedFrom = 'OWNER', ttlMs = Infinity, tags = [] } = terms
  const stored = {
    key,
    encoded: '1',
    kind: 'LOADED',
    slot: 0,
    version: 1,
    createdAtMs: 0,
    expiresAtMs: ttlMs,
    tags,
    bytes: 1,
  } as const
  return new EntryView({ name: 'things', format: 'json', wallOffsetMs: () => 0 }, stored, servedFrom, null, 0)
}
const failed = new FedcacheError('SOURCE_FAILED', 'down')

describe('the summary of what was read', () => {
  test('counts where entries came from, and neither counts nor heeds what failed', () => {
    const reads = new ReadRecord()
    reads.note('things', [entry('a'), entry('b', { servedFrom: 'NEAR' }), failed, entry('c', { servedFrom: 'SOURCE' })])
    reads.note('others', [entry('d', { servedFrom: 'PEER' }), entry('e', { servedFrom: 'STALE' }), entry('f')])
    expect(reads.summary()).toEqual({
      remainingMs: Infinity,
      hits: 2,
      nearHits: 1,
      peerReads: 1,
      loads: 1,
      stale: 1,
      notFound: 0,
    })
  })

  test('lasts as long as its shortest-lived entry, counted from when the first was read', () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    try {
      const reads = new ReadRecord()
      reads.note('things', [entry('for ever'), entry('long', { ttlMs: 9_000 }), entry('short', { ttlMs: 1_000 })])
      vi.advanceTimersByTime(400)
      // Read later, and so less long ago than is counted.
      reads.note('things', [entry('later', { ttlMs: 2_000 })])
      expect(reads.summary().remainingMs).toBe(600)
      vi.advanceTimersByTime(1_000)
      expect(reads.summary().remainingMs).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })

  test('lasts no moment where something was not found, which may be put at any time', () => {
    const reads = new ReadRecord()
    reads.note('things', [null, entry('a')])
    expect(reads.summary()).toMatchObject({ notFound: 1, hits: 1, remainingMs: 0 })
  })

  test('has what single reads brought, as they come', () => {
    const reads = new ReadRecord()
    expect(reads.hasReadings).toBe(false)
    const singles: ReadResult[] = [entry('a')]
    reads.note('things', singles)
    reads.note('others', [entry('b')])
    singles.push(null)
    expect(reads.hasReadings).toBe(true)
    expect(reads.summary()).toMatchObject({ hits: 2, notFound: 1 })
  })
})

describe('shared caches', () => {
  test('may keep nothing unless they are told that they may', () => {
    const reads = new ReadRecord()
    reads.note('things', [entry('a')])
    expect(reads.isPublic).toBe(false)
  })

  test('may keep what was read only where all of it is public', () => {
    const reads = new ReadRecord((keyspace) => keyspace === 'open')
    reads.note('open', [entry('a')])
    expect(reads.isPublic).toBe(true)
    reads.note('closed', [entry('a')])
    expect(reads.isPublic).toBe(false)
  })
})

describe('the tags of what was read', () => {
  test('are keyspaces, entries and their own tags, each once, and none of what was not found or failed', () => {
    const reads = new ReadRecord()
    reads.note('things', [entry('a', { tags: ['red'] }), null, failed, entry('b', { tags: ['red', 'blue'] })])
    reads.note('things', [entry('a', { tags: ['red'] })])
    expect(reads.tags()).toEqual(['things', 'things/a', 'red', 'things/b', 'blue'])
  })

  test('are told per entity in the order of the references, with none for those that a gateway got nothing of', () => {
    const reads = new ReadRecord()
    expect(reads.hasEntities).toBe(false)
    expect(reads.entityTags()).toEqual([])
    reads.noteEntity(3, entry('d', { tags: ['red'] }))
    reads.noteEntity(0, entry('a'))
    reads.noteEntity(1, undefined)
    reads.noteEntity(0, entry('b'))
    expect(reads.hasEntities).toBe(true)
    expect(reads.entityTags()).toEqual([['things', 'things/a', 'things/b'], [], [], ['things', 'things/d', 'red']])
  })
})
