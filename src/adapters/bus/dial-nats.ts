import { AsyncLocalStorage } from 'node:async_hooks'
import { channel } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { type ConnectionOptions, connect, type NatsConnection } from 'nats'

interface Dial {
  readonly sockets: Socket[]
  state: 'dialling' | 'aborted' | 'connected'
}

const dials = new AsyncLocalStorage<Dial>()

/**
 * Connects to one server, once.
 *
 * nats.js neither lets go of the socket of an attempt that timed out, nor lets an attempt be called off. A server that
 * accepts connections and says nothing, such as a stopped process, would so cost a file descriptor per attempt.
 * Therefore the sockets that an attempt opens are noted, and destroyed when it fails or is aborted.
 *
 * @param signal calls the attempt off.
 * @throws what nats.js rejects with.
 */
export async function dialNats(options: ConnectionOptions, signal: AbortSignal): Promise<NatsConnection> {
  watchSockets()
  signal.throwIfAborted()
  const dial: Dial = { sockets: [], state: 'dialling' }
  const abort = () => {
    dial.state = 'aborted'
    for (const socket of dial.sockets.splice(0)) socket.destroy()
  }
  signal.addEventListener('abort', abort, { once: true })
  try {
    const connection = await dials.run(dial, () => connect(options))
    // Handlers run in the context of the connection; what they open is theirs.
    dial.state = 'connected'
    dial.sockets.length = 0
    return connection
  } catch (error) {
    abort()
    throw error
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

let watching = false

function watchSockets(): void {
  if (watching) return
  watching = true
  channel('net.client.socket').subscribe((message) => {
    const dial = dials.getStore()
    if (dial === undefined || dial.state === 'connected') return
    const { socket } = message as { readonly socket: Socket }
    // nats.js stops listening when it gives an attempt up, and an error that nobody listens to ends the process.
    socket.on('error', () => {})
    // It is told of before it connects, which would bring a destroyed socket back to life.
    if (dial.state === 'aborted') queueMicrotask(() => socket.destroy())
    else dial.sockets.push(socket)
  })
}
