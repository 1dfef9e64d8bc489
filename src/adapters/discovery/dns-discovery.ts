import { lookup, Resolver } from 'node:dns/promises'
import type { Discovery } from '../../ports/index.ts'
import { OptionProblems } from '../source/option-problems.ts'
import { distinct, natsPort, type NatsScheme, serverUrl } from './server-urls.ts'
import { ServerWatchers } from './server-watchers.ts'

/** Where DNS knows the NATS servers. */
export interface DnsDiscoveryOptions {
  /**
   * The name. SRV records are looked for at `_nats._tcp.<name>`, or at the name itself where it begins with `_`; where
   * there are none, its A and AAAA records count, with `port`.
   */
  readonly name: string
  /** The port of servers found by address. Default 4222. */
  readonly port?: number
  /** `tls` refuses servers without TLS. Default `nats`. */
  readonly scheme?: NatsScheme
  /**
   * The DNS servers to ask, as `address` or `address:port`. Default: those of the system; addresses are then looked up
   * as everything else on this machine does, with its hosts file and search domains.
   */
  readonly resolvers?: readonly string[]
  /** How often the records are looked at for changes, in milliseconds. Default 10,000. */
  readonly refreshMs?: number
  /** How long one DNS server may take to answer, in milliseconds; it is asked twice. Default 2,000. */
  readonly timeoutMs?: number
}

// What a DNS server says of a name that it knows to have no such records. Anything else is a failure to say.
const nothingThere: ReadonlySet<unknown> = new Set(['ENOTFOUND', 'ENODATA'])

/**
 * Finds NATS servers by DNS.
 *
 * @throws ConfigError for options that are wrong.
 */
export function dnsDiscovery(options: DnsDiscoveryOptions): Discovery {
  checkOptions(options)
  return new DnsDiscovery(options)
}

class DnsDiscovery implements Discovery {
  readonly name = 'dns'
  readonly #options: DnsDiscoveryOptions
  readonly #resolver: Resolver
  readonly #watchers = new ServerWatchers()
  readonly #failureListeners = new Set<(error: unknown) => void>()
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(options: DnsDiscoveryOptions) {
    this.#options = options
    this.#resolver = new Resolver({ timeout: options.timeoutMs ?? 2000, tries: 2 })
    if (options.resolvers !== undefined) this.#resolver.setServers(options.resolvers)
  }

  async resolve(): Promise<readonly string[]> {
    const { name, port = natsPort, scheme = 'nats' } = this.#options
    const services = await this.#services(name.startsWith('_') ? name : `_nats._tcp.${name}`)
    if (services.length > 0) {
      return distinct(services.map((service) => serverUrl(scheme, service.host, service.port)))
    }
    const addresses = name.startsWith('_') ? [] : await this.#addresses(name)
    return distinct(addresses.map((address) => serverUrl(scheme, address, port)))
  }

  async watch(
    onChange: (servers: readonly string[]) => void,
    onFailure: (error: unknown) => void = () => {},
  ): Promise<() => void> {
    if (this.#closed) return () => {}
    const stop = this.#watchers.add(onChange)
    this.#failureListeners.add(onFailure)
    if (this.#watchers.size === 1) await this.#look()
    return () => {
      stop()
      this.#failureListeners.delete(onFailure)
      if (this.#watchers.size === 0) this.#rest()
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#watchers.clear()
    this.#rest()
    this.#resolver.cancel()
  }

  #rest(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#watchers.forget()
  }

  async #look(): Promise<void> {
    try {
      this.#watchers.found(await this.resolve())
    } catch (error) {
      if (!this.#closed) for (const onFailure of this.#failureListeners) onFailure(error)
    }
    if (this.#closed || this.#watchers.size === 0) return
    this.#timer = setTimeout(() => void this.#look(), this.#options.refreshMs ?? 10_000)
    this.#timer.unref()
  }

  async #services(name: string): Promise<readonly { readonly host: string; readonly port: number }[]> {
    const records = await orNothing(this.#resolver.resolveSrv(name))
    // A lone dot says that there is decidedly no such service.
    const services = records.filter((record) => record.name !== '' && record.name !== '.')
    if (this.#options.resolvers === undefined)
      return services.map((service) => ({ host: service.name, port: service.port }))
    // The names behind SRV records may be known to these DNS servers only.
    const found = await Promise.all(
      services.map(async (service) => {
        const addresses = await this.#addresses(service.name)
        return addresses.map((host) => ({ host, port: service.port }))
      }),
    )
    return found.flat()
  }

  async #addresses(name: string): Promise<readonly string[]> {
    if (this.#options.resolvers === undefined) {
      const found = await orNothing(lookup(name, { all: true }))
      return found.map(({ address }) => address)
    }
    const [four, six] = await Promise.allSettled([
      orNothing(this.#resolver.resolve4(name)),
      orNothing(this.#resolver.resolve6(name)),
    ])
    if (four.status === 'rejected' && six.status === 'rejected') throw four.reason
    const found = [four, six].flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
    // Nothing of one kind and a failure of the other is not knowing, and not nothing.
    for (const result of [four, six]) if (found.length === 0 && result.status === 'rejected') throw result.reason
    return found
  }
}

async function orNothing<Found>(asked: Promise<Found[]>): Promise<Found[]> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof Error && 'code' in error && nothingThere.has(error.code)) return []
    throw error
  }
}

function checkOptions(options: DnsDiscoveryOptions): void {
  const problems = new OptionProblems('dnsDiscovery')
  problems.requireOptions(options)
  const { name, port, scheme, resolvers } = options
  if (typeof name !== 'string' || !/^[\w.-]{1,253}$/.test(name)) problems.add('name', 'must be a name in DNS', name)
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536)) {
    problems.add('port', 'must be a whole number from 1 to 65535', port)
  }
  if (scheme !== undefined && scheme !== 'nats' && scheme !== 'tls') {
    problems.add('scheme', "must be 'nats' or 'tls'", scheme)
  }
  try {
    if (resolvers !== undefined) new Resolver().setServers(resolvers)
  } catch {
    problems.add('resolvers', "must be a list of addresses such as '10.0.0.2' or '127.0.0.1:5353'", resolvers)
  }
  problems.wholeNumber('refreshMs', options.refreshMs, 1)
  problems.wholeNumber('timeoutMs', options.timeoutMs, 1)
  problems.throwIfAny()
}
