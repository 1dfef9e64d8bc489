import type { Discovery } from '../../ports/index.ts'
import { OptionProblems } from '../source/option-problems.ts'
import { distinct, natsPort, type NatsScheme, serverUrl } from './server-urls.ts'

/**
 * Finds the NATS servers that it is given, always. Servers that they tell of are used as well.
 *
 * @param servers each as `nats://host:port`, `tls://host:port` or `host`. The port is 4222 where none is given.
 * @throws ConfigError for an empty list or anything else in it.
 */
export function staticDiscovery(servers: readonly string[]): Discovery {
  const problems = new OptionProblems('staticDiscovery')
  if (!Array.isArray(servers) || servers.length === 0)
    problems.add('servers', 'must be a list of at least one server', servers)
  const urls = (Array.isArray(servers) ? servers : []).map((server: unknown, index) => {
    const url = urlOf(server)
    if (url === undefined) problems.add(`servers[${index}]`, 'must be nats://host:port or tls://host:port', server)
    return url ?? ''
  })
  problems.throwIfAny()
  const found = distinct(urls)
  return {
    name: 'static',
    resolve: async () => found,
    close: async () => {},
  }
}

function urlOf(server: unknown): string | undefined {
  if (typeof server !== 'string') return undefined
  const url = URL.parse(server.includes('://') ? server : `nats://${server}`)
  if (url === null || url.hostname === '' || !/^(?:nats|tls):$/.test(url.protocol)) return undefined
  if (!/^\/?$/.test(url.pathname) || url.search !== '' || url.hash !== '') return undefined
  const scheme = url.protocol.slice(0, -1) as NatsScheme
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const credentials = url.username === '' ? '' : `${url.username}${url.password === '' ? '' : `:${url.password}`}@`
  return serverUrl(scheme, host, url.port === '' ? natsPort : Number(url.port)).replace('://', `://${credentials}`)
}
