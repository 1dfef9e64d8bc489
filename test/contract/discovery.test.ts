import { describe, expect, test } from 'vitest'
import { type DiscoveryFixture, discoveryContract } from '../../src/testing.ts'

/** A provider that a test turns by hand. */
function manualDiscovery(
  spoil: { readonly staysOnStop?: boolean; readonly tellsPart?: boolean } = {},
): DiscoveryFixture {
  let servers: readonly string[] = ['nats://one:4222', 'tls://[::1]:4222']
  const watchers = new Set<(servers: readonly string[]) => void>()
  return {
    servers,
    discovery: {
      name: 'manual',
      resolve: async () => servers,
      async watch(onChange) {
        watchers.add(onChange)
        return () => {
          if (spoil.staysOnStop !== true) watchers.delete(onChange)
        }
      },
      close: async () => watchers.clear(),
    },
    async change() {
      servers = ['nats://two:4222', 'nats://three:4222']
      for (const watcher of watchers) watcher(spoil.tellsPart === true ? servers.slice(1) : servers)
      return servers
    },
  }
}

describe('a provider that keeps the contract', () => {
  for (const { name, run } of discoveryContract(() => manualDiscovery())) test(name, run)
})

test.each([
  ['tells nobody who has stopped watching', { staysOnStop: true }],
  ['tells of a change with all servers, and finds them from then on', { tellsPart: true }],
])('a provider that breaks it is found out: %s', async (broken, spoil) => {
  const failed: string[] = []
  for (const { name, run } of discoveryContract(() => manualDiscovery(spoil))) {
    await run().catch(() => failed.push(name))
  }
  expect(failed).toStrictEqual([broken])
})
