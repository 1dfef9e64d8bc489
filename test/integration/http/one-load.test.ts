import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type ServedCache, recordingSource, servedCache } from '../../support/served-cache.ts'

let cache: ServedCache

afterEach(async () => {
  await cache.stop()
})

const connections = 100
const requestsPerConnection = 100

/** Sends many requests on one connection without waiting for answers, and reads all that comes back. */
async function pipelined(port: number, request: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.on('data', (chunk) => {
    answer += String(chunk)
  })
  socket.write(request.repeat(requestsPerConnection - 1))
  socket.write(request.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))
  await once(socket, 'close')
  return answer
}

describe('one load', () => {
  it('answers 10,000 reads of one cold key that are open at once', async () => {
    let arrived = 0
    let release = (): void => undefined
    const allArrived = new Promise<void>((resolve) => {
      release = resolve
    })
    const source = recordingSource(async (keys) => {
      await allArrived
      return keys.map((key) => `value of ${key}`)
    })
    cache = servedCache({ things: { source, readTimeoutMs: 60_000 } })
    const { getMany } = cache.engine
    cache.engine.getMany = (keyspace, keys, options) => {
      arrived++
      if (arrived === connections * requestsPerConnection) setImmediate(release)
      return getMany.call(cache.engine, keyspace, keys, options)
    }
    const { port } = await cache.server.listen()
    const query = encodeURIComponent('{ entry(keyspace: "things", key: "cold") { value } }')
    const request = `GET /graphql?query=${query} HTTP/1.1\r\nHost: localhost\r\n\r\n`
    const answers = await Promise.all(Array.from({ length: connections }, () => pipelined(port, request)))
    const values = answers.join('').match(/\{"data":\{"entry":\{"value":"value of cold"\}\}\}/g)
    expect(values).toHaveLength(connections * requestsPerConnection)
    expect(source.calls).toEqual([['cold']])
  })
})
