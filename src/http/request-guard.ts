const loopbackName = /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/

/** Whether only this machine reaches a server that listens on that address. */
function isLoopback(listenHost: string): boolean {
  return loopbackName.test(listenHost) || listenHost === '::1'
}

/** What a `Host` header names, without the port; `undefined` for one that names nothing. */
function hostName(hostHeader: string): string | undefined {
  return URL.parse(`http://${hostHeader}`)?.hostname
}

/**
 * Makes the check of `Host` headers. Why: a web page can point a name of its own at 127.0.0.1, and is then of the same
 * origin as a server there; only the name gives it away.
 *
 * @param allowedHosts further names; `undefined` where any will do unless the server listens on a loopback address.
 */
export function hostGuard(
  listenHost: string,
  allowedHosts: readonly string[] | undefined,
): (hostHeader: string | undefined) => boolean {
  const names = new Set(allowedHosts?.map((name) => name.toLowerCase()))
  const anyName = allowedHosts === undefined && !isLoopback(listenHost)
  // Nearly all requests name the same host as the one before.
  let lastAllowed: string | undefined
  return (hostHeader) => {
    if (hostHeader === undefined) return false
    if (hostHeader === lastAllowed) return true
    const name = hostName(hostHeader)
    const isAllowed =
      name !== undefined && (anyName || loopbackName.test(name) || name === listenHost || names.has(name))
    if (isAllowed) lastAllowed = hostHeader
    return isAllowed
  }
}

/** What a request tells of the page that sent it. */
export interface Sender {
  /** The `Origin` header. */
  readonly origin: string | null | undefined
  /** The `Sec-Fetch-Site` header. */
  readonly site: string | null | undefined
  /** Name and port under which the server was asked. */
  readonly host: string
  /** How it was asked; `undefined` where a proxy might have changed that. */
  readonly scheme?: 'http' | 'https' | undefined
}

/**
 * Whether a request was sent by a web page of another origin. Programs that are not browsers send neither header.
 * Browsers leave out `Origin` on simple GETs, and `Sec-Fetch-Site` on requests over plain HTTP to other machines.
 */
export function isForeign({ origin, site, host, scheme }: Sender): boolean {
  if (origin === null || origin === undefined) return site === 'cross-site' || site === 'same-site'
  // `null` is the origin of sandboxed and local pages: those of anybody.
  const page = URL.parse(origin)
  if (page === null) return true
  // A page that came in clear may have been changed on its way: it is none of the server's own behind TLS.
  if (scheme !== undefined && page.protocol !== `${scheme}:`) return true
  return page.host !== URL.parse(`${page.protocol}//${host}`)?.host
}
