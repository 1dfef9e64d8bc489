import { describe, expect, it } from 'vitest'
import type { Config } from '../../../src/config/config.ts'
import { environmentOverrides, type Overrides, overriddenConfig } from '../../../src/config/overrides.ts'
import { ConfigError } from '../../../src/errors.ts'
import { source } from './fixtures.ts'

const everything = {
  FEDCACHE_PORT: '1',
  FEDCACHE_HOST: 'environment',
  FEDCACHE_NATS_URL: 'nats://environment',
  FEDCACHE_CLUSTER: 'environment',
  FEDCACHE_PEER_ID: 'environment',
  FEDCACHE_WORKERS: '3',
  FEDCACHE_AUTH: 'none',
  FEDCACHE_LOG_LEVEL: 'warn',
}

const flags: Overrides = {
  port: '2',
  host: 'flag',
  nats: 'nats://flag',
  cluster: 'flag',
  peerId: 'flag',
  workers: '4',
  auth: 'none',
  logLevel: 'error',
}

const file: Config = {
  port: 3,
  host: 'file',
  cluster: { name: 'file', peerId: 'file', nats: 'nats://file', minimumPeers: 2 },
  log: { level: 'debug' },
  keyspaces: { cities: {} },
}

function httpKeyspace(name: string, urlTemplate: string): { readonly source: typeof source; readonly format: 'json' } {
  if (urlTemplate.includes('{key}')) return { source: { ...source, name }, format: 'json' }
  throw new ConfigError([
    { path: 'httpSource.url', message: `must have {key}; received ${urlTemplate}`, received: urlTemplate },
  ])
}

function layered(
  config: Config,
  environment: Record<string, string>,
  ofFlags: Overrides,
): ReturnType<typeof overriddenConfig> {
  return overriddenConfig(config, environmentOverrides(environment), ofFlags, httpKeyspace)
}

describe('flags over environment over file', () => {
  it('leaves a file alone that nothing is laid over', () => {
    const { config, origins, problems } = layered(file, {}, {})
    expect(config).toEqual(file)
    expect(origins).toEqual(new Map())
    expect(problems).toEqual([])
  })

  it('puts the environment over the file', () => {
    const { config, origins } = layered(file, everything, {})
    expect(config).toEqual({
      port: 1,
      host: 'environment',
      workers: 3,
      auth: 'none',
      cluster: { name: 'environment', peerId: 'environment', nats: 'nats://environment', minimumPeers: 2 },
      log: { level: 'warn' },
      keyspaces: { cities: {} },
    })
    expect(Object.fromEntries(origins)).toEqual({
      port: 'FEDCACHE_PORT',
      host: 'FEDCACHE_HOST',
      workers: 'FEDCACHE_WORKERS',
      auth: 'FEDCACHE_AUTH',
      'log.level': 'FEDCACHE_LOG_LEVEL',
      'cluster.name': 'FEDCACHE_CLUSTER',
      'cluster.peerId': 'FEDCACHE_PEER_ID',
      'cluster.nats': 'FEDCACHE_NATS_URL',
    })
  })

  it('puts flags over both', () => {
    const { config, origins } = layered(file, everything, flags)
    expect(config).toEqual({
      port: 2,
      host: 'flag',
      workers: 4,
      auth: 'none',
      cluster: { name: 'flag', peerId: 'flag', nats: 'nats://flag', minimumPeers: 2 },
      log: { level: 'error' },
      keyspaces: { cities: {} },
    })
    expect(Object.fromEntries(origins)).toEqual({
      port: '--port',
      host: '--host',
      workers: '--workers',
      auth: '--auth',
      'log.level': '--log-level',
      'cluster.name': '--cluster',
      'cluster.peerId': '--peer-id',
      'cluster.nats': '--nats',
    })
  })

  it('needs no file', () => {
    expect(layered({}, { FEDCACHE_CLUSTER: 'c' }, { port: '0' }).config).toEqual({ port: 0, cluster: { name: 'c' } })
  })

  it('takes empty variables for unset ones', () => {
    const empty = Object.fromEntries(Object.keys(everything).map((name) => [name, '']))
    expect(layered(file, empty, {})).toMatchObject({ config: file, origins: new Map() })
  })

  it.each(['abc', '-1', '1.5', ' 80', '0x50'])('keeps the port %j as text, for the check to show', (port) => {
    expect(layered({}, {}, { port }).config.port).toBe(port)
  })

  it('puts NATS servers in place of a discovery', () => {
    const discovery = { name: 'own', resolve: () => Promise.resolve([]), close: () => Promise.resolve() }
    const { config } = layered({ cluster: { name: 'a', discovery } }, {}, { nats: 'nats://flag' })
    expect(config.cluster).toEqual({ name: 'a', nats: 'nats://flag', discovery: undefined })
    expect(layered({ cluster: { discovery } }, {}, { cluster: 'b' }).config.cluster).toEqual({ name: 'b', discovery })
  })
})

describe('--http', () => {
  it('adds keyspaces, and takes the place of one with the same name', () => {
    const { config } = layered(file, {}, { http: ['cities=https://a/{key}?a=b', 'products=https://b/{key}'] })
    expect(config.keyspaces).toEqual({
      cities: { source: expect.objectContaining({ name: 'cities' }), format: 'json' },
      products: { source: expect.objectContaining({ name: 'products' }), format: 'json' },
    })
  })

  it('splits at the first "="', () => {
    const templates: string[] = []
    overriddenConfig({}, {}, { http: ['a=https://b/{key}?c=d'] }, (_name, template) => {
      templates.push(template)
      return {}
    })
    expect(templates).toEqual(['https://b/{key}?c=d'])
  })

  it('tells everything that is wrong, and no secrets', () => {
    const { problems, config } = layered(
      {},
      {},
      { http: ['https://u:hunter2@a/{key}?b=c', '=x', 'a=', 'b=https://u:hunter2@b/'] },
    )
    const form = 'must be NAME=URL_TEMPLATE, such as products=https://example.com/products/{key}'
    expect(problems).toEqual([
      {
        path: '--http',
        message: `${form}; received "https://***@a/{key}?b=***"`,
        received: 'https://***@a/{key}?b=***',
      },
      { path: '--http', message: `${form}; received "=x"`, received: '=x' },
      { path: '--http', message: `${form}; received "a="`, received: 'a=' },
      { path: '--http b', message: 'must have {key}; received https://***@b/', received: 'https://***@b/' },
    ])
    expect(config).toEqual({})
  })

  it('tells of a name that is given twice', () => {
    const { problems } = layered(
      {},
      {},
      { http: ['a=https://a/{key}', 'b=https://b/{key}', 'a=https://u:hunter2@c/{key}'] },
    )
    const received = 'a=https://***@c/{key}'
    expect(problems).toEqual([
      { path: '--http', message: `must not name the keyspace a twice; received "${received}"`, received },
    ])
  })

  it('does not hide what is no problem of the template', () => {
    const broken = (): never => {
      throw new TypeError('a bug')
    }
    expect(() => overriddenConfig({}, {}, { http: ['a=b'] }, broken)).toThrow(new TypeError('a bug'))
  })
})
