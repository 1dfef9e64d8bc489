import { createFedcache } from '../../src/server.ts'
import { entryCount, keyAt, valueAt } from './data.mjs'

const indexOf = (key) => Number(key.slice('city:'.length))

/** A fedcache with all entries in memory. */
export async function filledFedcache() {
  const fedcache = createFedcache({
    port: 0,
    log: { level: 'error' },
    keyspaces: {
      cities: {
        source: { name: 'cities', loadMany: async (keys) => keys.map((key) => valueAt(indexOf(key))) },
        ttl: '1d',
      },
    },
  })
  const { url } = await fedcache.listen()
  const keys = Array.from({ length: entryCount }, (_, index) => keyAt(index))
  const { loaded } = await fedcache.engine.warm('cities', keys)
  if (loaded !== entryCount) throw new Error(`loaded ${loaded}`)
  return { fedcache, engine: fedcache.engine, url }
}
