import type { Authorize, Identity, RequestHead } from '../ports/index.ts'
import type { Secret } from './secret.ts'
import type { Duration } from './units.ts'

/** One token that callers may send as `Authorization: Bearer TOKEN`. */
export interface TokenConfig {
  /** The token, or where it is. One in a file may be replaced while fedcache runs. */
  readonly token: Secret
  /** What it gives: `read:<keyspace>`, `write:<keyspace>`, `admin`, `metrics`, with `*` for all keyspaces; `*` alone is everything. */
  readonly scopes: readonly string[]
  /**
   * Names who has the token, for logs and hooks.
   *
   * @default none
   */
  readonly name?: string
  /**
   * What else partitions and hooks are to know of who has it.
   *
   * @default none
   */
  readonly claims?: Readonly<Record<string, unknown>>
}

/** JSON Web Tokens of an identity provider, sent as `Authorization: Bearer TOKEN`. */
export interface JwtConfig {
  /** Where the provider publishes its keys. `https`, or `http` on this machine. */
  readonly jwksUrl: string
  /** Who makes the tokens: their `iss`. */
  readonly issuer: string | readonly string[]
  /** Whom the tokens are for: their `aud`. */
  readonly audience: string | readonly string[]
  /**
   * Kinds of signatures that are believed. Those with a shared secret never are.
   *
   * @default all with a public key
   */
  readonly algorithms?: readonly string[]
  /**
   * The claim that holds the scopes: a text with spaces between them, or a list.
   *
   * @default 'scope'
   */
  readonly scopeClaim?: string
  /**
   * How much the clocks of provider and peers may differ. At most 5 m.
   *
   * @default '5s'
   */
  readonly clockTolerance?: Duration
}

/** Tells who sends a request; nothing for a stranger. One that throws knows nobody. */
export type IdentifyConfig = (
  request: RequestHead,
) => Identity | null | undefined | Promise<Identity | null | undefined>

/** Who may use the API. Where several ways are given, the first that knows the sender counts, in this order. */
export interface AuthRulesConfig {
  readonly tokens?: readonly TokenConfig[]
  readonly jwt?: JwtConfig
  readonly identify?: IdentifyConfig
  /**
   * Asked for every call that the scopes allow; false forbids it as a whole.
   *
   * @default none
   */
  readonly authorize?: Authorize
}

/** `'none'`, rules, or a function that tells who sends a request. */
export type AuthConfig = 'none' | AuthRulesConfig | IdentifyConfig
