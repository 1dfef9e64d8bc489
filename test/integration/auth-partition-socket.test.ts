import { expect, test } from 'vitest'
import { createFedcache } from '../../src/index.ts'

test('tenants have their own names over a socket too, where answers are made another way', async () => {
  const fedcache = createFedcache({
    port: 0,
    memoryLimit: '16mb',
    log: { level: 'silent' },
    auth: {
      tokens: ['acme', 'umbrella'].map((tenant) => ({ token: tenant, scopes: ['read:*'], claims: { tenant } })),
    },
    keyspaces: { notes: { partition: ({ claims }) => String(claims?.['tenant']) } },
  })
  const { url } = await fedcache.listen()
  for (const tenant of ['acme', 'umbrella'])
    await fedcache.engine.put('notes', { key: `${tenant}/a`, value: tenant, tags: [`${tenant}/t`] })
  const query =
    '{ entry(keyspace: "notes", key: "a") { id key value tags } entries(keyspace: "notes", keys: ["a", "acme/a"]) { key value } }'
  // Twice: the second time by what was prepared the first time, for somebody else.
  for (const tenant of ['acme', 'umbrella', 'acme']) {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${tenant}` },
      body: JSON.stringify({ query }),
    })
    const id = Buffer.from('["notes","a"]').toString('base64url')
    expect(await response.json()).toEqual({
      data: { entry: { id, key: 'a', value: tenant, tags: ['t'] }, entries: [{ key: 'a', value: tenant }, null] },
    })
  }
  await fedcache.stop()
})
