import { defineConfig, functionSource, type KeyspaceConfig } from 'fedcache'

function table(name: string, values: Readonly<Record<string, unknown>>): KeyspaceConfig {
  return {
    source: functionSource({ name, loadMany: (keys) => Promise.resolve(keys.map((key) => values[key] ?? null)) }),
  }
}

const federation = {
  id: 'apollo-federation',
  sku: 'federation',
  package: '@apollo/federation',
  variation: { id: 'OSS' },
  dimensions: { size: 'small', weight: 1, unit: 'kg' },
  createdBy: { email: 'support@example.com', totalProductsCreated: 1337 },
  notes: 'for us only',
  research: [{ study: { caseNumber: '1234', description: 'Federation study' }, outcome: null }],
}
const dgs = { sku: 'apollo-federation-v1', package: '@apollo/federation-v1', reason: 'Migrate to Federation V2' }

/** Every directive of federation, as the public suite for the compatibility of subgraphs uses them. */
export default defineConfig({
  port: 0,
  keyspaces: {
    products: table('products', { 'apollo-federation': federation }),
    productsByPackage: table('by-package', { 'federation/%40apollo%2Ffederation': federation }),
    productsByVariation: table('by-variation', { 'federation:OSS': federation }),
    deprecated: table('deprecated', { 'apollo-federation-v1/%40apollo%2Ffederation-v1': dgs }),
    research: table('research', { '1234': { outcome: 'it works' } }),
    users: table('users', { 'support@example.com': { name: 'Jane Smith' } }),
    averages: table('averages', { '1337/10': { perYear: 133 } }),
    inventories: table('inventories', { 'apollo-oss': { deprecatedKeys: [{ s: dgs.sku, p: dgs.package }] } }),
  },
  subgraph: {
    typeDefs: `
      extend schema
        @link(url: "https://example.com/custom/v1.0", import: ["@custom"])
        @composeDirective(name: "@custom")
      directive @custom on OBJECT

      type Product
        @custom
        @key(fields: "id") @keyspace(name: "products", one: "product")
        @key(fields: "sku package") @keyspace(name: "productsByPackage", key: "{sku}/{package}")
        @key(fields: "sku variation { id }") @keyspace(name: "productsByVariation", key: "{sku}:{variation.id}")
      {
        id: ID!
        sku: String
        package: String
        variation: ProductVariation
        dimensions(unit: Unit @tag(name: "argument") @inaccessible): ProductDimension
        createdBy: User @provides(fields: "totalProductsCreated")
        notes: String @tag(name: "internal")
        research: [ProductResearch!]!
      }
      type ProductVariation { id: ID! }
      type ProductResearch @key(fields: "study { caseNumber }") @keyspace(name: "research", key: "{study.caseNumber}") {
        study: CaseStudy!
        outcome: String
      }
      type CaseStudy { caseNumber: ID! description: String }
      type ProductDimension @shareable { size: String weight: Float unit: String @inaccessible }
      type DeprecatedProduct
        @key(fields: "sku package") @keyspace(name: "deprecated", key: "{sku}/{package}", one: "deprecatedProduct")
      {
        sku: String!
        package: String!
        reason: String
      }
      type User @key(fields: "email") @keyspace(name: "users") {
        email: ID!
        name: String @override(from: "users")
        totalProductsCreated: Int @external
        yearsOfEmployment: Int! @external
        average: Average
          @requires(fields: "totalProductsCreated yearsOfEmployment")
          @entry(key: "{totalProductsCreated}/{yearsOfEmployment}")
      }
      type Average @key(fields: "of over") @keyspace(name: "averages", key: "{of}/{over}") {
        of: Int!
        over: Int!
        perYear: Int
      }
      type Inventory @interfaceObject @key(fields: "id") @keyspace(name: "inventories") {
        id: ID!
        deprecatedProducts: [DeprecatedProduct!]! @entry(key: "{deprecatedKeys.s}/{deprecatedKeys.p}")
      }
      enum Unit @tag(name: "enum") { KG @tag(name: "value") LB @inaccessible }
      scalar Barcode @tag(name: "scalar") @inaccessible
      interface Labelled @tag(name: "interface") { label: String }
      union Anything @tag(name: "union") = ProductVariation | CaseStudy
      input Filter @tag(name: "input") @inaccessible { unit: Unit @tag(name: "field") }
      type Label implements Labelled @tag(name: "object") { label: String code: Barcode @inaccessible thing: Anything }
    `,
  },
})
