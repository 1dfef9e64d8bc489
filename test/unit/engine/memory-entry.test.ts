import { expect, it } from 'vitest'
import { MemoryEntry } from '../../../src/engine/memory-entry.ts'

function entryOf(times: { createdAtMs: number; expiresAtMs: number; nearUntilMs?: number }): MemoryEntry<string> {
  return new MemoryEntry({ key: 'a', slot: 1, encoded: '1', version: 1, tags: [], kind: 'NEAR', ...times })
}

it('keeps its times in whole milliseconds, none later than it was given', () => {
  const { createdAtMs, expiresAtMs, nearUntilMs } = entryOf({
    createdAtMs: 100.9,
    expiresAtMs: 700.9,
    nearUntilMs: 300.2,
  })
  expect({ createdAtMs, expiresAtMs, nearUntilMs }).toEqual({ createdAtMs: 100, expiresAtMs: 700, nearUntilMs: 300 })
})

it('may last for ever, and be no near copy', () => {
  const { expiresAtMs, nearUntilMs } = entryOf({ createdAtMs: 0.5, expiresAtMs: Infinity })
  expect({ expiresAtMs, nearUntilMs }).toEqual({ expiresAtMs: Infinity, nearUntilMs: undefined })
})
