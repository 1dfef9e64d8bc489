import { readFileSync } from 'node:fs'
import { env } from 'node:process'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { defineConfig, type Source, sqliteSource } from 'fedcache'
import { buildAtlas } from './build-atlas.ts'

const path = fileURLToPath(new URL('atlas.sqlite', import.meta.url))

/** A source that makes the atlas before it opens it, so that a first start needs nothing but the packages. */
function atlas(source: Source): Source {
  return {
    ...source,
    async start() {
      await buildAtlas(path)
      await source.start?.()
    },
  }
}

/** Keys of the biggest cities. `ATLAS_WARM=1` loads them at start; without it the first reads are misses. */
function biggestCities(): readonly string[] {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    const rows = database.prepare('select cityId from cities order by population desc limit 500').all()
    return rows.map(({ cityId }) => `${cityId as number}`)
  } finally {
    database.close()
  }
}

/** The operations of queries.graphql, one tab each, with the comment above them. */
function tabs(): { query: string }[] {
  const text = readFileSync(new URL('queries.graphql', import.meta.url), 'utf8')
  return text.split(/^# -{3,}\n/m).flatMap((part) => (part.trim() === '' ? [] : [{ query: part.trim() }]))
}

/** The types that clients and gateways see: fields of the stored values, and the country that a city's code means. */
const typeDefs = `
  "A city of more than 1,000 people."
  type City @key(fields: "id") @keyspace(name: "cities", one: "city", many: "cities") {
    "Its number at GeoNames."
    id: ID!
    name: String!
    population: Int!
    latitude: Float!
    longitude: Float!
    country: Country @entry(key: "country")
  }

  "A country."
  type Country @key(fields: "code") @keyspace(name: "countries", one: "country", many: "countries") {
    "Two letters, such as CN."
    code: ID!
    name: String!
    capital: String
    region: String!
    flag: String!
    neighbours: [Country!]! @entry(key: "neighbours")
  }
`

export default defineConfig({
  http: { graphiql: { tabs: tabs() } },
  subgraph: { typeDefs },
  keyspaces: {
    cities: {
      source: atlas(
        sqliteSource({
          name: 'atlas-cities',
          path,
          table: 'cities',
          keyColumn: 'cityId',
          tags: (row) => [`country:${row['country'] as string}`],
        }),
      ),
      ttl: '10m',
      ...(env['ATLAS_WARM'] === '1' ? { warmKeys: biggestCities } : {}),
    },
    countries: {
      source: atlas(sqliteSource({ name: 'atlas-countries', path, table: 'countries', keyColumn: 'code' })),
      ttl: '1h',
    },
    // No source: entries are only put, and live in memory.
    notes: { ttl: 'forever', maxBytes: '16mb' },
  },
})
