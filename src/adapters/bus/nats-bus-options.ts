import type { TlsOptions } from 'nats'
import type { Clock, Logger } from '../../ports/index.ts'
import type { NatsAuth } from './nats-connection-options.ts'

/** What a bus over NATS is made of. */
export interface NatsBusOptions {
  /**
   * The servers, as `nats://HOST:PORT` or `tls://HOST:PORT`; `USER:PASSWORD@` or `TOKEN@` may stand before the host. A
   * function is asked anew before every round of attempts, so that servers can move. Servers that a connected server
   * tells of are tried as well.
   */
  readonly servers: readonly string[] | (() => Promise<readonly string[]>)
  /**
   * Tells of changes of the servers. When none of those known before is left, the connection moves to the new ones.
   * Returns a function that stops it.
   */
  readonly watchServers?: (onChange: (servers: readonly string[]) => void) => Promise<() => void>
  /** Shown by the server's monitoring. */
  readonly name: string
  /** Subject that replies to this process come under; its own, so that permissions can keep others from reading them. */
  readonly inboxPrefix: string
  /**
   * Giving it, even empty, refuses servers without TLS; so does a `tls://` address for that server. A function is asked
   * anew before every round of attempts, so that certificates can be replaced.
   */
  readonly tls?: TlsOptions | (() => Promise<TlsOptions>)
  /** Overrides what the addresses say. A function is asked anew before every round of attempts. */
  readonly auth?: NatsAuth | (() => Promise<NatsAuth>)
  readonly logger: Logger
  readonly clock?: Clock
  /** How long to wait after a round of failed attempts, and up to half as much again, in milliseconds. Default 100. */
  readonly reconnectWaitMs?: number
  /** How long one attempt may take, in milliseconds. Default 2,000. */
  readonly connectTimeoutMs?: number
  /** A server that leaves two pings unanswered is given up after two to three times this. Milliseconds, default 2,000. */
  readonly pingIntervalMs?: number
  /** How long `close` waits for handlers, and then for the server, in milliseconds. Default 5,000. */
  readonly closeTimeoutMs?: number
}
