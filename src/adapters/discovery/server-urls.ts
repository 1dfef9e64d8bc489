import { isIPv6 } from 'node:net'

/** How NATS servers are spoken to: `tls` refuses those without TLS. */
export type NatsScheme = 'nats' | 'tls'

/** The port of NATS servers that say no other. */
export const natsPort = 4222

/** The URL of a server at an address or name. */
export function serverUrl(scheme: NatsScheme, host: string, port: number): string {
  return `${scheme}://${isIPv6(host) ? `[${host}]` : host}:${port}`
}

/** The same servers, each once, in the order of text: two lists of the same servers are then alike. */
export function distinct(servers: Iterable<string>): readonly string[] {
  return [...new Set(servers)].toSorted()
}
