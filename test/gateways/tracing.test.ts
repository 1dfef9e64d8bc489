import { createRequire } from 'node:module'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Shop, shop } from './support/shop.ts'

interface TracedNode {
  readonly responseName?: string
  readonly index?: number
  readonly originalFieldName?: string
  readonly type?: string
  readonly parentType?: string
  readonly startTime?: number
  readonly endTime?: number
  readonly error?: readonly { readonly message: string }[]
  readonly child?: readonly TracedNode[]
}

const { Trace } = createRequire(import.meta.url)('@apollo/usage-reporting-protobuf') as {
  readonly Trace: {
    decode(bytes: Uint8Array): unknown
    toObject(
      message: unknown,
      options: object,
    ): { root: TracedNode; durationNs: number; startTime: { seconds: number } }
  }
}

let running: Shop

beforeAll(async () => {
  running = await shop()
})

afterAll(async () => {
  await running.close()
})

async function answer(query: string, headers: Readonly<Record<string, string>>) {
  const response = await fetch(running.subgraphs[0]!.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  })
  return (await response.json()) as { data: unknown; extensions?: { ftv1?: string } }
}

function found(node: TracedNode, ...path: readonly (string | number)[]): TracedNode | undefined {
  return path.reduce<TracedNode | undefined>(
    (parent, key) =>
      parent?.child?.find(({ responseName, index }) => (typeof key === 'number' ? index : responseName) === key),
    node,
  )
}

it('tells, when asked to, how long each field took and what failed, as Apollo reads it', async () => {
  running.origin.broken.add('2')
  const query = '{ all: products(ids: [1, 2]) { name brand { name } } }'
  const { data, extensions } = await answer(query, { 'apollo-federation-include-trace': 'ftv1' })
  expect(data).toEqual({ all: [{ name: 'Product 1', brand: { name: 'Brand 1' } }, null] })
  const trace = Trace.toObject(Trace.decode(Buffer.from(String(extensions?.ftv1), 'base64')), { longs: Number })
  const all = found(trace.root, 'all')
  expect(all).toMatchObject({ originalFieldName: 'products', type: '[Product]!', parentType: 'Query' })
  expect(found(trace.root, 'all', 1)?.error?.[0]?.message).toContain('products')
  const name = found(trace.root, 'all', 0, 'brand', 'name')
  expect(name).toMatchObject({ type: 'String!', parentType: 'Brand' })
  expect(name!.startTime).toBeGreaterThan(all!.startTime!)
  expect(name!.endTime).toBeGreaterThanOrEqual(name!.startTime!)
  expect(trace.durationNs).toBeGreaterThanOrEqual(name!.endTime!)
  expect(Math.abs(trace.startTime.seconds - Date.now() / 1000)).toBeLessThan(60)
})

it('tells nothing when not asked to', async () => {
  const { extensions } = await answer('{ product(id: 1) { name } }', {})
  expect(extensions).toBeUndefined()
})
