/** GraphQL Yoga as its documentation has it, with DataLoader in front of the same engine. */
import { createServer } from 'node:http'
import DataLoader from 'dataloader'
import { createSchema, createYoga } from 'graphql-yoga'
import { announce, schemaText } from './data.mjs'
import { filledFedcache } from './engine.mjs'

const { engine } = await filledFedcache()

export function startYoga(plugins) {
  const yoga = createYoga({
    schema: createSchema({
      typeDefs: schemaText,
      resolvers: {
        Query: {
          entry: (_parent, { key }, { loader }) => loader.load(key),
          entries: (_parent, { keys }, { loader }) => loader.loadMany(keys),
        },
      },
    }),
    context: () => ({ loader: new DataLoader((keys) => engine.getMany('cities', keys)) }),
    logging: 'error',
    plugins,
  })
  const server = createServer((request, response) => void yoga(request, response))
  server.listen(0, '127.0.0.1', () => announce(server.address().port))
}

if (process.argv[1]?.endsWith('/yoga.mjs')) startYoga([])
