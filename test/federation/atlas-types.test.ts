import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'
import { ServeProcess } from '../integration/serve-process.ts'

const config = fileURLToPath(new URL('../../examples/atlas/fedcache.config.ts', import.meta.url))
const queries = readFileSync(new URL('../../examples/atlas/queries.graphql', import.meta.url), 'utf8')

let served: ServeProcess | undefined

afterEach(async () => {
  served?.child.kill()
  await served?.exitCode
})

it('50 cities with their countries are two bulk reads, and none the second time', async () => {
  served = new ServeProcess(['serve', '--config', config, '--port', '0'])
  const { url } = await served.logged('listening')
  const query = queries.split(/^# -{3,}\n/m).find((tab) => tab.includes('query CitiesWithCountries'))
  const ask = async (): Promise<unknown> => {
    const response = await fetch(String(url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    })
    return response.json()
  }
  const loads = (): readonly unknown[] =>
    served!.log.filter(({ msg }) => msg === 'loaded').map(({ keyspace, keys }) => [keyspace, keys])
  const first = (await ask()) as { data: { cities: readonly unknown[] } }
  expect(first.data.cities).toHaveLength(50)
  expect(first.data.cities[0]).toEqual({
    id: '1796236',
    name: 'Shanghai',
    population: 22_315_474,
    country: { code: 'CN', name: 'China', flag: '🇨🇳' },
  })
  await expect(ask()).resolves.toEqual(first)
  served.child.kill()
  await served.logged('stopped')
  expect(loads()).toEqual([
    ['cities', 50],
    ['countries', 27],
  ])
})
