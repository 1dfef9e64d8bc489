import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** A TCP proxy on 127.0.0.1 that can be made to fail as networks do. */
export interface FaultProxy {
  readonly port: number
  /** Connections that clients have open. */
  readonly connections: number
  /** Connections that clients ever opened. */
  readonly accepted: number
  /** Breaks all connections and refuses new ones. */
  cut(): void
  /** Carries nothing in either direction, and tells nobody: connections stay open, new ones are taken. */
  blackhole(): void
  /** Carries everything that comes from now on this much later. */
  delay(delayMs: number): void
  /** Ends all faults. What a black hole held back is carried now. */
  heal(): void
  /** Sends further connections elsewhere. */
  target(port: number): void
  close(): Promise<void>
}

/** Starts a proxy for a port of 127.0.0.1. */
export async function faultProxy(targetPort: number): Promise<FaultProxy> {
  const proxy = new Proxy(targetPort)
  await proxy.listen()
  return proxy
}

interface Pair {
  readonly client: Socket
  readonly server: Socket
}

class Proxy implements FaultProxy {
  accepted = 0
  readonly #listener: Server
  readonly #pairs = new Set<Pair>()
  #targetPort: number
  #state: 'whole' | 'cut' | 'blackhole' = 'whole'
  #delayMs = 0

  constructor(targetPort: number) {
    this.#targetPort = targetPort
    this.#listener = createServer({ noDelay: true }, (client) => this.#accept(client))
  }

  get port(): number {
    const address = this.#listener.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  get connections(): number {
    return this.#pairs.size
  }

  async listen(): Promise<void> {
    this.#listener.listen(0, '127.0.0.1')
    await once(this.#listener, 'listening')
  }

  cut(): void {
    this.#state = 'cut'
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy()
      server.resetAndDestroy()
    }
  }

  blackhole(): void {
    this.#state = 'blackhole'
    for (const { client, server } of this.#pairs) {
      client.pause()
      server.pause()
    }
  }

  delay(delayMs: number): void {
    this.#delayMs = delayMs
  }

  heal(): void {
    this.#state = 'whole'
    this.#delayMs = 0
    for (const { client, server } of this.#pairs) {
      client.resume()
      server.resume()
    }
  }

  target(port: number): void {
    this.#targetPort = port
  }

  async close(): Promise<void> {
    this.cut()
    const closed = once(this.#listener, 'close')
    this.#listener.close()
    await closed
  }

  #accept(client: Socket): void {
    if (this.#state === 'cut') {
      client.resetAndDestroy()
      return
    }
    this.accepted++
    const server = connect({ port: this.#targetPort, host: '127.0.0.1', noDelay: true })
    const pair = { client, server }
    this.#pairs.add(pair)
    this.#carry(client, server)
    this.#carry(server, client)
    client.on('close', () => this.#pairs.delete(pair))
    if (this.#state === 'blackhole') {
      client.pause()
      server.pause()
    }
  }

  #carry(from: Socket, to: Socket): void {
    from.on('data', (chunk: Buffer) => {
      // Node's timers of the same delay keep their order.
      if (this.#delayMs > 0) setTimeout(() => to.write(chunk), this.#delayMs)
      else to.write(chunk)
    })
    from.on('error', () => {})
    from.on('close', () => to.destroy())
  }
}
