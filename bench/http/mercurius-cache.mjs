/** The same with mercurius-cache: what the resolvers of queries return is kept by their arguments. */
import cachePlugin from 'mercurius-cache'
import { entriesInMemory, startMercurius } from './mercurius.mjs'

const cache = entriesInMemory()
await startMercurius(
  {
    Query: {
      entry: (_parent, { key }) => cache.get(key),
      entries: (_parent, { keys }) => keys.map((key) => cache.get(key)),
    },
  },
  {
    register: (app) =>
      app.register(cachePlugin, { ttl: 3600, all: true, storage: { type: 'memory', options: { size: 100_000 } } }),
  },
)
