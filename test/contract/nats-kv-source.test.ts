import { connect, type NatsConnection } from 'nats'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { encodeKvKey } from '../../src/adapters/source/nats-kv-key.ts'
import { natsKvSource } from '../../src/adapters/source/nats-kv-source.ts'
import { type SourceFixture, sourceContract } from '../../src/testing.ts'
import { type NatsServer, natsServer } from '../support/nats-server.ts'

let server: NatsServer
let others: NatsConnection

beforeAll(async () => {
  server = await natsServer({ jetstream: true })
  others = await connect({ servers: server.url, noAsyncTraces: true })
})

afterAll(async () => {
  await others?.close()
  await server?.dispose()
})

describe.each(['json', 'text', 'bytes'] as const)('natsKvSource with values of %s', (format) => {
  for (const { name, run } of sourceContract(() => kvFixture(format), { isWritable: true })) test(name, run)
})

let buckets = 0

async function kvFixture(format: 'json' | 'text' | 'bytes'): Promise<SourceFixture> {
  const bucket = `contract-${buckets++}`
  const asText = (value: unknown) => (format === 'json' ? JSON.stringify(value) : (value as string | Uint8Array))
  return {
    source: natsKvSource({ bucket, servers: [server.url], format }),
    value: (text) => (format === 'json' ? { text } : format === 'text' ? text : Uint8Array.from(Buffer.from(text))),
    async seed(values) {
      const kv = await others.jetstream().views.kv(bucket)
      for (const [key, value] of values) await kv.put(encodeKvKey(key), asText(value))
    },
    ...(format === 'json'
      ? {
          async fail(key: string) {
            const kv = await others.jetstream().views.kv(bucket)
            await kv.put(encodeKvKey(key), '{')
          },
        }
      : {}),
    async dispose() {
      const kv = await others.jetstream().views.kv(bucket)
      await kv.destroy()
    },
  }
}
