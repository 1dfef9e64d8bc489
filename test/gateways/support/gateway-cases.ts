import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, type Shop, type Subgraph, shop } from './shop.ts'

/** A gateway in front of subgraphs. */
export interface Gateway {
  ask(query: string): Promise<Answer>
  close(): Promise<void>
}

const crossing = `{
  latestReviews {
    body
    product { id name price inStock brand { name } seller { name } reviews { body } }
  }
}`

/** What every gateway must do with a fedcache among its subgraphs. */
export function gatewayCases(name: string, start: (subgraphs: readonly Subgraph[]) => Promise<Gateway>): void {
  describe(name, () => {
    let running: Shop
    let gateway: Gateway

    beforeAll(async () => {
      running = await shop()
      gateway = await start(running.subgraphs)
    })

    afterAll(async () => {
      await gateway.close()
      await running.close()
    })

    const hits = async (): Promise<number> => {
      const { data } = await running.ask('{ keyspace(name: "products") { stats { hits } } }')
      return data.keyspace.stats.hits as number
    }

    it('crosses to 50 entities in one bulk load, and in none the second time', async () => {
      const first = await gateway.ask(crossing)
      expect(first.errors).toBeUndefined()
      expect(first.data.latestReviews).toHaveLength(50)
      expect(first.data.latestReviews[6]).toEqual({
        body: 'Review of 7',
        product: {
          id: '7',
          name: 'Product 7',
          price: 7,
          inStock: false,
          brand: { name: 'Brand 2' },
          seller: { name: 'Seller s7' },
          reviews: [{ body: 'Review of 7' }],
        },
      })
      expect(running.origin.requests.map((ids) => ids.length)).toEqual([50])
      const before = await hits()
      await expect(gateway.ask(crossing)).resolves.toEqual(first)
      expect(running.origin.requests).toHaveLength(1)
      // The gateway did ask: it has no cache of its own that could have answered.
      expect(await hits()).toBe(before + 50)
    })

    it('brings the other 49 with one error where one fails', async () => {
      running.origin.broken.add('13')
      await running.ask('mutation { clearKeyspace(input: { name: "products" }) { keyspace { name } } }')
      const { data, errors } = await gateway.ask('{ latestReviews { product { id name } } }')
      const names = (data.latestReviews as { product: { name: string | null } | null }[]).map(
        (review) => review.product?.name ?? null,
      )
      expect(names).toEqual(names.map((_, index) => (index === 12 ? null : `Product ${index + 1}`)))
      expect(errors).toHaveLength(1)
      expect(errors?.[0]?.message).toContain('products')
      running.origin.broken.clear()
    })

    it('reads root fields, and what other subgraphs know of what they give', async () => {
      const { data, errors } = await gateway.ask(
        '{ products(ids: ["2", "3"]) { name inStock } product(id: 4) { name } }',
      )
      expect(errors).toBeUndefined()
      expect(data).toEqual({
        products: [
          { name: 'Product 2', inStock: true },
          { name: 'Product 3', inStock: false },
        ],
        product: { name: 'Product 4' },
      })
    })
  })
}
