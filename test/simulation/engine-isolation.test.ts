import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ReadResult } from '../../src/engine/results.ts'
import { FedcacheError } from '../../src/errors.ts'
import type { Source } from '../../src/ports/index.ts'
import { engineFixture, keyspaceDefinition } from '../support/engine-fixture.ts'
import { type FakeClock, fakeClock, settled } from '../support/fake-clock.ts'
import { propertySettings } from '../support/property-settings.ts'

// Promise 6: a slow or failing key, keyspace or source delays and fails nothing beyond the bulk load that it shares, and
// nobody's deadline harms another reader. What every reader gets, and when, is worked out here from the bulk calls alone.

const readTimeoutMs = 1_000
const keyspaces = ['one', 'two'] as const
const malformed = ['', 'x'.repeat(2_000), '\ud800']

interface Behaviour {
  /** How long a bulk call takes; half milliseconds, so that nothing else happens at the same moment. */
  readonly delayMs: number
  readonly ending: 'answers' | 'fails' | 'hangs' | 'fails one key' | 'answers too few'
}

interface Call {
  readonly keys: readonly string[]
  readonly startMs: number
  readonly endMs: number
  readonly results: readonly string[]
}

interface Reader {
  readonly atMs: number
  readonly keyspace: (typeof keyspaces)[number]
  readonly keys: readonly string[]
  readonly timeoutMs: number | undefined
}

const behaviour: fc.Arbitrary<Behaviour> = fc.record({
  delayMs: fc.integer({ min: 0, max: 600 }).map((delay) => delay + 0.5),
  ending: fc.constantFrom('answers', 'answers', 'answers', 'fails', 'hangs', 'fails one key', 'answers too few'),
})
const reader: fc.Arbitrary<Reader> = fc.record({
  atMs: fc.integer({ min: 0, max: 900 }),
  keyspace: fc.constantFrom(...keyspaces),
  keys: fc.array(fc.oneof({ weight: 8, arbitrary: fc.nat(9).map(String) }, fc.constantFrom(...malformed)), {
    minLength: 1,
    maxLength: 5,
  }),
  // Quarters of a millisecond, for the same reason.
  timeoutMs: fc.option(
    fc.integer({ min: 1, max: 1_200 }).map((timeout) => timeout + 0.25),
    { nil: undefined },
  ),
})

/** A source whose nth call behaves as the nth of `behaviours` says, and which notes what it did. */
function troubledSource(
  clock: FakeClock,
  name: string,
  behaviours: readonly Behaviour[],
): Source & { readonly calls: Call[] } {
  const calls: Call[] = []
  return {
    name,
    calls,
    loadMany(keys) {
      const { delayMs, ending } = behaviours[calls.length % behaviours.length]!
      const startMs = clock.monotonic()
      const timesOut = ending === 'hangs' || delayMs >= readTimeoutMs
      const result = timesOut
        ? 'SOURCE_TIMEOUT'
        : ending === 'fails' || ending === 'answers too few'
          ? 'SOURCE_FAILED'
          : 'value'
      calls.push({
        keys,
        startMs,
        endMs: startMs + (timesOut ? readTimeoutMs : delayMs),
        results: keys.map((_, index) => (index === 0 && ending === 'fails one key' ? 'SOURCE_FAILED' : result)),
      })
      return new Promise((resolve, reject) => {
        if (ending === 'hangs') return
        clock.setTimer(() => {
          if (ending === 'fails') reject(new Error('down'))
          else if (ending === 'answers too few') resolve(keys.slice(1).map(() => 'value'))
          else resolve(keys.map((_, index) => (index === 0 && ending === 'fails one key' ? new Error('no') : 'value')))
        }, delayMs)
      })
    },
  }
}

/** What a reader gets for a key, and when: from the first call for the key that ends after the reader came. */
function expected(calls: readonly Call[], { atMs, timeoutMs }: Reader, key: string): { result: string; ms: number } {
  if (malformed.includes(key)) return { result: 'BAD_USER_INPUT', ms: atMs }
  const ofKey = calls.filter((call) => call.keys.includes(key))
  const resultOf = (call: Call): string => call.results[call.keys.indexOf(key)]!
  if (ofKey.some((call) => call.endMs <= atMs && resultOf(call) === 'value')) return { result: 'value', ms: atMs }
  const call = ofKey.find(({ endMs }) => endMs > atMs)!
  const deadlineMs = atMs + Math.min(timeoutMs ?? Infinity, readTimeoutMs)
  if (call.endMs < deadlineMs) return { result: resultOf(call), ms: call.endMs }
  // A flight that is out of time is the source's fault, one that is not only too late for this reader.
  return { result: call.startMs + readTimeoutMs <= deadlineMs ? 'SOURCE_TIMEOUT' : 'READ_TIMEOUT', ms: deadlineMs }
}

const resultOf = (result: ReadResult): string =>
  result instanceof FedcacheError ? result.code : String(result === null ? null : result.value)

async function run(
  behaviours: Readonly<Record<(typeof keyspaces)[number], readonly Behaviour[]>>,
  maxBatchSize: number,
  readers: readonly Reader[],
): Promise<void> {
  const clock = fakeClock()
  const sources = {
    one: troubledSource(clock, 'one', behaviours.one),
    two: troubledSource(clock, 'two', behaviours.two),
  }
  const { engine } = engineFixture(
    keyspaces.map((name) => keyspaceDefinition({ maxBatchSize, readTimeoutMs, ttlMs: Infinity }, sources[name], name)),
    { clock },
  )
  const seen: { results: readonly string[]; ms: number }[] = []
  const startMs = clock.monotonic()
  for (const [index, { atMs, keyspace, keys, timeoutMs }] of readers.entries()) {
    clock.setTimer(() => {
      void engine.getMany(keyspace, keys, timeoutMs === undefined ? {} : { timeoutMs }).then((results) => {
        seen[index] = { results: results.map(resultOf), ms: clock.monotonic() - startMs }
      })
    }, atMs)
  }
  await clock.advance(3_000)
  await settled()
  for (const [index, one] of readers.entries()) {
    const calls = sources[one.keyspace].calls.map((call) => ({
      ...call,
      startMs: call.startMs - startMs,
      endMs: call.endMs - startMs,
    }))
    const wanted = one.keys.map((key) => expected(calls, one, key))
    expect({ reader: one, ...seen[index] }).toEqual({
      reader: one,
      results: wanted.map(({ result }) => result),
      ms: Math.max(...wanted.map(({ ms }) => ms)),
    })
  }
  for (const { calls } of Object.values(sources)) {
    for (const call of calls) expect(call.keys.length).toBeLessThanOrEqual(maxBatchSize)
  }
}

test('nobody waits for, or fails with, anything but the bulk load that brings what they asked for', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        one: fc.array(behaviour, { minLength: 1, maxLength: 6 }),
        two: fc.array(behaviour, { minLength: 1, maxLength: 6 }),
      }),
      fc.constantFrom(1, 2, 3, 10),
      fc.array(reader, { minLength: 1, maxLength: 20 }),
      run,
    ),
    propertySettings(300),
  )
}, 60_000)
