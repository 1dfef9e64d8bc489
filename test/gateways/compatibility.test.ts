import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { composeServices as composeApollo } from '@apollo/composition'
import { ApolloGateway } from '@apollo/gateway'
import { ApolloServer } from '@apollo/server'
import { startStandaloneServer } from '@apollo/server/standalone'
import { buildSubgraphSchema } from '@apollo/subgraph'
import { composeServices as composeHive } from '@theguild/federation-composition'
import { federateSubgraphs } from '@wundergraph/composition'
import { gql } from 'graphql-tag'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ServeProcess } from '../integration/serve-process.ts'
import { type Answer, asked } from './support/shop.ts'

// What Apollo's public suite for the compatibility of subgraphs looks for, with a schema much like its own.

const config = fileURLToPath(new URL('support/compatibility/fedcache.config.ts', import.meta.url))
const commandLine = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const link = (...names: readonly string[]) =>
  `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ${JSON.stringify(names)})`

const usersSdl = `
  ${link('@key', '@shareable', '@external', '@provides')}
  type Query { user(email: ID!): User }
  type User @key(fields: "email") { email: ID! name: String totalProductsCreated: Int @shareable yearsOfEmployment: Int! }
  type ProductDimension @shareable { size: String weight: Float }
`
const inventorySdl = `
  ${link('@key')}
  type Query { inventory: Inventory variations: [Product!]! }
  interface Inventory @key(fields: "id") { id: ID! }
  type DeliveryInventory implements Inventory @key(fields: "id") { id: ID! delivery: String }
  type Product @key(fields: "sku package") @key(fields: "sku variation { id }") {
    sku: String package: String variation: Variation delivery: String
  }
  type Variation { id: ID! }
`.replaceAll('Variation', 'ProductVariation')

const closing: (() => Promise<unknown>)[] = []
let served: ServeProcess
let cacheUrl: string
let gatewayUrl: string
let sdl: string
let usersAsks = 0

async function listening(server: ApolloServer): Promise<string> {
  closing.push(() => server.stop())
  const { url } = await startStandaloneServer(server, { listen: { port: 0, host: '127.0.0.1' } })
  return url
}

function subgraph(typeDefs: string, resolvers: object): Promise<string> {
  const schema = buildSubgraphSchema([{ typeDefs: gql(typeDefs), resolvers: resolvers as never }])
  return listening(new ApolloServer({ schema }))
}

beforeAll(async () => {
  served = new ServeProcess(['serve', '--config', config])
  closing.push(() => (served.child.kill(), served.exitCode))
  cacheUrl = String((await served.logged('listening'))['url'])
  sdl = execFileSync(process.execPath, [commandLine, 'schema', '--config', config], { encoding: 'utf8' })
  const user = ({ email }: { readonly email: string }) => {
    usersAsks += 1
    return { email, name: 'not this one', totalProductsCreated: 1337, yearsOfEmployment: 10 }
  }
  const users = await subgraph(usersSdl, {
    Query: { user: (_parent: unknown, args: { readonly email: string }) => user(args) },
    User: { __resolveReference: user },
  })
  const delivery = { id: 'apollo-oss', __typename: 'DeliveryInventory', delivery: 'soon' }
  const inventory = await subgraph(inventorySdl, {
    Query: {
      inventory: () => delivery,
      variations: () => [{ sku: 'federation', package: '@apollo/federation', delivery: 'tomorrow' }],
    },
    Inventory: { __resolveReference: () => delivery, __resolveType: () => 'DeliveryInventory' },
    Product: { __resolveReference: (reference: object) => ({ ...reference, delivery: 'tomorrow' }) },
  })
  const { supergraphSdl, errors } = composeApollo([
    { name: 'fedcache', url: cacheUrl, typeDefs: gql(sdl) },
    { name: 'users', url: users, typeDefs: gql(usersSdl) },
    { name: 'inventory', url: inventory, typeDefs: gql(inventorySdl) },
  ])
  if (supergraphSdl === undefined) throw new AggregateError(errors ?? [], 'these subgraphs do not compose')
  expect(supergraphSdl).toContain('@custom')
  gatewayUrl = await listening(new ApolloServer({ gateway: new ApolloGateway({ supergraphSdl }) }))
})

afterAll(async () => {
  for (const close of closing.toReversed()) await close()
})

const ask = (query: string): Promise<Answer> => asked(gatewayUrl, query)

describe('the subgraph itself', () => {
  it('has _service { sdl }, with one @link to federation, and as `fedcache schema` prints it', async () => {
    const { data } = await asked(cacheUrl, '{ _service { sdl } }')
    expect(data._service.sdl).toBe(sdl)
    expect(
      sdl.match(/@link\(url: "https:\/\/specs\.apollo\.dev\/federation\/v2\.9", import: \[.*"@key".*\]\)/g),
    ).toHaveLength(1)
  })

  it('can be introspected, with what a gateway asks for', async () => {
    const { data } = await asked(cacheUrl, '{ __schema { queryType { fields { name } } types { name } } }')
    const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name)
    expect(names(data.__schema.queryType.fields)).toEqual(expect.arrayContaining(['_service', '_entities', 'product']))
    expect(names(data.__schema.types)).toEqual(expect.arrayContaining(['_Any', '_Entity', '_Service', 'Product']))
  })

  it('answers an @inaccessible field to who asks it and not the gateway', async () => {
    const answer = await asked(cacheUrl, '{ product(id: "apollo-federation") { dimensions { unit } } }')
    expect(answer).toEqual({ data: { product: { dimensions: { unit: 'kg' } } } })
  })

  it.each([
    ['@key of one field', { id: 'apollo-federation' }],
    ['@key of several fields', { sku: 'federation', package: '@apollo/federation' }],
    ['@key with a nested field', { sku: 'federation', variation: { id: 'OSS' } }],
  ])('reads by a %s; @key is repeatable', async (_name, key) => {
    const response = await fetch(cacheUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        query: 'query ($of: [_Any!]!) { _entities(representations: $of) { ... on Product { id } } }',
        variables: { of: [{ __typename: 'Product', ...key }] },
      }),
    })
    expect(await response.json()).toEqual({ data: { _entities: [{ id: 'apollo-federation' }] } })
  })

  it.each([
    [
      '@key',
      /type Product[^{]* @key\(fields: "id"\)[^{]* @key\(fields: "sku package"\)[^{]* @key\(fields: "sku variation \{ id \}"\)/,
    ],
    ['@shareable', /type ProductDimension @shareable \{/],
    ['@inaccessible', /unit: String @inaccessible/],
    ['@override', /name: String @override\(from: "users"\)/],
    ['@external', /totalProductsCreated: Int @external/],
    ['@provides', /createdBy: User @provides\(fields: "totalProductsCreated"\)/],
    ['@requires', /average: Average @requires\(fields: "totalProductsCreated yearsOfEmployment"\)/],
    [
      '@interfaceObject',
      /type Inventory (@interfaceObject @key\(fields: "id"\)|@key\(fields: "id"\) @interfaceObject)/,
    ],
    ['@composeDirective', /extend schema[^{]*@composeDirective\(name: "@custom"\)/],
    ['what is composed', /directive @custom on OBJECT/],
    ['where that stands', /type Product @custom/],
  ])('passes %s on', (_directive, pattern) => {
    expect(sdl).toMatch(pattern)
  })

  it('keeps its own directives to itself', () => {
    expect(sdl).not.toMatch(/@keyspace|@entry/)
  })

  it('passes @tag on wherever it may stand', () => {
    const names = ['argument', 'internal', 'enum', 'value', 'scalar', 'interface', 'union', 'input', 'field', 'object']
    for (const name of names) expect(sdl).toContain(`@tag(name: "${name}")`)
  })
})

describe('through a gateway', () => {
  it('@key: another subgraph reaches its entities by a key of several fields, and back', async () => {
    const { data, errors } = await ask('{ variations { id notes delivery research { outcome study { caseNumber } } } }')
    expect(errors).toBeUndefined()
    const product = {
      id: 'apollo-federation',
      notes: 'for us only',
      delivery: 'tomorrow',
      research: [{ outcome: null, study: { caseNumber: '1234' } }],
    }
    expect(data).toEqual({ variations: [product] })
    const back = await ask('{ product(id: "apollo-federation") { delivery } }')
    expect(back).toEqual({ data: { product: { delivery: 'tomorrow' } } })
  })

  it('@requires: what another subgraph has leads to an entry', async () => {
    const { data, errors } = await ask('{ user(email: "support@example.com") { average { perYear } } }')
    expect(errors).toBeUndefined()
    expect(data).toEqual({ user: { average: { perYear: 133 } } })
  })

  it('@provides: the other subgraph is not asked for what the value has', async () => {
    const before = usersAsks
    const { data } = await ask('{ product(id: "apollo-federation") { createdBy { email totalProductsCreated } } }')
    expect(data).toEqual({ product: { createdBy: { email: 'support@example.com', totalProductsCreated: 1337 } } })
    expect(usersAsks).toBe(before)
  })

  it('@override: the field is read here', async () => {
    const { data } = await ask('{ user(email: "support@example.com") { name yearsOfEmployment } }')
    expect(data).toEqual({ user: { name: 'Jane Smith', yearsOfEmployment: 10 } })
  })

  it('@shareable and @inaccessible: a type of several subgraphs, and a field that clients do not see', async () => {
    const { data } = await ask('{ product(id: "apollo-federation") { dimensions { size weight } } }')
    expect(data).toEqual({ product: { dimensions: { size: 'small', weight: 1 } } })
    const { errors } = await ask('{ product(id: "apollo-federation") { dimensions { unit } } }')
    expect(errors?.[0]?.message).toContain('Cannot query field "unit"')
  })

  it('@interfaceObject: fields for every implementation of an interface that is elsewhere', async () => {
    const { data, errors } = await ask(
      '{ inventory { __typename id deprecatedProducts { sku reason } ... on DeliveryInventory { delivery } } }',
    )
    expect(errors).toBeUndefined()
    expect(data).toEqual({
      inventory: {
        __typename: 'DeliveryInventory',
        id: 'apollo-oss',
        delivery: 'soon',
        deprecatedProducts: [{ sku: 'apollo-federation-v1', reason: 'Migrate to Federation V2' }],
      },
    })
  })
})

describe('composition elsewhere', () => {
  it('@theguild/federation-composition takes it', () => {
    const others = { fedcache: sdl, users: usersSdl, inventory: inventorySdl }
    const { errors } = composeHive(Object.entries(others).map(([name, text]) => ({ name, typeDefs: gql(text) })))
    expect(errors ?? []).toEqual([])
  })

  it('@wundergraph/composition takes it', () => {
    const others = { fedcache: sdl, users: usersSdl, inventory: inventorySdl }
    const subgraphs = Object.entries(others).map(([name, text]) => ({ name, url: '', definitions: gql(text) as never }))
    const result = federateSubgraphs({ subgraphs, version: '1' })
    expect(result.success ? [] : result.errors.map(({ message }) => message)).toEqual([])
  })
})
