import { expect, test } from 'vitest'
import { Arrival, Flights } from '../../../src/engine/flights.ts'
import { noTags } from '../../../src/engine/input-limits.ts'
import { MemoryEntry } from '../../../src/engine/memory-entry.ts'
import { heapInUseBytes, heapLeftByMinorCollectionsBytes } from '../../support/heap.ts'

const mib = 1024 * 1024

/** Takes many keys there and back, all at once: 4 MiB of values. */
function wave(flights: Flights): void {
  const underWay = Array.from({ length: 4_096 }, (_, index) => flights.begin(`key ${index}`, 0, Infinity))
  for (const flight of underWay) {
    const { key, slot } = flight
    const encoded = Buffer.alloc(1_024, 'x').toString('latin1')
    const times = { createdAtMs: 0, expiresAtMs: 1, nearUntilMs: undefined }
    const entry = new MemoryEntry({ key, encoded, kind: 'NEAR', slot, version: 1, ...times, tags: noTags })
    flights.end(flight, noTags)
    flight.land(new Arrival(entry, 'PEER', 0))
  }
}

test('what has landed is found by minor collections, and does not stay until the next full one', () => {
  const flights = new Flights()
  for (let round = 0; round < 5; round++) wave(flights)
  // What stands for long is old, and so are the tables of the flights.
  const beforeBytes = heapInUseBytes()
  for (let round = 0; round < 25; round++) {
    wave(flights)
    heapLeftByMinorCollectionsBytes()
  }
  expect((heapLeftByMinorCollectionsBytes() - beforeBytes) / mib).toBeLessThan(25)
})
