import { describe, expect, test } from 'vitest'
import { checkHistory } from '../../fire/check-history.ts'
import { type FireKeyspace, History, type Read, type Write } from '../../fire/history.ts'

const read = (value: number | null, invokedMs: number, rest: Partial<Read> = {}): Read => ({
  kind: 'READ',
  via: 'p',
  invokedMs,
  completedMs: invokedMs + 5,
  value,
  code: undefined,
  servedFrom: 'OWNER',
  ...rest,
})
const write = (value: number | null, invokedMs: number, rest: Partial<Write> = {}): Write => ({
  kind: value === null ? 'DELETE' : 'PUT',
  via: 'q',
  invokedMs,
  completedMs: invokedMs + 5,
  value,
  outcome: 'OK',
  code: undefined,
  unconfirmed: [],
  ...rest,
})

function verdict(operations: readonly (Read | Write)[], keyspace: FireKeyspace = 'ledger', history = new History()) {
  const { reads, writes } = history.of(keyspace, 'key')
  for (const operation of operations) {
    if (operation.kind === 'READ') reads.push(operation)
    else writes.push(operation)
  }
  const { violations, excused } = checkHistory(history, { excusedForMs: 1_000 })
  return { reasons: violations.map(({ reason }) => reason), excused }
}

const fine = { reasons: [], excused: 0 }
const stale = { reasons: ['older than an acknowledged write'], excused: 0 }

describe('the checker of histories', () => {
  test.each<[string, (Read | Write)[], unknown]>([
    ['what was written last', [write(1, 0), read(1, 10)], fine],
    ['nothing before the first write', [read(null, 0), write(1, 10)], fine],
    ['nothing after a delete', [write(1, 0), write(null, 10), read(null, 20)], fine],
    ['either of what is under way', [write(1, 0), write(2, 10), read(1, 12), read(2, 12)], fine],
    [
      'either of two at once, whatever the order of their ends',
      [write(1, 0, { completedMs: 30 }), write(2, 10), read(1, 40), read(2, 40)],
      fine,
    ],
    [
      'an unknown write, then or never',
      [write(1, 0), write(2, 10, { outcome: 'UNKNOWN' }), read(1, 20), read(2, 900), read(1, 990)],
      fine,
    ],
    ['an older value', [write(1, 0), write(2, 10), read(1, 20)], stale],
    ['an older value after a delete', [write(1, 0), write(null, 10), read(1, 20)], stale],
    ['nothing where something is', [write(1, 0), read(null, 20)], stale],
    [
      'a value of the future',
      [read(1, 0), write(1, 10)],
      { reasons: ['nobody had written this value yet'], excused: 0 },
    ],
    [
      'a write that changed nothing',
      [write(1, 0, { outcome: 'NONE' }), read(1, 10)],
      { reasons: ['this write was said to have changed nothing'], excused: 0 },
    ],
    ['a failed reading', [write(1, 0), read(null, 20, { value: undefined, code: 'UNAVAILABLE' })], fine],
  ])('judges %s', (_what, operations, expected) => {
    expect(verdict(operations)).toEqual(expected)
  })

  test('lets a put without a source get lost, and not come back older', () => {
    expect(verdict([write(1, 0), read(null, 20)], 'notes')).toEqual(fine)
    expect(verdict([write(1, 0), write(2, 10), read(1, 20)], 'notes')).toEqual(stale)
  })

  test('wants what was invalidated to be read anew', () => {
    const invalidate = (value: number, atMs: number): Write => ({ ...write(value, atMs), kind: 'INVALIDATE' })
    expect(verdict([invalidate(5, 0), read(5, 10), read(7, 10)], 'feed')).toEqual(fine)
    expect(verdict([invalidate(5, 0), read(null, 10)], 'feed').reasons).toHaveLength(1)
    expect(verdict([invalidate(5, 0), invalidate(6, 10), read(5, 20)], 'feed').reasons).toHaveLength(1)
  })

  test('excuses a peer that was cut off, until it is back or its copies must have gone', () => {
    const history = new History()
    history.outages.push({ peer: 'p', fromMs: 5, untilMs: 500 })
    const old = [write(1, 0), write(2, 10), read(1, 100), read(1, 600)]
    expect(verdict(old, 'ledger', history)).toEqual({ ...stale, excused: 1 })
    expect(
      verdict([write(1, 0), write(2, 10), read(1, 100, { via: 'another' })], 'ledger', history).reasons,
    ).not.toEqual([])
  })

  test('excuses a peer that was listed as unconfirmed, for as long as its lease may last', () => {
    const unconfirmed = write(2, 10, { unconfirmed: ['p'] })
    expect(verdict([write(1, 0), unconfirmed, read(1, 100)])).toEqual({ reasons: [], excused: 1 })
    expect(verdict([write(1, 0), unconfirmed, read(1, 1_500)])).toEqual(stale)
    expect(verdict([write(1, 0), unconfirmed, read(1, 100, { via: 'another' })])).toEqual(stale)
  })
})
