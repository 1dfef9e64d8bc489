import { parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { resolvers } from '../../../resolvers/index.ts'
import { subgraphSchema } from '../../../src/federation/subgraph-schema.ts'
import { subgraphSdl } from '../../../src/federation/subgraph-sdl.ts'

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

describe('subgraphSchema', () => {
  it('tells a gateway what is exposed, and executes the rest all the same', async () => {
    const { execute } = await import('graphql')
    const schema = subgraphSchema({ resolvers })
    const { data } = await execute({ schema, document: parse('{ _service { sdl } }') })
    expect(data).toEqual({ _service: { sdl: subgraphSdl() } })
    expect(schema.getMutationType()?.getFields()).toHaveProperty('clearKeyspace')
  })
})
