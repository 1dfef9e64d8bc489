/**
 * Who sends a request, and what they may do. Made by an authenticator; partitions and the `authorize` hook get it as it
 * was made, with everything that is in it.
 */
export interface Identity {
  /** `read:<keyspace>`, `write:<keyspace>`, `admin`, `metrics`; `*` in place of a keyspace is all of them, alone is everything. */
  readonly scopes: readonly string[]
  /** Names the sender in logs. Give no secrets here. */
  readonly name?: string
  /** What else is known of the sender, such as the claims of a JWT. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** When subscriptions of the sender end, because who they are is no longer proven. Default: never. */
  readonly expiresAt?: Date
  readonly [detail: string]: unknown
}

/** What is known of a request before its body is read. A `Request` is one. */
export interface RequestHead {
  readonly method: string
  /** As the client asked it. Behind a proxy scheme and name are right where `http.trustedProxies` names it. */
  readonly url: string
  /** The headers; of a WebSocket those that it was opened with, and the `Authorization` of its `connection_init`. */
  readonly headers: { get(name: string): string | null }
  /** What a WebSocket's client sent in `connection_init`. */
  readonly connectionParams?: Readonly<Record<string, unknown>>
  /**
   * Address that the request came from, in front of the proxies of `http.trustedProxies`; `undefined` where it is not
   * known, as of requests without a socket.
   */
  readonly clientAddress?: string | undefined
}

/** Finds out who sends a request. */
export interface Authenticator {
  /** Reads what is needed, such as secrets. Rejects where that is missing. */
  start?(): Promise<void>
  /**
   * The sender; `undefined` where this authenticator does not know them.
   *
   * @throws FedcacheError `UNAUTHENTICATED` for wrong credentials; `UNAVAILABLE` where it cannot be told now.
   */
  authenticate(request: RequestHead): Identity | undefined | Promise<Identity | undefined>
}

/** What is asked of an `authorize` hook, after the scopes allowed it. */
export interface AuthorizeRequest {
  readonly identity: Identity
  readonly action: 'read' | 'write' | 'admin'
  /** `undefined` for what concerns no single keyspace. It need not exist. */
  readonly keyspace: string | undefined
  /** As the caller named them; `undefined` for what concerns more than single keys. */
  readonly keys: readonly string[] | undefined
}

/** Allows or forbids a call as a whole. One that throws forbids. Listings of keyspaces are not asked about. */
export type Authorize = (request: AuthorizeRequest) => boolean | Promise<boolean>
