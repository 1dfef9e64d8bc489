import { type NatsScheme, serverUrl } from './server-urls.ts'

/** What is read of an EndpointSlice. Declared here, so that the types of fedcache do not need the client. */
export interface EndpointSlice {
  readonly endpoints?: readonly {
    readonly addresses: readonly string[]
    readonly conditions?: { readonly ready?: boolean }
  }[]
  readonly ports?: readonly { readonly name?: string; readonly port?: number }[]
}

/** Which port of the endpoints is that of NATS: by number or name. */
export type SlicePort = number | string

// What the NATS chart and operator name the port for clients.
const clientPortNames = ['client', 'nats']

/** The servers behind a slice that take connections; none where it has no such port. */
export function serversOf(slice: EndpointSlice, scheme: NatsScheme, wanted: SlicePort | undefined): string[] {
  const port = portOf(slice, wanted)
  if (port === undefined) return []
  return (
    (slice.endpoints ?? [])
      // Not saying means ready: see the documentation of EndpointConditions.
      .filter(({ conditions }) => conditions?.ready !== false)
      .flatMap(({ addresses }) => addresses.map((address) => serverUrl(scheme, address, port)))
  )
}

function portOf({ ports = [] }: EndpointSlice, wanted: SlicePort | undefined): number | undefined {
  if (typeof wanted === 'number') return wanted
  if (wanted !== undefined) return ports.find(({ name }) => name === wanted)?.port
  const named = clientPortNames.flatMap((name) => ports.filter((port) => port.name === name))
  return (named[0] ?? (ports.length === 1 ? ports[0] : undefined))?.port
}
