import { beforeEach, describe, expect, test } from 'vitest'
import { slotCount } from '../../../src/ports/index.ts'
import { viewHash } from '../../../src/cluster/placement.ts'
import { defaultTimings } from '../../../src/cluster/timings.ts'
import { View } from '../../../src/cluster/view.ts'
import { type FakeClock, fakeClock } from '../../support/fake-clock.ts'

let clock: FakeClock
let placed: string[]
let computed: boolean[]
let view: View

beforeEach(() => {
  clock = fakeClock()
  placed = []
  computed = []
  view = new View({
    clock,
    timings: defaultTimings,
    selfId: 'a',
    placed: () => placed,
    onComputed: (changed) => computed.push(changed),
  })
})

async function become(...peers: string[]): Promise<void> {
  placed = peers
  view.changed()
  await clock.advance(defaultTimings.coalesceMs)
}

const slots = Array.from({ length: slotCount }, (_, slot) => slot)

describe('a view', () => {
  test('of nobody owns nothing', async () => {
    expect(view.hash).toBe('')
    expect(view.owns(0)).toBe(false)
    expect(view.owner(0)).toBeUndefined()
    expect(view.deputy(0)).toBeUndefined()
    expect(view.slots('a')).toBe(0)
    expect(view.peers).toEqual([])
    await become()
    expect(computed).toEqual([false])
  })

  test('gathers changes for a moment, and counts when it is computed', async () => {
    placed = ['a']
    view.changed()
    await clock.advance(200)
    placed = ['b', 'a']
    view.changed()
    expect(view.stable).toBe(false)
    await clock.advance(49)
    expect(view.hash).toBe('')
    await clock.advance(1)
    expect(view.hash).toBe(viewHash(['a', 'b']))
    expect(view.stable).toBe(true)
    expect(computed).toEqual([true])
    expect(view.count).toBe(1)
  })

  test('shares all slots among its peers', async () => {
    await become('a', 'b', 'c')
    expect(view.slots('a') + view.slots('b') + view.slots('c')).toBe(slotCount)
    expect(view.slots('d')).toBe(0)
    expect(slots.filter((slot) => view.owns(slot))).toHaveLength(view.slots('a'))
    for (const slot of slots.slice(0, 100)) {
      expect(view.owns(slot)).toBe(view.owner(slot) === 'a')
      expect(view.deputy(slot)).not.toBe(view.owner(slot))
    }
    await become('a')
    expect(view.slots('a')).toBe(slotCount)
  })

  test('owns nothing where this peer is not placed', async () => {
    await become('b')
    expect(slots.some((slot) => view.owns(slot))).toBe(false)
    expect(view.owner(7)).toBe('b')
    expect(view.deputy(7)).toBeUndefined()
  })

  test('that comes out the same is no change', async () => {
    await become('a', 'b')
    await become('b', 'a')
    expect(computed).toEqual([true, false])
    expect(view.count).toBe(1)
  })

  test('remembers for a while who owned a slot before', async () => {
    await become('a')
    expect(view.previousOwner(0)).toBeUndefined()
    await become('a', 'b')
    expect(view.previousOwner(0)).toBe('a')
    await clock.advance(defaultTimings.previousMs - 1)
    expect(view.previousOwner(0)).toBe('a')
    await clock.advance(1)
    expect(view.previousOwner(0)).toBeUndefined()
  })

  test('is computed no more when it was stopped', async () => {
    placed = ['a']
    view.changed()
    view.stop()
    view.changed()
    await clock.advance(1_000)
    expect(view.hash).toBe('')
    expect(clock.pending).toBe(0)
  })
})
