import { env } from 'node:process'
import { defineConfig, subgraphSource } from 'fedcache'

/** A cache in front of a subgraph that is there already. */
export default defineConfig({
  port: 0,
  keyspaces: {
    books: {
      source: subgraphSource({
        name: 'books-origin',
        url: String(env['BOOKS_URL'] ?? 'http://127.0.0.1:9/'),
        typename: 'Book',
        fields: 'title pages author { id }',
      }),
      ttl: '10m',
    },
  },
  subgraph: {
    typeDefs: `
      type Book @key(fields: "id") @keyspace(name: "books") { id: ID! title: String! pages: Int author: Author }
      type Author @key(fields: "id", resolvable: false) { id: ID! }
    `,
  },
})
