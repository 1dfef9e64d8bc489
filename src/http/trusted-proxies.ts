import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

/** Which proxies are believed, and in which headers they tell what they saw. */
export interface ProxySettings {
  /** Addresses and networks (such as `10.0.0.0/8`) of the proxies; or how many of them every request passes. */
  readonly trusted: readonly string[] | number
  /** `X-Forwarded-For`, `-Proto` and `-Host`, or `Forwarded`. The others are not looked at: clients may have set them. */
  readonly headers: 'x-forwarded' | 'forwarded'
}

/** A request as its client sent it, as far as that is known. */
export interface SentAs {
  /** Address of the client; `undefined` where a proxy hides it, or the connection is gone. */
  readonly address: string | undefined
  /** `undefined` where a proxy that nobody told of might have changed it. */
  readonly scheme: 'http' | 'https' | undefined
  /** Name and port under which the client asked. */
  readonly host: string
}

/** Finds out how a request was sent. */
export type SentAsReader = (request: IncomingMessage) => SentAs

/** What proxies tell of one request. In each list the last is from the proxy nearest to this server. */
interface Told {
  readonly addresses: readonly string[]
  readonly schemes: readonly string[]
  readonly hosts: readonly string[]
}

/** How many trusted proxies a request passed, and who sent it to the outermost. */
interface Way {
  readonly passed: number
  readonly address: string | undefined
}

const nothing: readonly string[] = []

/**
 * Makes the reader. What proxies tell is believed for as far as an unbroken chain of trusted ones reaches, counted from
 * this server; what lies behind it is the client's own word.
 *
 * @param settings `undefined`: no proxy is trusted, and no header looked at.
 * @throws RangeError for what is neither an address nor a network.
 */
export function sentAsReader(settings: ProxySettings | undefined): SentAsReader {
  if (settings === undefined) return (request) => new Direct(request)
  const { trusted, headers } = settings
  const isTrusted = typeof trusted === 'number' ? () => true : oneOf(trusted)
  const read = headers === 'forwarded' ? toldByForwarded : toldByXForwarded
  return (request) => {
    const sent = new Direct(request)
    if (!isTrusted(sent.address)) return sent
    const { addresses, schemes, hosts } = read(request.headers)
    const { address, passed } =
      typeof trusted === 'number'
        ? { address: addressIn(saidBy(addresses, trusted) ?? sent.address ?? ''), passed: trusted }
        : wayOf(sent.address, addresses, isTrusted)
    const scheme = saidBy(schemes, passed)?.toLowerCase()
    const host = saidBy(hosts, passed) ?? ''
    return {
      address,
      scheme: scheme === 'http' || scheme === 'https' ? scheme : undefined,
      host: hostPattern.test(host) ? host : sent.host,
    }
  }
}

/** A request as it reached this server. Most are never asked where they came from. */
class Direct implements SentAs {
  readonly #request: IncomingMessage

  constructor(request: IncomingMessage) {
    this.#request = request
  }

  get address(): string | undefined {
    return addressIn(this.#request.socket.remoteAddress ?? '')
  }

  get scheme(): 'https' | undefined {
    const { socket } = this.#request
    return 'encrypted' in socket && socket.encrypted === true ? 'https' : undefined
  }

  get host(): string {
    return this.#request.headers.host ?? ''
  }
}

function oneOf(addresses: readonly string[]): (address: string | undefined) => boolean {
  const list = new BlockList()
  for (const text of addresses) {
    const [address = '', prefix] = text.split('/')
    const family = familyOf(address)
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return (address) => address !== undefined && list.check(address, familyOf(address))
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}

/** From proxy to proxy towards the client, for as long as each is trusted to tell the truth of the one before. */
function wayOf(
  nearest: string | undefined,
  addresses: readonly string[],
  isTrusted: (address: string | undefined) => boolean,
): Way {
  let address = nearest
  let passed = 0
  while (isTrusted(address)) {
    passed++
    const next = addresses[addresses.length - passed]
    if (next === undefined) break
    address = addressIn(next)
  }
  return { address, passed }
}

/** What the outermost of the proxies passed said; of what each overwrites, what the nearest one said. */
function saidBy(values: readonly string[], passed: number): string | undefined {
  return values[Math.max(0, values.length - passed)]
}

function toldByXForwarded(headers: IncomingMessage['headers']): Told {
  return {
    addresses: listIn(headers['x-forwarded-for']),
    schemes: listIn(headers['x-forwarded-proto']),
    hosts: listIn(headers['x-forwarded-host']),
  }
}

function listIn(header: string | readonly string[] | undefined): readonly string[] {
  if (header === undefined) return nothing
  return header
    .toString()
    .split(',')
    .map((value) => value.trim())
}

// Every quotation mark has its other. A client that leaves one open would otherwise pull what the proxy adds into a text
// of its own.
const wellFormed = /^(?:[^"]|"(?:[^"\\]|\\.)*")*$/
const elements = /(?:[^",]|"(?:[^"\\]|\\.)*")+/g
const pairs = /([!#$%&'*+.^_`|~\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s";,]*))/g

/** Reads the header of RFC 7239. */
function toldByForwarded({ forwarded }: IncomingMessage['headers']): Told {
  const header = forwarded?.toString() ?? ''
  const told = (wellFormed.test(header) ? (header.match(elements) ?? []) : []).map((element) => {
    const found = Array.from(element.matchAll(pairs), ([, name, quoted, plain]) => {
      return [name!.toLowerCase(), quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? ''] as const
    })
    return new Map(found)
  })
  const of = (name: string): readonly string[] => told.map((element) => element.get(name) ?? '')
  return { addresses: of('for'), schemes: of('proto'), hosts: of('host') }
}

const hostPattern = /^(?:\[[\da-f:.]+\]|[\w.-]+)(?::\d{1,5})?$/i
const withPort = /^(?:\[([\da-f:.]+)\]|([\d.]+))(?::\d+)?$/i

/** The address in `1.2.3.4`, `1.2.3.4:56`, `::1`, `[::1]` and `[::1]:56`; `undefined` in anything else. */
function addressIn(text: string): string | undefined {
  const found = withPort.exec(text)
  const address = (found?.[1] ?? found?.[2] ?? text).replace(/%.*$/, '').replace(/^::ffff:(?=[\d.]+$)/i, '')
  return isIP(address) === 0 ? undefined : address
}
