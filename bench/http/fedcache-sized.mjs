/** A fedcache whose values have VALUE_BYTES bytes and whose keyspace holds ENTRIES of them. */
import { keepRequestsYoung } from '../../src/cli/young-requests.ts'
import { createFedcache } from '../../src/server.ts'

// As `fedcache serve` does.
keepRequestsYoung()

const bytes = Number(process.env.VALUE_BYTES)
const entries = Number(process.env.ENTRIES)
const loadMany = async (keys) => keys.map((key) => key + 'x'.repeat(Math.max(0, bytes - key.length)))
const fedcache = createFedcache({
  port: 0,
  log: { level: 'error' },
  keyspaces: { cities: { source: { name: 'cities', loadMany }, ttl: '1d', maxBytes: '2gb' } },
  memoryLimit: '2gb',
})
const { url } = await fedcache.listen()
for (let from = 0; from < entries; from += 10_000) {
  const keys = Array.from({ length: Math.min(10_000, entries - from) }, (_, index) => `city:${from + index}`)
  await fedcache.engine.warm('cities', keys)
}
process.send?.({ url })
