import { memoryBus } from '../../src/adapters/bus/memory.ts'
import { memoryHub } from '../../src/adapters/bus/memory-hub.ts'
import { natsBus } from '../../src/adapters/bus/nats.ts'
import { systemClock } from '../../src/adapters/clock/system-clock.ts'
import type { Bus, BusMessage, LogFields, Logger } from '../../src/ports/index.ts'
import { type FaultProxy, faultProxy } from './fault-proxy.ts'
import { natsServer } from './nats-server.ts'

/** Buses that hear each other, each with a connection that can be broken. */
export interface BusWorld {
  /** A new bus; it need not be connected yet. */
  bus(name: string): Promise<Bus>
  /** Breaks a bus's connection, and keeps it from connecting anew. */
  cut(name: string): void
  heal(name: string): void
  close(): Promise<void>
}

/** One line that a {@link recordingLogger} was given. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly fields: LogFields
  readonly message: string
}

/** A logger that keeps what it is given. */
export function recordingLogger(lines: LogLine[] = []): Logger & { readonly lines: readonly LogLine[] } {
  const at = (level: LogLine['level']) => (fields: LogFields, message: string) => {
    lines.push({ level, fields, message })
  }
  return {
    lines,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => recordingLogger(lines),
  }
}

/** Buses of one memory hub. */
export async function memoryWorld(logger: Logger): Promise<BusWorld> {
  const hub = memoryHub({ clock: systemClock() })
  const buses: Bus[] = []
  return {
    async bus(name) {
      const bus = memoryBus({ hub, name, logger })
      buses.push(bus)
      return bus
    },
    cut: (name) => hub.disconnect(name),
    heal: (name) => hub.connect(name),
    async close() {
      await Promise.all(buses.map((bus) => bus.close()))
    },
  }
}

/** Buses on one real NATS server, each through a proxy of its own. */
export async function natsWorld(logger: Logger): Promise<BusWorld> {
  const server = await natsServer()
  const proxies = new Map<string, FaultProxy>()
  const buses: Bus[] = []
  return {
    async bus(name) {
      const proxy = await faultProxy(server.port)
      proxies.set(name, proxy)
      const bus = natsBus({
        servers: [`nats://127.0.0.1:${proxy.port}`],
        name,
        inboxPrefix: `inbox.${name}`,
        logger,
        reconnectWaitMs: 10,
      })
      buses.push(bus)
      return bus
    },
    cut: (name) => proxies.get(name)?.cut(),
    heal: (name) => proxies.get(name)?.heal(),
    async close() {
      for (const proxy of proxies.values()) proxy.heal()
      await Promise.all(buses.map((bus) => bus.close()))
      await Promise.all([...proxies.values()].map((proxy) => proxy.close()))
      await server.dispose()
    },
  }
}

/** Messages that a subscription got, and a way to wait for them. */
export interface Collected {
  readonly messages: readonly BusMessage[]
  /** What was published, read as text. */
  readonly texts: readonly string[]
  /** Resolves when there are this many. */
  until(count: number): Promise<void>
}

/** Subscribes, and keeps what comes. */
export function collect(bus: Bus, subject: string): Collected {
  const messages: BusMessage[] = []
  const texts: string[] = []
  let wake = () => {}
  bus.subscribe(subject, (message) => {
    messages.push(message)
    texts.push(textOf(message.data))
    wake()
  })
  return {
    messages,
    texts,
    async until(count) {
      while (messages.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
  }
}

/** Resolves with the next status of a type. */
export function nextStatus(bus: Bus, type: string): Promise<unknown> {
  return new Promise((resolve) => {
    const stop = bus.onStatus((status) => {
      if (status.type !== type) return
      stop()
      resolve(status)
    })
  })
}

export const bytes = (text: string): Uint8Array => Buffer.from(text)
export const textOf = (data: Uint8Array): string => Buffer.from(data).toString()
