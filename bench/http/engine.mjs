import { createFedcache } from '../../src/server.ts'
import { countries, entryCount, keyAt, valueAt } from './data.mjs'

const indexOf = (key) => Number(key.slice('city:'.length))

const countriesByCode = countries()

const typeDefs = `
  type City @key(fields: "id") @keyspace(name: "cities", many: "cities") {
    id: ID!
    name: String!
    population: Int!
    country: Country @entry(key: "country")
  }
  type Country @key(fields: "code") @keyspace(name: "countries") {
    code: ID!
    name: String!
    capital: String
    region: String!
  }
`

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
      countries: {
        source: { name: 'countries', loadMany: async (codes) => codes.map((code) => countriesByCode.get(code)) },
        ttl: '1d',
      },
    },
    subgraph: { typeDefs },
  })
  const { url } = await fedcache.listen()
  const keys = Array.from({ length: entryCount }, (_, index) => keyAt(index))
  const { loaded } = await fedcache.engine.warm('cities', keys)
  if (loaded !== entryCount) throw new Error(`loaded ${loaded}`)
  await fedcache.engine.warm('countries', [...countriesByCode.keys()])
  return { fedcache, engine: fedcache.engine, url }
}
