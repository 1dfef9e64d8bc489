/** Mercurius with its JIT, DataLoader and Redis: what most teams have. REDIS_PORT says where Redis listens. */
import DataLoader from 'dataloader'
import { Redis } from 'ioredis'
import { objects } from './data.mjs'
import { startMercurius } from './mercurius.mjs'

const redis = new Redis({ port: Number(process.env.REDIS_PORT) })
const all = objects()
for (let from = 0; from < all.length; from += 1000) {
  await redis.mset(...all.slice(from, from + 1000).flatMap(([key, value]) => [key, JSON.stringify(value)]))
}

const readMany = async (keys) => {
  const texts = await redis.mget(...keys)
  return texts.map((text, index) => (text === null ? null : { key: keys[index], value: JSON.parse(text) }))
}
await startMercurius(
  {
    Query: {
      entry: (_parent, { key }, { loader }) => loader.load(key),
      entries: (_parent, { keys }, { loader }) => loader.loadMany(keys),
    },
  },
  { context: () => ({ loader: new DataLoader(readMany) }) },
)
