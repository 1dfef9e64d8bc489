/** What every peer serves: the same entries, and the same answers to the same queries. */
export const entryCount = 20_000

export const schemaText = /* GraphQL */ `
  scalar JSON
  type Query {
    entry(keyspace: String!, key: String!): Entry
    entries(keyspace: String!, keys: [String!]!): [Entry]!
  }
  type Entry {
    key: String!
    value: JSON
  }
`

export function keyAt(index) {
  return `city:${index}`
}

export function valueAt(index) {
  return {
    id: index,
    name: index % 10 === 0 ? `北京 ${index}` : `City ${index}`,
    country: ['CN', 'DE', 'FR', 'IN', 'US'][index % 5],
    population: 1000 + index * 7,
    location: { latitude: (index % 180) - 90 + 0.25, longitude: (index % 360) - 180 + 0.5 },
    alternateNames: [`c${index}`, `town ${index}`],
  }
}

/** The entries as objects, for peers that keep objects. */
export function objects() {
  return Array.from({ length: entryCount }, (_, index) => [keyAt(index), valueAt(index)])
}

/** Tells whoever started this process where it listens. */
export function announce(port) {
  process.send?.({ url: `http://127.0.0.1:${port}/graphql` })
  if (process.send === undefined) console.log(`http://127.0.0.1:${port}/graphql`)
}
