import { isIP } from 'node:net'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import {
  type Authenticator,
  type ConnectionOptions,
  credsAuthenticator,
  nkeyAuthenticator,
  type TlsOptions,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from 'nats'

/** Who a peer is to NATS. */
export type NatsAuth =
  | { readonly user: string; readonly password: string }
  | { readonly token: string }
  /** An nkey's seed, as `nk -gen user` prints it. */
  | { readonly nkeySeed: string }
  /** The text of a credentials file, as `nsc generate creds` prints it. */
  | { readonly credentials: string }

/** What {@link connectionOptions} needs. */
export interface NatsConnectionSettings {
  readonly name: string
  readonly inboxPrefix: string
  readonly tls?: TlsOptions
  readonly auth?: NatsAuth
  readonly connectTimeoutMs: number
  readonly pingIntervalMs: number
}

const defaultPort = 4222

/** What a server's address says. */
export interface ServerAddress {
  /** In brackets where it is an IPv6 address. */
  readonly host: string
  readonly hostPort: string
  readonly tls: boolean
  readonly auth: NatsAuth | undefined
}

/**
 * Reads a server's address.
 *
 * @throws RangeError for anything but `[nats://|tls://][USER:PASSWORD@|TOKEN@]HOST[:PORT]`.
 */
export function parseServer(server: string): ServerAddress {
  const url = URL.parse(server.includes('://') ? server : `nats://${server}`)
  if (url === null || url.host === '' || (url.protocol !== 'nats:' && url.protocol !== 'tls:')) {
    // Not quoted: it may hold a password.
    throw new RangeError('A NATS server is nats://host:port or tls://host:port.')
  }
  const user = decodeURIComponent(url.username)
  const password = decodeURIComponent(url.password)
  const auth = user === '' ? undefined : url.password === '' ? { token: user } : { user, password }
  const port = url.port === '' ? defaultPort : url.port
  return { host: url.hostname, hostPort: `${url.hostname}:${port}`, tls: url.protocol === 'tls:', auth }
}

/** What nats.js is to be told to connect to one server. */
export function connectionOptions(server: ServerAddress, settings: NatsConnectionSettings): ConnectionOptions {
  const { host, hostPort, tls, auth } = server
  // A tls:// address alone would not make nats.js insist on TLS.
  const tlsOptions = settings.tls ?? (tls ? {} : undefined)
  const authenticator = authenticatorOf(settings.auth ?? auth)
  return {
    servers: [hostPort],
    name: settings.name,
    inboxPrefix: settings.inboxPrefix,
    timeout: settings.connectTimeoutMs,
    pingInterval: settings.pingIntervalMs,
    maxPingOut: 2,
    // Without it every request makes an Error for its stack: 1.7 times the cost.
    noAsyncTraces: true,
    // The bus connects anew by itself: nats.js would try the servers that it was once given for ever.
    reconnect: false,
    ignoreAuthErrorAbort: true,
    ...(tlsOptions === undefined ? {} : { tls: { ...identityCheck(host), ...tlsOptions } }),
    ...(authenticator === undefined ? {} : { authenticator }),
  }
}

/** For a server named by its IP address nats.js would have the certificate checked for the name "localhost". */
function identityCheck(host: string): object {
  const address = host.replace(/^\[|\]$/g, '')
  if (isIP(address) === 0) return {}
  return {
    checkServerIdentity: (_name: string, certificate: PeerCertificate) => checkServerIdentity(address, certificate),
  }
}

function authenticatorOf(auth: NatsAuth | undefined): Authenticator | undefined {
  if (auth === undefined) return undefined
  if ('token' in auth) return tokenAuthenticator(auth.token)
  if ('user' in auth) return usernamePasswordAuthenticator(auth.user, auth.password)
  const encoder = new TextEncoder()
  if ('nkeySeed' in auth) return nkeyAuthenticator(encoder.encode(auth.nkeySeed))
  // nats.js takes it only with plain line breaks, and one at the end, which reading a secret takes away.
  return credsAuthenticator(encoder.encode(`${auth.credentials.replaceAll('\r\n', '\n').trimEnd()}\n`))
}
