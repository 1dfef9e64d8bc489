import { defineConfig } from 'fedcache'

const entryCount = 20_000

export default defineConfig({
  keyspaces: {
    cities: {
      source: {
        name: 'cities',
        loadMany: async (keys) => keys.map((key) => ({ id: key, name: `City ${key}`, notes: 'x'.repeat(120) })),
      },
      ttl: '1d',
      warmKeys: Array.from({ length: entryCount }, (_, index) => `city:${index}`),
    },
  },
})
