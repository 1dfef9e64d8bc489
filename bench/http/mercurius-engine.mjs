/** Mercurius with its JIT and DataLoader, over the same store: what a team would write on top of fedcache's engine. */
import DataLoader from 'dataloader'
import { filledFedcache } from './engine.mjs'
import { startMercurius } from './mercurius.mjs'

const { engine } = await filledFedcache()
const loaderOf = (keyspace) => new DataLoader((keys) => engine.getMany(keyspace, keys))
const valueOf = (entry) => entry.value

await startMercurius(
  {
    Query: {
      entry: (_parent, { key }, { cities }) => cities.load(key),
      entries: (_parent, { keys }, { cities }) => cities.loadMany(keys),
      cities: async (_parent, { ids }, { cities }) => (await cities.loadMany(ids)).map(valueOf),
    },
    City: { country: async (city, _args, context) => valueOf(await context.countries.load(city.country)) },
  },
  { context: () => ({ cities: loaderOf('cities'), countries: loaderOf('countries') }) },
)
