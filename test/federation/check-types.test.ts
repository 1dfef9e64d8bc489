import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'

const commandLine = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))

let directory: string

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'fedcache-types-'))
})

afterAll(() => rmSync(directory, { recursive: true }))

function run(config: string, ...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const file = join(directory, 'fedcache.config.ts')
  writeFileSync(file, config)
  return new Promise((resolve) => {
    execFile(process.execPath, [commandLine, ...args, '--config', file], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

const types = `type City @key(fields: "id") @keyspace(name: "cities", one: "city") { id: ID! name: String @shareable }`
const configWith = (typeDefs: string, more = ''): string => `
  import { defineConfig, subgraphSource } from 'fedcache'
  const source = subgraphSource({ url: 'http://127.0.0.1:9/', typename: 'City', fields: 'name' })
  export default defineConfig({ keyspaces: { cities: { source${more} } }, subgraph: { typeDefs: ${JSON.stringify(typeDefs)} } })
`

it('`check` tells everything that is wrong with types, beside what else is wrong, at once', async () => {
  const wrong = `
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
    type Entry { id: ID! }
    type City @key(fields: "id") @keyspace(name: "citys") { id: ID! twin: City @entry(key: "{") other: Nope }
  `
  const { code, stderr } = await run(configWith(wrong, ", ttl: 'soon'"), 'check')
  expect(code).toBe(1)
  expect(stderr).toContain('the configuration has 6 problems')
  for (const part of [
    'keyspaces.cities.ttl: must be',
    'subgraph.typeDefs: links the specification of federation',
    "subgraph.typeDefs: Entry is a type of fedcache's own",
    'subgraph.typeDefs: City: @keyspace(name: "citys"): there is no keyspace "citys"; there are cities',
    'subgraph.typeDefs: City.twin: @entry: key: "{" must be',
    'subgraph.typeDefs: Unknown type "Nope".',
  ]) {
    expect(stderr).toContain(part)
  }
})

it('`serve` does not start with such types', async () => {
  const { code, stderr } = await run(configWith('type City {'), 'serve', '--port', '0')
  expect(code).toBe(1)
  expect(stderr).toContain('subgraph.typeDefs: cannot be understood')
})

it('`schema` prints what is asked for', async () => {
  const plain = await run(configWith(types), 'schema')
  expect(plain).toMatchObject({ code: 0, stderr: '' })
  expect(plain.stdout).toContain('federation/v2.9", import: ["@key", "@shareable"])')
  expect(plain.stdout).toContain('name: String @shareable\n')
  const apollo = await run(
    configWith(types),
    'schema',
    '--profile',
    'apollo',
    '--override',
    'geo',
    '--expose',
    'types,entries',
  )
  expect(apollo.stdout).toContain('federation/v2.12"')
  expect(apollo.stdout).toContain('type City @key(fields: "id") @cacheTag(format: "cities") {')
  expect(apollo.stdout).toContain('name: String @shareable @override(from: "geo")')
  expect(apollo.stdout).toContain('type Entry @key(fields: "id") @key(fields: "keyspace key") {')
})
