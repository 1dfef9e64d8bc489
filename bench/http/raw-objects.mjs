/** What most would write by hand: objects in lru-cache, JSON.parse in, JSON.stringify out. */
import { createServer } from 'node:http'
import { LRUCache } from 'lru-cache'
import { announce, countries, objects } from './data.mjs'

const cache = new LRUCache({ max: 100_000 })
for (const [key, value] of objects()) cache.set(key, value)
const byCode = countries()
const cityOf = (id) => {
  const { name, country } = cache.get(id)
  return { name, country: { name: byCode.get(country).name } }
}
const read = (key) => ({ key, value: cache.get(key) })

const server = createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const { key, keys, ids } = JSON.parse(Buffer.concat(chunks).toString()).variables
    const data = ids ? { cities: ids.map(cityOf) } : keys ? { entries: keys.map(read) } : { entry: read(key) }
    const body = JSON.stringify({ data })
    response.writeHead(200, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
    })
    response.end(body)
  })
})
server.listen(0, '127.0.0.1', () => announce(server.address().port))
