import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { tokenAuthenticator } from '../../src/auth/token-authenticator.ts'
import { readSecret } from '../../src/config/secret.ts'
import { type AuthConfig, createFedcache, type Fedcache, type LogFields, type Logger } from '../../src/index.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { type Answer, codesOf, post } from '../support/served-cache.ts'

let fedcache: Fedcache | undefined
let logged = ''

const logger: Logger = {
  debug: (...line) => log(line),
  info: (...line) => log(line),
  warn: (...line) => log(line),
  error: (...line) => log(line),
  child: () => logger,
}

function log([fields, message]: readonly [LogFields, string]): void {
  const shown = Object.values(fields).map((field) =>
    field instanceof Error ? `${field.message} ${field.stack}` : field,
  )
  logged += `${message} ${JSON.stringify(shown)}\n`
}

function served(auth: AuthConfig): Fedcache {
  logged = ''
  fedcache = createFedcache({ memoryLimit: '16mb', log: { logger }, keyspaces: { things: {}, others: {} }, auth })
  return fedcache
}

afterEach(async () => {
  await fedcache?.stop()
  fedcache = undefined
})

const readThings = '{ entry(keyspace: "things", key: "a") { key } }'

async function codes(query = readThings, headers: Readonly<Record<string, string>> = {}): Promise<readonly unknown[]> {
  const response = await fedcache!.fetch(post({ query }, headers))
  return codesOf((await response.json()) as Answer)
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

describe('tokens', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fedcache-tokens-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  test('come from the configuration, the environment and files', async () => {
    await writeFile(join(folder, 'token'), 'from-file\n')
    vi.stubEnv('THINGS_TOKEN', 'from-environment')
    served({
      tokens: [
        { token: 'from-config', scopes: ['read:things'] },
        { token: { env: 'THINGS_TOKEN' }, scopes: ['read:things'] },
        { token: { file: join(folder, 'token') }, scopes: ['read:things'] },
      ],
    })
    for (const token of ['from-config', 'from-environment', 'from-file']) {
      expect(await codes(readThings, bearer(token))).toStrictEqual([])
    }
    for (const token of ['from-confi', 'from-config2', 'FROM-CONFIG', '']) {
      expect(await codes(readThings, bearer(token))).toStrictEqual(['UNAUTHENTICATED'])
    }
    expect(logged).not.toMatch(/from-/)
  })

  test.each([
    ['environment variable', { env: 'NOT_SET_ANYWHERE' }, 'NOT_SET_ANYWHERE'],
    ['file', { file: '/nowhere/token' }, '/nowhere/token'],
  ])('that are in no %s keep it from starting', async (_kind, token, named) => {
    const refused = served({ tokens: [{ token, scopes: ['*'] }] })
    await expect(refused.listen()).rejects.toThrow(named)
  })

  test.each(['two words', 'naïve', 'with"quotes"', 'a'.repeat(20_000)])(
    'that nobody can send keep it from starting, and are not shown',
    async (token) => {
      const refused = served({
        tokens: [
          { token: 'right', scopes: ['*'] },
          { token, scopes: ['*'] },
        ],
      })
      await expect(refused.listen()).rejects.toThrow('auth.tokens[1] cannot be sent')
      await expect(refused.listen()).rejects.not.toThrow(token)
    },
  )

  test('in a file can be replaced while it runs', async () => {
    const file = join(folder, 'replaced')
    await writeFile(file, 'old')
    const clock = fakeClock()
    const authenticator = tokenAuthenticator({
      tokens: [{ read: () => readSecret({ file }, {}), identity: { scopes: ['*'] } }],
      clock,
      logger,
    })
    const isKnown = async (token: string) => {
      const headers = new Headers(bearer(token))
      return (await authenticator.authenticate({ method: 'POST', url: 'http://localhost/', headers })) !== undefined
    }
    await authenticator.start?.()
    await writeFile(file, 'new')
    expect([await isKnown('old'), await isKnown('new')]).toStrictEqual([true, false])
    await clock.advance(10_000)
    expect([await isKnown('old'), await isKnown('new')]).toStrictEqual([false, true])
    // What cannot be read again goes on counting.
    await rm(file)
    await clock.advance(10_000)
    expect([await isKnown('old'), await isKnown('new')]).toStrictEqual([false, true])
  })
})

describe('JSON Web Tokens', () => {
  let provider: Server
  let jwksUrl = ''
  let status = 200
  let sign: (
    claims: JWTPayload,
    changes?: { expires?: string | number; kid?: string; foreign?: boolean },
  ) => Promise<string>

  beforeAll(async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256')
    const foreign = await generateKeyPair('ES256')
    const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }] }
    provider = createServer((_request, response) => response.writeHead(status).end(JSON.stringify(keys)))
    provider.listen(0, '127.0.0.1')
    await once(provider, 'listening')
    jwksUrl = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/jwks`
    sign = (claims, { expires = '5m', kid = 'one', foreign: isForeign = false } = {}) =>
      new SignJWT({ iss: 'https://issuer.example', aud: 'fedcache', sub: 'someone', ...claims })
        .setProtectedHeader({ alg: 'ES256', kid })
        .setExpirationTime(expires)
        .sign(isForeign ? foreign.privateKey : privateKey)
  })
  afterAll(() => provider.close())

  const jwt = () => ({ jwksUrl, issuer: 'https://issuer.example', audience: 'fedcache' })

  test('give the scopes in their claim, as a text or a list', async () => {
    served({ jwt: jwt() })
    expect(await codes(readThings, bearer(await sign({ scope: 'openid read:things' })))).toStrictEqual([])
    expect(await codes(readThings, bearer(await sign({ scope: ['read:*', 7] })))).toStrictEqual([])
    expect(await codes(readThings, bearer(await sign({ scope: 'read:others' })))).toStrictEqual(['FORBIDDEN'])
    expect(await codes(readThings, bearer(await sign({})))).toStrictEqual(['FORBIDDEN'])
  })

  test('that are expired, foreign, for others or not signed are not believed', async () => {
    served({ jwt: jwt() })
    const scope = '*'
    const [header, payload] = (await sign({ scope })).split('.')
    const none = Buffer.from('{"alg":"none"}').toString('base64url')
    const wrong = {
      expired: await sign({ scope }, { expires: Math.floor(Date.now() / 1000) - 60 }),
      'of another issuer': await sign({ scope, iss: 'https://evil.example' }),
      'for another audience': await sign({ scope, aud: 'other' }),
      'with a foreign signature': await sign({ scope }, { foreign: true }),
      'with an unknown key': await sign({ scope }, { kid: 'two' }),
      'without signature': `${none}.${payload}.`,
      'with a signature cut off': `${header}.${payload}.`,
      'that are none': 'a.b.c',
    }
    for (const [name, token] of Object.entries(wrong)) {
      expect([name, await codes(readThings, bearer(token))]).toStrictEqual([name, ['UNAUTHENTICATED']])
    }
  })

  test('cannot be checked while the keys cannot be had; the log says so once, and without the token', async () => {
    served({ jwt: jwt() })
    status = 500
    const token = await sign({ scope: '*' })
    expect(await codes(readThings, bearer(token))).toStrictEqual(['UNAVAILABLE'])
    expect(await codes(readThings, bearer(token))).toStrictEqual(['UNAVAILABLE'])
    expect(logged.match(/keys of tokens cannot be had/g)).toHaveLength(1)
    expect(logged).not.toContain(token)
    status = 200
    expect(await codes(readThings, bearer(token))).toStrictEqual([])
  })

  test('go together with tokens', async () => {
    served({ jwt: jwt(), tokens: [{ token: 'static', scopes: ['read:things'] }] })
    expect(await codes(readThings, bearer('static'))).toStrictEqual([])
    expect(await codes(readThings, bearer(await sign({ scope: 'read:things' })))).toStrictEqual([])
    expect(await codes(readThings, bearer('other'))).toStrictEqual(['UNAUTHENTICATED'])
  })

  test('that expire end their subscriptions', async () => {
    served({ jwt: { ...jwt(), clockTolerance: 0 } })
    const token = await sign({ scope: 'read:things' }, { expires: Math.ceil(Date.now() / 1000) + 1 })
    const query = 'subscription { entryChanges(keyspace: "things") { key } }'
    const response = await fedcache!.fetch(post({ query }, { ...bearer(token), accept: 'text/event-stream' }))
    expect(response.status).toBe(200)
    // Ends by itself: the stream is read to its end.
    expect(await response.text()).toContain('event: complete')
  })
})

describe('a function', () => {
  test('says who sends a request, from whatever the request says', async () => {
    served((request) => (request.headers.get('x-user') === 'ann' ? { scopes: ['read:things'] } : null))
    expect(await codes(readThings, { 'x-user': 'ann' })).toStrictEqual([])
    expect(await codes(readThings, { 'x-user': 'bob' })).toStrictEqual(['UNAUTHENTICATED'])
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    ['gives no scopes', () => ({ name: 'ann' })],
    ['gives one scope and no list', () => ({ scopes: '*' })],
    ['gives a text', () => 'ann'],
  ])('that %s knows nobody, and the log says so', async (_what, identify) => {
    served({ identify: identify as never })
    expect(await codes()).toStrictEqual(['UNAUTHENTICATED'])
    expect(logged).toContain('the auth function')
  })
})

describe('the authorize hook', () => {
  test('is asked after the scopes, with who does what to what', async () => {
    const asked: object[] = []
    served({
      tokens: [{ token: 't', scopes: ['read:things', 'write:*'], name: 'ann' }],
      authorize: ({ identity, ...request }) => {
        asked.push({ ...request, who: identity.name })
        return !request.keys?.includes('forbidden')
      },
    })
    expect(await codes('{ entry(keyspace: "others", key: "a") { key } }', bearer('t'))).toStrictEqual(['FORBIDDEN'])
    expect(asked).toStrictEqual([])
    expect(await codes(readThings, bearer('t'))).toStrictEqual([])
    const both = '{ entries(keyspace: "things", keys: ["a", "forbidden"]) { key } }'
    expect(await codes(both, bearer('t'))).toStrictEqual(['FORBIDDEN'])
    const deletion = 'mutation { deleteEntry(input: { keyspace: "things", key: "forbidden" }) { key } }'
    expect(await codes(deletion, bearer('t'))).toStrictEqual(['FORBIDDEN'])
    expect(asked).toStrictEqual([
      { action: 'read', keyspace: 'things', keys: ['a'], who: 'ann' },
      { action: 'read', keyspace: 'things', keys: ['a', 'forbidden'], who: 'ann' },
      { action: 'write', keyspace: 'things', keys: ['forbidden'], who: 'ann' },
    ])
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    ['says neither yes nor no', () => 'yes'],
  ])('forbids when it %s', async (_what, authorize) => {
    served({ tokens: [{ token: 't', scopes: ['*'] }], authorize: authorize as never })
    expect(await codes(readThings, bearer('t'))).toStrictEqual(['FORBIDDEN'])
  })
})
