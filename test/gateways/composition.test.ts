import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { composeServices as composeApollo } from '@apollo/composition'
import { composeServices as composeHive } from '@theguild/federation-composition'
import { federateSubgraphs } from '@wundergraph/composition'
import { gql } from 'graphql-tag'
import { describe, expect, it } from 'vitest'

type Named = Readonly<Record<string, string>>

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const atlas = path('../../examples/atlas/fedcache.config.ts')
const products = path('support/products/fedcache.config.ts')

const printed = new Map<string, string>()

/** What `fedcache schema` prints; a process is started once for the same question. */
function schema(config: string, ...flags: readonly string[]): string {
  const args = [path('../../src/cli.ts'), 'schema', '--config', config, ...flags]
  const sdl = printed.get(args.join(' ')) ?? execFileSync(process.execPath, args, { encoding: 'utf8' })
  printed.set(args.join(' '), sdl)
  return sdl
}

function problemsOfApollo(subgraphs: Named): readonly string[] {
  const services = Object.entries(subgraphs).map(([name, sdl]) => ({ name, url: '', typeDefs: gql(sdl) }))
  return (composeApollo(services).errors ?? []).map(({ message }) => message)
}

function problemsOfHive(subgraphs: Named): readonly string[] {
  const services = Object.entries(subgraphs).map(([name, sdl]) => ({ name, url: '', typeDefs: gql(sdl) }))
  return (composeHive(services).errors ?? []).map(({ message }) => message)
}

function problemsOfCosmo(subgraphs: Named): readonly string[] {
  const services = Object.entries(subgraphs).map(([name, sdl]) => ({ name, url: '', definitions: gql(sdl) as never }))
  const result = federateSubgraphs({ subgraphs: services, version: '1' })
  return result.success ? [] : result.errors.map(({ message }) => message)
}

/** Another product, with names of its own for what fedcache's generic API has too. */
const cms = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  type Query { cluster: String entry(id: ID!): Entry keyspace: Int }
  type Entry @key(fields: "id") { id: ID! title: String city: City }
  type City @key(fields: "id", resolvable: false) { id: ID! }
`

describe.each([
  { tool: '@apollo/composition', problemsOf: problemsOfApollo, profile: 'apollo' },
  { tool: '@wundergraph/composition', problemsOf: problemsOfCosmo, profile: 'cosmo' },
  { tool: '@theguild/federation-composition', problemsOf: problemsOfHive, profile: 'hive' },
])('$tool composes', ({ problemsOf, profile }) => {
  it.each([[['--profile', profile]], [[]]])(
    'typed keyspaces beside a CMS and a second fedcache: schema %j',
    (flags) => {
      const subgraphs = { atlas: schema(atlas, ...flags), products: schema(products, ...flags), cms }
      expect(problemsOf(subgraphs)).toEqual([])
    },
  )

  it('all of the API', () => {
    const sdl = schema(atlas, '--expose', 'types,entries,admin', '--profile', profile)
    expect(problemsOf({ atlas: sdl })).toEqual([])
  })
})

it('a generic API that is exposed beside another of the same names is seen', () => {
  const problems = problemsOfApollo({ atlas: schema(atlas, '--expose', 'types,entries'), cms })
  expect(problems.join('\n')).toContain('Query.entry')
})
