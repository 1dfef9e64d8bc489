import { expect, test } from 'vitest'
import { systemClock } from '../../../src/adapters/clock/system-clock.ts'
import { Engine } from '../../../src/engine/engine.ts'
import { noPeers } from '../../../src/engine/no-peers.ts'
import { keyspaceDefinition, memoryLogger, plainLimits, plainPolicy } from '../../support/engine-fixture.ts'

// On the machine's own clocks, whose milliseconds begin at different moments.
function engine(): Engine {
  return new Engine({
    keyspaces: [keyspaceDefinition()],
    sources: new Map(),
    defaultPolicy: plainPolicy,
    memoryLimit: 2 ** 26,
    limits: plainLimits,
    clock: systemClock(),
    logger: memoryLogger(),
    peers: noPeers({ name: 'alone', peerId: 'here', incarnation: 'first', url: () => null }),
  })
}

test('an entry that was put until a moment ends at that moment, whenever it is read', async () => {
  const cache = engine()
  const expiresAt = new Date(Math.ceil(Date.now() / 1000) * 1000 + 3_600_000)
  for (let index = 0; index < 200; index++) {
    const { entry } = await cache.put('things', { key: `${index}`, value: index, expiresAt })
    expect(entry.expiresAt).toEqual(expiresAt)
    const read = await cache.get('things', `${index}`)
    expect(read).toMatchObject({ expiresAt, createdAt: entry.createdAt, version: entry.version })
  }
})

test('an entry was made between the moments before and after its put, and its lifetime is what was given', async () => {
  const cache = engine()
  for (let index = 0; index < 200; index++) {
    const before = Date.now()
    const { entry } = await cache.put('things', { key: `${index}`, value: index, ttlMs: 60_000 })
    expect(entry.createdAt.getTime()).toBeGreaterThanOrEqual(before - clockToleranceMs)
    expect(entry.createdAt.getTime()).toBeLessThanOrEqual(Date.now() + clockToleranceMs)
    expect(entry.ageMs + entry.ttlMs!).toBe(60_000)
  }
})

/** How far the machine's two clocks may come apart before the offset between them is taken anew, and then some. */
const clockToleranceMs = 100
