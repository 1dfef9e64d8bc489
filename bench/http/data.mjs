/** What every peer serves: the same entries, and the same answers to the same queries. */
export const entryCount = 20_000
export const countryCount = 250

export const schemaText = /* GraphQL */ `
  scalar JSON
  type Query {
    entry(keyspace: String!, key: String!): Entry
    entries(keyspace: String!, keys: [String!]!): [Entry]!
    cities(ids: [ID!]!): [City]!
  }
  type City {
    id: ID!
    name: String!
    population: Int!
    country: Country
  }
  type Country {
    code: ID!
    name: String!
    capital: String
    region: String!
  }
  type Entry {
    key: String!
    value: JSON
  }
`

export function keyAt(index) {
  return `city:${index}`
}

/** Two letters. */
export function codeAt(index) {
  return String.fromCharCode(65 + Math.floor(index / 26), 65 + (index % 26))
}

export function countryAt(index) {
  const code = codeAt(index)
  return { code, name: `Country ${index}`, capital: `Capital of ${code}`, region: index % 2 === 0 ? 'North' : 'South' }
}

export function valueAt(index) {
  return {
    id: index,
    name: index % 10 === 0 ? `北京 ${index}` : `City ${index}`,
    country: codeAt(index % countryCount),
    population: 1000 + index * 7,
    location: { latitude: (index % 180) - 90 + 0.25, longitude: (index % 360) - 180 + 0.5 },
    alternateNames: [`c${index}`, `town ${index}`],
  }
}

/** The entries as objects, for peers that keep objects. */
export function objects() {
  return Array.from({ length: entryCount }, (_, index) => [keyAt(index), valueAt(index)])
}

/** The countries of cities, by code. */
export function countries() {
  return new Map(Array.from({ length: countryCount }, (_, index) => [codeAt(index), countryAt(index)]))
}

/** Tells whoever started this process where it listens. */
export function announce(port) {
  process.send?.({ url: `http://127.0.0.1:${port}/graphql` })
  if (process.send === undefined) console.log(`http://127.0.0.1:${port}/graphql`)
}
