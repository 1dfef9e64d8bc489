import type { NatsConnection } from 'nats'
import type { Clock } from '../../ports/index.ts'
import { causeOf, failureOf, moreTelling, UnreadableProof } from './connection-failure.ts'
import { dialNats } from './dial-nats.ts'
import type { NatsBusOptions } from './nats-bus-options.ts'
import {
  connectionOptions,
  type NatsConnectionSettings,
  parseServer,
  type ServerAddress,
} from './nats-connection-options.ts'

/** What a {@link NatsDialler} needs. */
export interface NatsDiallerOptions extends NatsBusOptions {
  readonly clock: Clock
}

/** How often an outage that goes on is logged, in milliseconds. */
const logIntervalMs = 30_000

/**
 * Finds a server that can be connected to, trying for as long as it takes.
 *
 * It does so in place of nats.js's own reconnecting, which tries for ever the servers that it was once given: a NATS
 * server that was rescheduled comes back under another address, which only discovery knows.
 */
export class NatsDialler {
  readonly #options: NatsDiallerOptions
  readonly #abort = new AbortController()
  readonly #waitMs: number
  #known: readonly ServerAddress[] = []
  #learnt: readonly string[] = []
  /** Servers that were known when the last connection was made. */
  #base: readonly string[] = []
  /** Servers of sets of which nothing is left. */
  #departed: ReadonlySet<string> = new Set()
  #nextRoundMs = -Infinity
  #lastLogMs = -Infinity
  #lastFailure = ''
  #wake: () => void = () => {}

  constructor(options: NatsDiallerOptions) {
    this.#options = options
    this.#waitMs = options.reconnectWaitMs ?? 100
    if (typeof options.servers !== 'function') {
      if (options.servers.length === 0) throw new RangeError('No NATS server was given.')
      this.#known = options.servers.map(parseServer)
    }
  }

  /** The addresses that the server connected to tells of, as `HOST:PORT`. */
  learn(addresses: readonly string[]): void {
    this.#learnt = addresses
  }

  /**
   * Takes the servers that there are now.
   *
   * @returns whether all servers are gone that were known when the last connection was made: at once, or one after the
   * other, as where each is replaced in turn.
   */
  replace(servers: readonly string[]): boolean {
    const now = servers.map(parseServer)
    const left = new Set(now.map(({ hostPort }) => hostPort))
    const before = this.#known.map(({ hostPort }) => hostPort)
    const base = this.#base
    this.#known = now
    if (now.length === 0 || base.length === 0 || base.some((hostPort) => left.has(hostPort))) return false
    this.#departed = new Set([...base, ...before, ...this.#learnt].filter((hostPort) => !left.has(hostPort)))
    this.#learnt = []
    this.#base = [...left]
    return true
  }

  /** Whether a server, as `HOST:PORT`, is one of those that all went. */
  hasDeparted(hostPort: string): boolean {
    return this.#departed.has(hostPort)
  }

  /** Ends `dial`, the attempt under way included. */
  stop(): void {
    this.#abort.abort()
    this.#wake()
  }

  /** A new connection; `undefined` once stopped. */
  async dial(): Promise<NatsConnection | undefined> {
    const { signal } = this.#abort
    while (!signal.aborted) {
      await this.#pace()
      let failure: unknown = new Error('discovery found no server')
      try {
        const settings = await this.#settings()
        for (const server of await this.#candidates()) {
          if (signal.aborted) return undefined
          try {
            const connection = await dialNats(connectionOptions(server, settings), signal)
            this.#base = this.#known.map(({ hostPort }) => hostPort)
            return connection
          } catch (error) {
            failure = moreTelling(failure, error)
          }
        }
      } catch (error) {
        failure = error
      }
      this.#logFailure(failure)
    }
    return undefined
  }

  /** Read anew each time: who renews a certificate or a password does not restart for it. */
  async #settings(): Promise<NatsConnectionSettings> {
    const { name, inboxPrefix, tls, auth, connectTimeoutMs = 2000, pingIntervalMs = 2000 } = this.#options
    const settings = { name, inboxPrefix, connectTimeoutMs, pingIntervalMs }
    return {
      ...settings,
      ...(tls === undefined ? {} : { tls: await given('certificates', tls) }),
      ...(auth === undefined ? {} : { auth: await given('credentials', auth) }),
    }
  }

  /** A connection that broke after a while is replaced at once; rounds of attempts keep their distance. */
  async #pace(): Promise<void> {
    const { clock } = this.#options
    const waitMs = this.#nextRoundMs - clock.monotonic()
    if (waitMs > 0) {
      await new Promise<void>((resolve) => {
        const timer = clock.setTimer(resolve, waitMs)
        this.#wake = () => {
          timer.cancel()
          resolve()
        }
      })
    }
    // At random, so that all peers of a server that comes back do not come at once.
    this.#nextRoundMs = clock.monotonic() + this.#waitMs * (1 + Math.random() / 2)
  }

  /** Discovered servers in random order, then those learnt. */
  async #candidates(): Promise<readonly ServerAddress[]> {
    const { servers, logger } = this.#options
    if (typeof servers === 'function') {
      try {
        this.#known = (await servers()).map(parseServer)
      } catch (error) {
        logger.warn({ error }, 'discovery of NATS servers failed; trying those known before')
      }
    }
    const hostPorts = new Set(this.#known.map(({ hostPort }) => hostPort))
    // What a server tells of comes as host and port: who we are, and that it has to be TLS, is as for the others.
    const like = this.#known.find(({ auth }) => auth !== undefined)
    const learnt = this.#learnt
      .filter((address) => !hostPorts.has(address))
      .map((address) => ({
        ...parseServer(address),
        tls: this.#known.some(({ tls }) => tls),
        auth: like?.auth,
      }))
    return [...shuffled(this.#known), ...shuffled(learnt)]
  }

  #logFailure(error: unknown): void {
    const nowMs = this.#options.clock.monotonic()
    const failure = failureOf(error)
    // One that goes on is told now and then, another one at once.
    const isNew = failure !== this.#lastFailure
    if (this.#abort.signal.aborted || (!isNew && nowMs - this.#lastLogMs < logIntervalMs)) return
    this.#lastLogMs = nowMs
    this.#lastFailure = failure
    this.#options.logger.warn({ error, cause: causeOf(error) }, `${failure}; trying on`)
  }
}

/** What is given as it is, or read now. */
async function given<Proof extends object>(
  what: UnreadableProof['what'],
  proof: Proof | (() => Proof | Promise<Proof>),
): Promise<Proof> {
  if (typeof proof !== 'function') return proof
  try {
    return await proof()
  } catch (error) {
    throw new UnreadableProof(what, error)
  }
}

function shuffled(servers: readonly ServerAddress[]): ServerAddress[] {
  return servers
    .map((server) => ({ server, order: Math.random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ server }) => server)
}
