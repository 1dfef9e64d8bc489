import { env } from 'node:process'
import { defineConfig, functionSource } from 'fedcache'

const origin = String(env['PRODUCT_ORIGIN'])

/** A cache of products that an HTTP server has, one request for any number of them. */
export default defineConfig({
  port: 0,
  keyspaces: {
    products: {
      source: functionSource({
        name: 'products-origin',
        loadMany: async (ids) => {
          const response = await fetch(`${origin}/products?ids=${ids.map(encodeURIComponent).join(',')}`)
          const found = (await response.json()) as readonly ({ readonly broken?: true } | null)[]
          return found.map((product) => (product?.broken === true ? new Error('this product is broken') : product))
        },
      }),
      ttl: '10m',
    },
    brands: {
      source: functionSource({
        name: 'brands',
        loadMany: (ids) => Promise.resolve(ids.map((id) => ({ name: `Brand ${id}` }))),
      }),
    },
  },
  subgraph: {
    typeDefs: `
      type Product @key(fields: "id") @keyspace(name: "products", one: "product", many: "products") {
        id: ID!
        name: String
        price: Int
        brand: Brand @entry(key: "brandId")
        seller: Seller @entry(key: "sellerId")
      }
      type Brand @key(fields: "id") @keyspace(name: "brands") { id: ID! name: String! }
      type Seller @key(fields: "id", resolvable: false) { id: ID! }
    `,
  },
})
