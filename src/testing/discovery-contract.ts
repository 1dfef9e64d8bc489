import { deepStrictEqual, equal, match, notEqual, ok } from 'node:assert/strict'
import type { Discovery } from '../ports/index.ts'
import type { ContractCase } from './contract-case.ts'

/** A discovery provider under test, and what it should find. */
export interface DiscoveryFixture {
  readonly discovery: Discovery
  /** The servers that it should find at first, in any order. */
  readonly servers: readonly string[]
  /** Changes what there is to find, and gives the servers that it should find then. Left out where nothing changes. */
  readonly change?: () => Promise<readonly string[]>
  /** Frees everything, after `close`. */
  readonly dispose?: () => Promise<void>
}

/**
 * What every `Discovery` has to do: find the servers as URLs, again and again, tell of changes with the whole new set,
 * and stop telling. How soon it tells is not tested, but for the time limit of the test runner.
 *
 * @param make makes a provider with something to find; called once per case.
 */
export function discoveryContract(make: () => DiscoveryFixture | Promise<DiscoveryFixture>): readonly ContractCase[] {
  return Object.entries(cases).map(([name, test]) => ({
    name,
    async run() {
      const fixture = await make()
      try {
        await test(fixture)
        await fixture.discovery.close()
      } finally {
        await fixture.dispose?.()
      }
    },
  }))
}

const cases: Readonly<Record<string, (fixture: DiscoveryFixture) => Promise<void>>> = {
  async 'has a name'({ discovery }) {
    equal(typeof discovery.name, 'string')
    notEqual(discovery.name, '')
  },
  async 'finds the servers, each once, with scheme and port'({ discovery, servers }) {
    const found = await discovery.resolve()
    deepStrictEqual(found.toSorted(), servers.toSorted())
    equal(new Set(found).size, found.length)
    for (const server of found) match(server, /^(?:nats|tls):\/\/(?:[^/@\s:]+|\[[\da-fA-F:.]+\]):\d+$/)
  },
  async 'finds the same again, and when asked twice at once'({ discovery, servers }) {
    const answers = [...(await Promise.all([discovery.resolve(), discovery.resolve()])), await discovery.resolve()]
    for (const found of answers) deepStrictEqual(found.toSorted(), servers.toSorted())
  },
  async 'tells of a change with all servers, and finds them from then on'({ discovery, change }) {
    if (change === undefined || discovery.watch === undefined) return
    const told = Promise.withResolvers<readonly string[]>()
    const stop = await discovery.watch(told.resolve)
    const expected = await change()
    deepStrictEqual((await told.promise).toSorted(), expected.toSorted())
    deepStrictEqual((await discovery.resolve()).toSorted(), expected.toSorted())
    stop()
  },
  async 'tells nobody who has stopped watching'({ discovery, change }) {
    if (change === undefined || discovery.watch === undefined) return
    let calls = 0
    const stop = await discovery.watch(() => {
      calls++
    })
    stop()
    const told = Promise.withResolvers<void>()
    const stopOther = await discovery.watch(() => told.resolve())
    await change()
    await told.promise
    equal(calls, 0)
    stopOther()
    stop()
  },
  async 'tells nobody after it was closed, and may be closed twice'({ discovery, change }) {
    let isClosed = false
    await discovery.watch?.(() => {
      ok(!isClosed, 'told of a change after close')
    })
    await discovery.close()
    isClosed = true
    await change?.()
    await discovery.close()
  },
}
