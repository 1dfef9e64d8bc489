import { serverAudits } from 'graphql-http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ServedCache, servedCache } from '../../support/served-cache.ts'

const cache: ServedCache = servedCache({ things: {} })
let url = ''

beforeAll(async () => {
  ;({ url } = await cache.server.listen())
})

afterAll(async () => {
  await cache.stop()
})

describe('the public audits of GraphQL over HTTP', () => {
  const audits = serverAudits({ url: () => url })

  it('are all there', () => {
    expect(audits.length).toBeGreaterThan(50)
  })

  it.each(audits.map((audit) => [audit.id, audit.name, audit] as const))('%s %s', async (_id, _name, audit) => {
    const result = await audit.fn()
    expect(result).toMatchObject({ status: 'ok' })
  })
})
