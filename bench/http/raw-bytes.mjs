/**
 * What somebody would write by hand who knows how fedcache keeps its values: it parses the same POST, reads the same
 * store, joins the stored bytes and sends them, with the headers that fedcache sends. It checks nothing, measures
 * nothing, knows two requests, and takes it for granted that every entry is fresh for a day.
 */
import { createServer } from 'node:http'
import { announce } from './data.mjs'
import { filledFedcache } from './engine.mjs'

const { engine } = await filledFedcache()
const written = (entry) => (entry === null ? 'null' : `{"key":${JSON.stringify(entry.key)},"value":${entry.encoded}}`)

const server = createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const { variables } = JSON.parse(Buffer.concat(chunks).toString())
    const { keyspace, key, keys } = variables
    const results = engine.read(keyspace, keys ?? [key])
    const data = keys === undefined ? `"entry":${written(results[0])}` : `"entries":[${results.map(written).join(',')}]`
    const body = `{"data":{${data}}}`
    response.writeHead(200, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': body.length,
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, max-age=86399',
      vary: 'accept, x-fedcache, authorization, cookie',
    })
    response.end(body, 'latin1')
  })
})
server.listen(0, '127.0.0.1', () => announce(server.address().port))
