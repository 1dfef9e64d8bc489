import { setImmediate } from 'node:timers/promises'
import { DebugEvents, Events, type Msg, type NatsConnection, type Subscription } from 'nats'
import type { BusServer, BusService, Logger } from '../../ports/index.ts'

/** What a {@link NatsSession} tells of. */
export interface NatsSessionOptions {
  readonly logger: Logger
  /** Called with the addresses of all servers of the NATS cluster when one came or went. */
  readonly onServers: (addresses: readonly string[]) => void
}

/** One connection to one server, from its first to its last moment. */
export class NatsSession {
  readonly server: BusServer
  readonly maxPayload: number
  /** Resolves with the reason when the connection is no more. Never rejects. */
  readonly ended: Promise<string>
  readonly #connection: NatsConnection
  readonly #logger: Logger
  readonly #flushes = new Set<() => void>()
  #silent = false

  constructor(connection: NatsConnection, options: NatsSessionOptions) {
    const { info } = connection
    this.#connection = connection
    this.#logger = options.logger
    this.maxPayload = info?.max_payload ?? 0
    this.server = {
      address: connection.getServer(),
      name: info?.server_name ?? '',
      version: info?.version ?? '',
    }
    options.onServers(info?.connect_urls ?? [])
    void this.#follow(options)
    this.ended = this.#end()
  }

  /** Throws a NatsError where the connection is no more. */
  publish(subject: string, data: Uint8Array, reply: string | undefined): void {
    this.#connection.publish(subject, data, reply === undefined ? undefined : { reply })
  }

  /**
   * Messages until the subscription or the session ends. The callback must not throw: it would end nats.js's reader,
   * and with it the whole connection, without a word.
   */
  subscribe(subject: string, onMessage: (message: Msg) => void): Subscription | undefined {
    if (this.#connection.isClosed()) return undefined
    return this.#connection.subscribe(subject, {
      callback: (error, message) => {
        if (error === null) onMessage(message)
        // Such as missing permission; the subscription is then dead until the next connection.
        else this.#logger.error({ error, subject }, 'NATS ended a subscription')
      },
    })
  }

  /** Rejects where the connection is lost before the server answered, which nats.js by itself would not. */
  async flush(): Promise<void> {
    const { promise: lost, reject } = Promise.withResolvers<never>()
    const onEnd = () => reject(new Error('the connection was lost'))
    this.#flushes.add(onEnd)
    try {
      await Promise.race([this.#connection.flush(), lost])
    } finally {
      this.#flushes.delete(onEnd)
    }
  }

  /** Ends a subscription after what the server sent before it knew of that. Never rejects. */
  async drainSubscription(subscription: Subscription): Promise<void> {
    await Promise.race([subscription.drain().catch(() => {}), this.ended])
  }

  /** Never rejects. Gives a function that withdraws the service, which never rejects either. */
  async advertise({ name, version, description, metadata }: BusService): Promise<() => Promise<void>> {
    try {
      const service = await this.#connection.services.add({ name, version, description, metadata: { ...metadata } })
      return async () => {
        await Promise.race([service.stop(), this.ended])
      }
    } catch (error) {
      this.#logger.error({ error, service: name }, 'the NATS service cannot be registered')
      return async () => {}
    }
  }

  /** Sends what is to be sent, then ends. Never rejects. */
  async drain(): Promise<void> {
    // It rejects where the connection is no more: nothing to be sent.
    await Promise.race([this.#connection.drain().catch(() => {}), this.ended])
  }

  /** Ends at once. */
  async destroy(): Promise<void> {
    await this.#connection.close()
  }

  async #end(): Promise<string> {
    const error = await this.#connection.closed()
    for (const onEnd of this.#flushes) onEnd()
    // Why it was closed may be told a moment later than that it was.
    await setImmediate()
    if (this.#silent) return 'the server does not answer any more'
    return error instanceof Error ? error.message : 'the connection was closed'
  }

  async #follow({ onServers }: NatsSessionOptions): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type === DebugEvents.StaleConnection) {
        // nats.js would first wait until all is written, which on a dead connection takes as long as TCP tries.
        this.#silent = true
        await this.destroy()
      } else if (status.type === Events.Error) {
        this.#logger.warn({ code: status.data, ...status.permissionContext }, 'NATS reports an error')
      } else if (status.type === Events.LDM) {
        this.#logger.info({ server: this.server }, 'the NATS server is about to shut down')
      } else if (status.type === Events.Update) {
        onServers(this.#connection.info?.connect_urls ?? [])
      }
    }
  }
}

/** Whether a reply is the server's word that nobody subscribes to the subject of the request. */
export function isNoResponders(message: Msg): boolean {
  return message.data.length === 0 && message.headers?.code === 503
}
