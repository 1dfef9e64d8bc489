import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../temporary-folder.ts'

/** A stream of requests that a load generator repeats. */
export interface Workload {
  readonly name: string
  /** Names of the peers that can answer it; without it all. */
  readonly only?: readonly string[]
  /** Bodies of POSTs, sent in turn. */
  readonly bodies: readonly string[]
}

const entryCount = 20_000
const keyspace = 'cities'
const one = 'query Entry($keyspace: String!, $key: String!) { entry(keyspace: $keyspace, key: $key) { key value } }'
const many =
  'query Entries($keyspace: String!, $keys: [String!]!) { entries(keyspace: $keyspace, keys: $keys) { key value } }'
const entities =
  'query Entities($representations: [_Any!]!) { _entities(representations: $representations) { ... on Entry { key value } } }'

const typed = 'query Cities($ids: [ID!]!) { cities(ids: $ids) { name country { name } } }'

// The same sequence in every run: a multiplicative generator is enough to spread keys.
let state = 1
function nextKey(ofEntries = entryCount): string {
  state = (state * 48_271) % 2_147_483_647
  return `city:${state % ofEntries}`
}

function bodies(count: number, make: (index: number) => object): readonly string[] {
  return Array.from({ length: count }, (_, index) => JSON.stringify(make(index)))
}

const fiftyKeys = () => Array.from({ length: 50 }, () => nextKey())

/** What is measured over HTTP, in groups of those that are compared with one another. */
export const workloadGroups: readonly (readonly Workload[])[] = [
  [
    { name: 'one entry', bodies: bodies(500, () => ({ query: one, variables: { keyspace, key: nextKey() } })) },
    {
      name: '200 operations',
      bodies: bodies(200, (index) => ({
        query: one.replace('Entry(', `Entry${index}(`),
        variables: { keyspace, key: nextKey() },
      })),
    },
    {
      // No two have a field in common, for those that understand more than two requests.
      name: '200 different operations',
      only: ['fedcache', 'Mercurius + JIT', 'Apollo Server'],
      bodies: bodies(200, (index) => ({
        query: `query Entry${index}($space: String!, $key: String!) { e${index}: entry(keyspace: $space, key: $key) { k${index}: key v${index}: value } }`,
        variables: { space: keyspace, key: nextKey() },
      })),
    },
  ],
  [
    { name: '50 entries', bodies: bodies(200, () => ({ query: many, variables: { keyspace, keys: fiftyKeys() } })) },
    {
      name: '50 _entities',
      only: ['fedcache'],
      bodies: bodies(200, () => ({
        query: entities,
        variables: { representations: fiftyKeys().map((key) => ({ __typename: 'Entry', keyspace, key })) },
      })),
    },
  ],
  [
    {
      name: '50 typed cities',
      only: ['fedcache', 'node:http, objects', 'Mercurius + JIT', 'Mercurius + JIT + DataLoader'],
      bodies: bodies(200, () => ({ query: typed, variables: { ids: fiftyKeys() } })),
    },
  ],
]

/** All of them. */
export const workloads: readonly Workload[] = workloadGroups.flat()

/** Queries for some entries of many at once. */
export function entriesWorkload(keyCount: number, ofEntries: number, bodyCount: number): Workload {
  const keys = (): readonly string[] => Array.from({ length: keyCount }, () => nextKey(ofEntries))
  return {
    name: `${keyCount} of ${ofEntries}`,
    bodies: bodies(bodyCount, () => ({ query: many, variables: { keyspace, keys: keys() } })),
  }
}

/** Writes the script that makes wrk send a workload; returns its path. */
export function wrkScript(workload: Workload): string {
  const path = join(temporaryFolder(), 'workload.lua')
  const lines = workload.bodies.map((body) => `  ${JSON.stringify(body).replaceAll(/[\u0080-\uffff]/g, '?')},`)
  writeFileSync(
    path,
    `local bodies = {\n${lines.join('\n')}\n}
wrk.method = 'POST'
wrk.headers['content-type'] = 'application/json'
local index = 0
request = function()
  index = index % #bodies + 1
  return wrk.format(nil, nil, nil, bodies[index])
end
`,
  )
  return path
}
