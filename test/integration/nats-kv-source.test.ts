import { connect, type KV, type NatsConnection } from 'nats'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { natsKvSource, type NatsKvSourceOptions } from '../../src/adapters/source/nats-kv-source.ts'
import type { Source, SourceChange, StoreRequest } from '../../src/ports/index.ts'
import { put, readEntries, readValues } from '../support/cluster-operations.ts'
import { ClusterWorld, eventually } from '../support/cluster-world.ts'
import { type NatsServer, natsServer } from '../support/nats-server.ts'

const context = { keyspace: 'sessions', signal: new AbortController().signal }
const request = (key: string, value: unknown, rest: Partial<StoreRequest> = {}): StoreRequest => ({
  key,
  value,
  ttlMs: undefined,
  tags: [],
  ...rest,
})

describe('natsKvSource', () => {
  let server: NatsServer
  const open: Source[] = []
  const outsiders: NatsConnection[] = []
  let buckets = 0

  beforeAll(async () => {
    server = await natsServer({ jetstream: true })
  })
  afterAll(() => server?.dispose())
  afterEach(async () => {
    for (const source of open.splice(0)) await source.close?.()
    for (const outsider of outsiders.splice(0)) await outsider.close()
  })

  /**
   * The bucket as somebody else has it, over a connection made now. One that was made before the server was restarted may
   * still be on its way back, and nats.js throws away what it is given meanwhile.
   */
  async function asOutsider(bucket: string): Promise<KV> {
    const outsider = await connect({ servers: server.url })
    outsiders.push(outsider)
    return outsider.jetstream().views.kv(bucket)
  }

  async function started(options: Partial<NatsKvSourceOptions> = {}): Promise<Source & { bucket: string }> {
    const bucket = options.bucket ?? `bucket-${buckets++}`
    const source = natsKvSource({ servers: [server.url], ...options, bucket })
    await source.start?.()
    open.push(source)
    return { ...source, bucket }
  }

  test('gives revisions that grow, with writes and with what is loaded', async () => {
    const source = await started()
    const [first] = await source.storeMany!([request('a', 1)], context)
    const [second] = await source.storeMany!([request('a', 2)], context)
    const [deleted] = await source.deleteMany!(['b'], context)
    expect([first, second, deleted]).toEqual([{ revision: 1 }, { revision: 2 }, { revision: 3 }])
    const [loaded] = (await source.loadMany(['a'], context)) as unknown[]
    expect(loaded).toMatchObject({ value: 2, options: { revision: 2 } })
  })

  test('keeps lifetimes and tags, and finds nothing that has expired', async () => {
    const source = await started()
    const tags = ['plain', 'with, comma', '北京\n']
    await source.storeMany!([request('long', 1, { ttlMs: 60_000, tags }), request('short', 2, { ttlMs: 30 })], context)
    const [long] = (await source.loadMany(['long'], context)) as { options: { ttlMs: number; tags: string[] } }[]
    expect(long!.options.tags).toEqual(tags)
    expect(long!.options.ttlMs).toBeGreaterThan(50_000)
    expect(long!.options.ttlMs).toBeLessThanOrEqual(60_000)
    await eventually(
      async () => (await source.loadMany(['short'], context)) as unknown[],
      ([short]) => short === null,
      'it did not expire',
    )
  })

  test('refuses a value that is too large, by itself, and changes nothing', async () => {
    const source = await started()
    await source.storeMany!([request('large', 'small')], context)
    const results = await source.storeMany!([request('large', 'x'.repeat(2 ** 20)), request('other', 1)], context)
    expect(results[0]).toMatchObject({ code: 'VALUE_TOO_LARGE', outcome: 'NONE' })
    expect(results[1]).toEqual({ revision: 2 })
    expect(await source.loadMany(['large'], context)).toMatchObject([{ value: 'small' }])
    expect(await source.storeMany!([request('almost', 'x'.repeat(2 ** 20 - 2000))], context)).toEqual([{ revision: 3 }])
  })

  test('tells of what others change, and not of its own writes', async () => {
    const one = await started()
    const two = await started({ bucket: one.bucket })
    const changes: SourceChange[] = []
    const stop = await one.watch!(
      (change) => changes.push(change),
      () => changes.push({ key: 'a gap' }),
    )
    await one.storeMany!([request('mine', 1)], context)
    await two.storeMany!([request('theirs', 2), request('a b', 3)], context)
    await two.deleteMany!(['theirs'], context)
    const kv = await asOutsider(one.bucket)
    await kv.put('by.hand', '4')
    await kv.delete('by.hand')
    await eventually(
      () => changes.length,
      (count) => count >= 5,
      'changes were not told',
    )
    expect(changes).toEqual([
      { key: 'theirs', revision: 2 },
      { key: 'a b', revision: 3 },
      { key: 'theirs', revision: 4 },
      { key: 'by.hand', revision: 5 },
      { key: 'by.hand', revision: 6 },
    ])
    await stop()
  })

  test('fails fast while NATS is away, tells of the gap, and goes on', async () => {
    const source = await started()
    const changes: SourceChange[] = []
    let gaps = 0
    await source.watch!(
      (change) => changes.push(change),
      () => gaps++,
    )
    await source.storeMany!([request('kept', 1)], context)
    await server.stop()
    // What is under way when the connection is lost fails otherwise.
    const failure = async (): Promise<string> => {
      try {
        await source.loadMany(['kept'], context)
        return 'none'
      } catch (error) {
        return (error as Error).message
      }
    }
    await eventually(failure, (message) => message === 'there is no connection to NATS', 'loads went on')
    await expect(source.storeMany!([request('kept', 2)], context)).rejects.toMatchObject({ outcome: 'NONE' })
    await server.start()
    await eventually(
      () => gaps,
      (count) => count > 0,
      'the gap was not told',
    )
    expect(await source.loadMany(['kept'], context)).toMatchObject([{ value: 1 }])
    const kv = await asOutsider(source.bucket)
    await kv.put('kept', '3')
    await eventually(
      () => changes,
      (seen) => seen.some(({ key }) => key === 'kept'),
      'the watch did not go on',
    )
  })

  test('starts without NATS, and works when it is there', async () => {
    await server.stop()
    const source = await started()
    await expect(source.loadMany(['a'], context)).rejects.toThrow('there is no connection to NATS')
    await server.start()
    await eventually(
      () => source.storeMany!([request('a', 1)], context),
      ([result]) => !(result instanceof Error),
      'no write',
    )
    expect(await source.loadMany(['a'], context)).toMatchObject([{ value: 1 }])
  })

  test('says what is missing: servers, JetStream', async () => {
    const nowhere = natsKvSource({ bucket: 'nowhere' })
    await expect(nowhere.start?.()).rejects.toThrow('needs the option servers')
    const plain = await natsServer()
    const source = await started({ servers: [plain.url] })
    const [result] = await source.storeMany!([request('a', 1)], context)
    expect(result).toMatchObject({ outcome: 'NONE' })
    await plain.dispose()
  })

  test.each([
    [{ bucket: 'a b' }, 'natsKvSource.bucket'],
    [{ bucket: 'a', servers: [] }, 'natsKvSource.servers'],
    [{ bucket: 'a', format: 'xml' }, 'natsKvSource.format'],
    [{ bucket: 'a', replicas: 0 }, 'natsKvSource.replicas'],
    [{ bucket: 'a', concurrency: 0.5 }, 'natsKvSource.concurrency'],
  ])('refuses %j', (options, path) => {
    expect(() => natsKvSource(options as NatsKvSourceOptions)).toThrow(path)
  })
})

describe('a cluster with a bucket on its own NATS', () => {
  test('keeps puts through the end of every peer, and drops copies of what others change', async () => {
    await using world = await ClusterWorld.make({ nats: { jetstream: true }, settings: { bucket: 'sessions' } })
    const [one, two] = await world.start('one', 'two')
    const keys = Array.from({ length: 40 }, (_, index) => `visitor ${index}`)
    for (const key of keys) await put(one!, 'sessions', key, { basket: key })
    // A write leaves its value with the owner: nothing is loaded.
    for (const entry of await readEntries(two!, 'sessions', keys)) expect(entry?.servedFrom).toMatch(/^(OWNER|PEER)$/)
    await Promise.all([one!.kill(), two!.kill()])

    const [again] = await world.start('one', 'two')
    expect(await readValues(again!, 'sessions', keys)).toEqual(keys.map((key) => ({ basket: key })))

    const outsider = await connect({ servers: world.nats.url })
    const kv = await outsider.jetstream().views.kv('sessions')
    await kv.put('visitor=200', '"changed"')
    await eventually(
      () => readValues(again!, 'sessions', ['visitor 0']),
      ([value]) => value === 'changed',
      'the old value stayed',
    )
    await outsider.close()
    expect(world.problems()).toEqual([])
  })
})
