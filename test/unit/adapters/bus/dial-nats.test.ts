import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { dialNats } from '../../../../src/adapters/bus/dial-nats.ts'

/** A server that accepts connections and says nothing. */
async function silentServer(): Promise<{ readonly port: number; readonly open: Set<Socket>; close(): Promise<void> }> {
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => open.delete(socket))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const close = async () => {
    for (const socket of open) socket.destroy()
    if (server.listening) await once(server.close(), 'close')
  }
  return { port: (server.address() as AddressInfo).port, open, close }
}

async function callOffAtOnce(port: number): Promise<unknown> {
  const controller = new AbortController()
  const dialling = dialNats({ servers: [`127.0.0.1:${port}`], reconnect: false, timeout: 60_000 }, controller.signal)
  // Before nats.js has opened its socket.
  controller.abort()
  return dialling.then(
    () => 'connected',
    () => 'rejected',
  )
}

test('an attempt that is called off before its socket connects leaves no connection behind', async () => {
  const server = await silentServer()
  onTestFinished(() => server.close())
  expect(await callOffAtOnce(server.port)).toBe('rejected')
  // Connections are accepted in order: once this one is, the other has been.
  const probe = connect(server.port, '127.0.0.1')
  onTestFinished(() => void probe.destroy())
  await once(probe, 'connect')
  const ports = () => [...server.open].map(({ remotePort }) => remotePort)
  await expect.poll(ports).toEqual([probe.localPort])
})

test('an attempt that is called off where nobody listens ends no process', async () => {
  const server = await silentServer()
  await server.close()
  const uncaught: unknown[] = []
  const note = (error: unknown) => uncaught.push(error)
  process.prependListener('uncaughtException', note)
  onTestFinished(() => void process.off('uncaughtException', note))
  expect(await callOffAtOnce(server.port)).toBe('rejected')
  // Refused as well, and later: what the attempt had to tell has come by then.
  const probe = connect(server.port, '127.0.0.1')
  await once(probe, 'error')
  await new Promise((resolve) => setImmediate(resolve))
  expect(uncaught).toEqual([])
})
