import { parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { resolvers } from '../../../resolvers/index.ts'
import { subgraphSchema } from '../../../src/federation/subgraph-schema.ts'
import { subgraphSdl } from '../../../src/federation/subgraph-sdl.ts'
import { typesOver } from '../../support/typed-cache.ts'

function typesOf(sdl: string): readonly string[] {
  return parse(sdl).definitions.flatMap((node) => ('name' in node && node.name ? [node.name.value] : []))
}

describe('subgraphSdl', () => {
  it('exposes the entries by default, and nothing of administration', () => {
    const sdl = subgraphSdl()
    expect(typesOf(sdl).toSorted()).toEqual(
      ['Base64Bytes', 'DateTime', 'Duration', 'Entry', 'JSON', 'Peer', 'PeerState', 'Query', 'ServedFrom'].toSorted(),
    )
    expect(sdl).toMatch(
      /^extend schema @link\(url: "https:\/\/specs.apollo.dev\/federation\/v2.9", import: \["@key"\]\)/,
    )
    expect(sdl).toContain('type Entry @key(fields: "id") @key(fields: "keyspace key")')
    expect(sdl).not.toMatch(/^ *keyspaces: /m)
  })

  it('exposes everything when asked to, each root type once', () => {
    const types = typesOf(subgraphSdl({ expose: ['types', 'entries', 'admin'] }))
    expect(types).toEqual(expect.arrayContaining(['Query', 'Mutation', 'Subscription', 'Keyspace', 'Cluster']))
    expect(new Set(types).size).toBe(types.length)
  })

  it('exposes administration without entries', () => {
    const sdl = subgraphSdl({ expose: ['admin'] })
    expect(sdl).toContain('keyspaces: [Keyspace!]!')
    expect(sdl).not.toMatch(/^ {2}entries\(/m)
  })

  it('exposes nothing but types while there are none', () => {
    expect(typesOf(subgraphSdl({ expose: ['types'] }))).toEqual([])
  })

  it('builds a schema of its own', () => {
    expect(() => subgraphSchema({ resolvers: {}, expose: ['entries'] })).not.toThrow()
  })
})

const types = typesOver(
  ['cities', 'countries', 'prices'],
  `
  extend schema @link(url: "https://example.com/own/v1.0", import: ["@own"]) @composeDirective(name: "@own")
  directive @own(level: Int) on OBJECT
  type City @key(fields: "id") @keyspace(name: "cities", one: "city") @own(level: 1) @cacheTag(format: "mine") {
    id: ID!
    name: String! @shareable @tag(name: "public")
    at: DateTime
    country: Country @entry(key: "country") @provides(fields: "flag")
    mayor: Person @entry(key: "mayorId")
  }
  type Country @key(fields: "code") @keyspace(name: "countries") { code: ID! flag: String @external }
  type Person @key(fields: "id", resolvable: false) { id: ID! }
  type Price @key(fields: "shop { id } sku") @keyspace(name: "prices", key: "{shop.id}/{sku}") {
    shop: Shop!
    sku: ID!
    weight: Int @external
    price: Int @inaccessible
    delivery: Int @requires(fields: "weight")
    former: Int @override(from: "shop")
  }
  type Shop { id: ID! }
  `,
)

describe('subgraphSdl of typed keyspaces', () => {
  it('exposes the types and what they reach, and nothing generic', () => {
    const names = typesOf(subgraphSdl({ types }))
    const own = ['City', 'Country', 'DateTime', 'Person', 'Price', 'Query', 'Shop', 'own']
    expect(names.toSorted()).toEqual(own)
  })

  it('passes the directives of federation on, imports those that are used, and shows none of fedcache', () => {
    const sdl = subgraphSdl({ types })
    const used = [
      'composeDirective',
      'external',
      'inaccessible',
      'key',
      'override',
      'provides',
      'requires',
      'shareable',
      'tag',
    ].map((name) => `"@${name}"`)
    expect(sdl).toContain(
      `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [${used.join(', ')}])`,
    )
    expect(sdl).toContain(
      '@link(url: "https://example.com/own/v1.0", import: ["@own"]) @composeDirective(name: "@own")',
    )
    expect(sdl).toContain('directive @own(level: Int) on OBJECT')
    expect(sdl).toContain('type City @key(fields: "id") @own(level: 1) {')
    expect(sdl).toContain('name: String! @shareable @tag(name: "public")')
    expect(sdl).toContain('country: Country @provides(fields: "flag")')
    expect(sdl).toContain('type Person @key(fields: "id", resolvable: false) {')
    expect(sdl).not.toMatch(/@keyspace|@entry|@cacheTag/)
  })

  it('exposes entries and administration beside when asked to', () => {
    expect(typesOf(subgraphSdl({ types, expose: ['types', 'entries'] }))).toEqual(
      expect.arrayContaining(['City', 'Entry']),
    )
    const without = typesOf(subgraphSdl({ types, expose: ['entries'] }))
    expect(without).toContain('Entry')
    expect(without).not.toContain('City')
    expect(typesOf(subgraphSdl({ types }))).not.toContain('Subscription')
    expect(typesOf(subgraphSdl({ types, expose: ['types', 'admin'] }))).toContain('Subscription')
  })

  it.each(['apollo', 'cosmo'] as const)('tags entities and root fields with their keyspaces for %s', (profile) => {
    const sdl = subgraphSdl({ types, profile })
    expect(sdl).toContain('https://specs.apollo.dev/federation/v2.12')
    expect(sdl).toContain('"@cacheTag"')
    expect(sdl).toMatch(/^directive @cacheTag\(format: String!\) repeatable on /m)
    expect(sdl).toContain('@cacheTag(format: "mine") @cacheTag(format: "cities") {')
    expect(sdl).toMatch(/\): City @cacheTag\(format: "cities"\)/)
    expect(sdl).toContain('type Person @key(fields: "id", resolvable: false) {')
  })

  it('prints the same for hive as for everyone', () => {
    expect(subgraphSdl({ types, profile: 'hive' })).toBe(subgraphSdl({ types }))
  })

  it('takes over the fields that are no part of a key and not elsewhere', () => {
    const sdl = subgraphSdl({ types, override: { from: 'shop', types: new Set(['Price']) } })
    expect(sdl).toContain('shop: Shop!\n  sku: ID!\n  weight: Int @external\n')
    expect(sdl).toContain('price: Int @inaccessible @override(from: "shop")')
    expect(sdl).toContain('former: Int @override(from: "shop")\n')
    expect(sdl).toContain('name: String! @shareable @tag(name: "public")\n')
  })
})

describe('subgraphSdl of types written in parts', () => {
  const parts = typesOver(
    ['books', 'bySku', 'authors'],
    `
    type Book @key(fields: "id") @keyspace(name: "books") { id: ID! }
    extend type Book @key(fields: "sku") @keyspace(name: "bySku") { sku: ID! title: String }
    extend type Author @key(fields: "id") @keyspace(name: "authors") { id: ID! }
    extend type Author { name: String }
    `,
  )

  it('tags each entity once', () => {
    const sdl = subgraphSdl({ types: parts, profile: 'apollo' })
    expect(sdl.match(/^.*@cacheTag\(format: "\w.*$/gm)).toEqual([
      'type Book @key(fields: "id") @cacheTag(format: "books") @cacheTag(format: "bySku") {',
      'extend type Author @key(fields: "id") @cacheTag(format: "authors") {',
    ])
  })

  it('takes over the fields of every part that are in no key of any', () => {
    const sdl = subgraphSdl({ types: parts, override: { from: 'shop', types: new Set(['Book', 'Author']) } })
    expect(sdl.match(/^ .*@override.*$/gm)).toEqual([
      '  title: String @override(from: "shop")',
      '  name: String @override(from: "shop")',
    ])
  })
})

describe('subgraphSchema', () => {
  it('tells a gateway what is exposed, and executes the rest all the same', async () => {
    const { execute } = await import('graphql')
    const schema = subgraphSchema({ resolvers })
    const { data } = await execute({ schema, document: parse('{ _service { sdl } }') })
    expect(data).toEqual({ _service: { sdl: subgraphSdl() } })
    expect(schema.getMutationType()?.getFields()).toHaveProperty('clearKeyspace')
  })
})
