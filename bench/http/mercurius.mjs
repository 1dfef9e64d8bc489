/** Mercurius with its JIT over objects in lru-cache; nothing has to be parsed. */
import Fastify from 'fastify'
import { LRUCache } from 'lru-cache'
import mercurius from 'mercurius'
import { announce, countries, objects, schemaText } from './data.mjs'

export function entriesInMemory() {
  const cache = new LRUCache({ max: 100_000 })
  for (const [key, value] of objects()) cache.set(key, { key, value })
  return cache
}

export async function startMercurius(resolvers, { context, register } = {}) {
  const app = Fastify()
  app.register(mercurius, { schema: schemaText, resolvers, jit: 1, ...(context === undefined ? {} : { context }) })
  await register?.(app)
  await app.listen({ port: 0, host: '127.0.0.1' })
  announce(app.server.address().port)
}

if (process.argv[1]?.endsWith('/mercurius.mjs')) {
  const cache = entriesInMemory()
  const byCode = new LRUCache({ max: 1000 })
  for (const [code, country] of countries()) byCode.set(code, country)
  await startMercurius({
    Query: {
      entry: (_parent, { key }) => cache.get(key),
      entries: (_parent, { keys }) => keys.map((key) => cache.get(key)),
      cities: (_parent, { ids }) => ids.map((id) => cache.get(id).value),
    },
    City: { country: (city) => byCode.get(city.country) },
  })
}
