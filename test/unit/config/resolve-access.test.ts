import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readSecret } from '../../../src/config/secret.ts'
import { problemsOf, resolveAnything } from './fixtures.ts'

const token = { token: 'sesame', scopes: ['read:*'] }
const jwt = { jwksUrl: 'https://a.example/jwks', issuer: 'https://a.example', audience: 'fedcache' }
const partition = (): string => 'x'
const tls = { ca: '/ca.pem', cert: '/c.pem', key: '/k.pem' }

describe('what is right', () => {
  it.each([
    [{ auth: 'none' }],
    [{ auth: { tokens: [token] } }],
    [
      {
        auth: {
          tokens: [
            { ...token, token: { env: 'A' } },
            { ...token, token: { file: 'a' } },
          ],
        },
      },
    ],
    [{ auth: { tokens: [{ ...token, scopes: ['*', 'admin', 'metrics', 'read:a', 'write:a.b-c_d', 'write:*'] }] } }],
    [{ auth: { tokens: [{ ...token, name: 'ann', claims: { tenant: 'a' } }] } }],
    [{ auth: { jwt } }],
    [{ auth: { jwt: { ...jwt, issuer: ['a', 'b'], algorithms: ['ES256'], scopeClaim: 'scp', clockTolerance: '1m' } } }],
    [{ auth: { jwt: { ...jwt, jwksUrl: 'http://127.0.0.1:1/jwks' } } }],
    [{ auth: () => null }],
    [{ auth: { identify: () => null, authorize: () => true } }],
    [{ auth: { tokens: [token] }, host: '0.0.0.0' }],
    [{ auth: { tokens: [token] }, keyspaces: { a: { partition } } }],
    [{ cluster: { nats: 'nats://a', discovery: 'nats' } }],
    [{ cluster: { discovery: 'standalone' } }],
    [{ cluster: { nats: 'nats://a', tls: true } }],
    [{ cluster: { nats: 'nats://a', tls: false } }],
    [{ cluster: { nats: 'nats://a', tls: { ...tls, serverName: 'nats' } } }],
    [{ cluster: { nats: 'nats://a', auth: { user: 'a', password: { env: 'B' } } } }],
    [{ cluster: { nats: 'nats://a', auth: { token: 'a' } } }],
    [{ cluster: { nats: 'nats://a', auth: { nkey: { file: 'a' } } } }],
    [{ cluster: { nats: 'nats://a', auth: { creds: { file: 'a' } } } }],
    [{ http: { tls: { cert: 'a', key: 'b' }, introspection: false, maxDepth: 10, maxFields: 50, maxAliases: 0 } }],
    [{ http: { trustedDocuments: { documents: ['{ a }'], only: true } } }],
    [{ http: { trustedProxies: 1 } }],
    [{ http: { trustedProxies: ['127.0.0.1', '2001:db8::/32'], forwardedHeaders: 'x-forwarded' } }],
    [{ http: { maxOperations: 1, timeouts: {}, minReadRate: 1 } }],
  ])('%j', (config) => {
    expect(problemsOf(config)).toStrictEqual([])
  })

  it('is read as it is meant', () => {
    const { auth } = resolveAnything({ auth: { jwt } })
    expect(auth).toMatchObject({ jwt: { issuer: ['https://a.example'], scopeClaim: 'scope', clockToleranceMs: 5000 } })
    expect(JSON.stringify(auth)).not.toContain('HS256')
    expect(resolveAnything({ cluster: { nats: 'nats://a', tls: true } }).cluster.tls).toStrictEqual({})
  })
})

describe('what is wrong', () => {
  it.each([
    ['auth', { auth: 'hunter2' }],
    ['auth', { auth: {} }],
    ['auth', { auth: { authorize: () => true } }],
    ['auth.authorize', { auth: { tokens: [token], authorize: 'yes' } }],
    ['auth.identify', { auth: { identify: {} } }],
    ['auth.token', { auth: { token: 'x', tokens: [token] } }],
    ['auth.tokens', { auth: { tokens: [] } }],
    ['auth.tokens', { auth: { tokens: 'hunter2' } }],
    ['auth.tokens[0].token', { auth: { tokens: [{ scopes: ['*'] }] } }],
    ['auth.tokens[0].token', { auth: { tokens: [{ ...token, token: '' }] } }],
    ['auth.tokens[0].token', { auth: { tokens: [{ ...token, token: {} }] } }],
    ['auth.tokens[0].token', { auth: { tokens: [{ ...token, token: { env: '' } }] } }],
    ['auth.tokens[0].token', { auth: { tokens: [{ ...token, token: { env: 'a', file: 'b' } }] } }],
    ['auth.tokens[0].token', { auth: { tokens: [{ ...token, token: { url: 'a' } }] } }],
    ['auth.tokens[1].token', { auth: { tokens: [token, token] } }],
    ['auth.tokens[0].scopes', { auth: { tokens: [{ token: 'a' }] } }],
    ['auth.tokens[0].scopes[0]', { auth: { tokens: [{ token: 'a', scopes: ['read'] }] } }],
    ['auth.tokens[0].scopes[0]', { auth: { tokens: [{ token: 'a', scopes: ['read:a b'] }] } }],
    ['auth.tokens[0].name', { auth: { tokens: [{ ...token, name: 7 }] } }],
    ['auth.tokens[0].claims', { auth: { tokens: [{ ...token, claims: 'a' }] } }],
    ['auth.jwt.jwksUrl', { auth: { jwt: { ...jwt, jwksUrl: 'http://a.example/jwks' } } }],
    ['auth.jwt.jwksUrl', { auth: { jwt: { ...jwt, jwksUrl: 7 } } }],
    ['auth.jwt.issuer', { auth: { jwt: { ...jwt, issuer: undefined } } }],
    ['auth.jwt.audience', { auth: { jwt: { ...jwt, audience: [''] } } }],
    ['auth.jwt.algorithms', { auth: { jwt: { ...jwt, algorithms: ['HS256'] } } }],
    ['auth.jwt.algorithms', { auth: { jwt: { ...jwt, algorithms: [] } } }],
    ['auth.jwt.scopeClaim', { auth: { jwt: { ...jwt, scopeClaim: '' } } }],
    ['auth.jwt.clockTolerance', { auth: { jwt: { ...jwt, clockTolerance: '1h' } } }],
    ['keyspaces.a.partition', { keyspaces: { a: { partition } } }],
    ['keyspaces.a.partition', { auth: 'none', keyspaces: { a: { partition } } }],
    ['keyspaces.a.partition', { auth: { tokens: [token] }, keyspaces: { a: { partition: 'x' } } }],
    ['keyspaces.a.partition', { auth: { tokens: [token] }, keyspaces: { a: { partition, cacheScope: 'public' } } }],
    ['cluster.nats', { cluster: { discovery: 'nats' } }],
    ['cluster.discovery', { cluster: { nats: 'nats://a', discovery: 'standalone' } }],
    ['cluster.minimumPeers', { cluster: { discovery: 'standalone', minimumPeers: 2 } }],
    ['cluster.tls.cert', { cluster: { tls: { key: 'a' } } }],
    ['cluster.tls.key', { cluster: { tls: { cert: 'a' } } }],
    ['cluster.tls.ca', { cluster: { tls: { ca: 7 } } }],
    // The lines of a key in place of the path of its file.
    ['cluster.tls.key', { cluster: { tls: { cert: 'a', key: ['hunter2'] } } }],
    ['cluster.tls.serverName', { cluster: { tls: { serverName: '' } } }],
    ['cluster.tls', { cluster: { tls: 'yes' } }],
    ['cluster.auth', { cluster: { auth: 'hunter2' } }],
    ['cluster.auth', { cluster: { auth: {} } }],
    ['cluster.auth', { cluster: { auth: { token: 'a', nkey: 'b' } } }],
    ['cluster.auth.user', { cluster: { auth: { user: 7, password: 'a' } } }],
    ['cluster.auth.password', { cluster: { auth: { user: 'a' } } }],
    ['cluster.auth.password', { cluster: { auth: { token: 'a', password: 'b' } } }],
    ['cluster.auth.creds', { cluster: { auth: { creds: 7 } } }],
    ['http.tls', { http: { tls: { cert: 'a' } } }],
    ['http.maxDepth', { http: { maxDepth: 1 } }],
    ['http.maxAliases', { http: { maxAliases: -1 } }],
    ['http.introspection', { http: { introspection: 'no' } }],
    ['http.trustedProxies', { http: { trustedProxies: 0 } }],
    ['http.trustedProxies', { http: { trustedProxies: 1.5 } }],
    ['http.trustedProxies', { http: { trustedProxies: [] } }],
    ['http.trustedProxies', { http: { trustedProxies: '10.0.0.1' } }],
    ['http.trustedProxies', { http: { trustedProxies: true } }],
    ['http.trustedProxies[1]', { http: { trustedProxies: ['10.0.0.1', 'proxy.example'] } }],
    ['http.trustedProxies[0]', { http: { trustedProxies: ['10.0.0.0/33'] } }],
    ['http.trustedProxies[0]', { http: { trustedProxies: ['10.0.0.0/8/8'] } }],
    ['http.trustedProxies[0]', { http: { trustedProxies: ['10.0.0.0/'] } }],
    ['http.trustedProxies[0]', { http: { trustedProxies: ['2001:db8::/129'] } }],
    ['http.trustedProxies[0]', { http: { trustedProxies: ['fe80::1%eth0'] } }],
    ['http.trustedProxies[0]', { http: { trustedProxies: [7] } }],
    ['http.forwardedHeaders', { http: { trustedProxies: 1, forwardedHeaders: 'x-real-ip' } }],
    ['http.forwardedHeaders', { http: { forwardedHeaders: 'forwarded' } }],
    ['http.maxOperations', { http: { maxOperations: 0 } }],
    ['http.maxSubscriptions', { http: { maxSubscriptions: '7' } }],
    ['http.maxWebSockets', { http: { maxWebSockets: 1.5 } }],
    ['http.maxOperationsPerWebSocket', { http: { maxOperationsPerWebSocket: -1 } }],
    ['http.timeouts', { http: { timeouts: '10s' } }],
    ['http.timeouts.header', { http: { timeouts: { header: '10s' } } }],
    ['http.timeouts.headers', { http: { timeouts: { headers: '2m' } } }],
    ['http.timeouts.request', { http: { timeouts: { request: '2d' } } }],
    ['http.timeouts.keepAlive', { http: { timeouts: { keepAlive: 0 } } }],
    ['http.timeouts.slowClient', { http: { timeouts: { slowClient: 'never' } } }],
    ['http.minReadRate', { http: { minReadRate: 0 } }],
    ['http.trustedDocuments.documents', { http: { trustedDocuments: {} } }],
    ['http.trustedDocuments.only', { http: { trustedDocuments: { documents: [], only: 1 } } }],
  ])('%s of %j', (path, config) => {
    const problems = problemsOf(config)
    expect(problems.map((problem) => problem.path)).toStrictEqual([path])
    expect(JSON.stringify(problems)).not.toMatch(/hunter2|sesame/)
  })
})

describe('secrets', () => {
  it('are the text itself, or in the environment, or in a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fedcache-secret-'))
    const file = join(folder, 'secret')
    await writeFile(file, 'in a file\r\n\n')
    expect(await readSecret('itself', {})).toBe('itself')
    expect(await readSecret({ env: 'NAME' }, { NAME: 'in the environment' })).toBe('in the environment')
    expect(await readSecret({ file }, {})).toBe('in a file')
    await writeFile(file, '\n')
    await expect(readSecret({ file }, {})).rejects.toThrow(`The file ${file} is empty.`)
    for (const environment of [{}, { NAME: '' }]) {
      await expect(readSecret({ env: 'NAME' }, environment)).rejects.toThrow('NAME is not set')
    }
    await rm(folder, { recursive: true })
  })
})
