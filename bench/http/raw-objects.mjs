/** What most would write by hand: objects in lru-cache, JSON.parse in, JSON.stringify out. */
import { createServer } from 'node:http'
import { LRUCache } from 'lru-cache'
import { announce, objects } from './data.mjs'

const cache = new LRUCache({ max: 100_000 })
for (const [key, value] of objects()) cache.set(key, value)
const read = (key) => ({ key, value: cache.get(key) })

const server = createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const { key, keys } = JSON.parse(Buffer.concat(chunks).toString()).variables
    const data = keys === undefined ? { entry: read(key) } : { entries: keys.map(read) }
    const body = JSON.stringify({ data })
    response.writeHead(200, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
    })
    response.end(body)
  })
})
server.listen(0, '127.0.0.1', () => announce(server.address().port))
