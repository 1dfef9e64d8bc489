import type { Socket } from 'node:net'
import type { Server } from 'graphql-ws'
import type { WebSocket } from 'ws'
import type { BoundedLog } from '../ports/index.ts'
import type { NodeRequestHead } from './node-request-head.ts'
import type { SlowReaders } from './slow-readers.ts'

/** Both sides of one WebSocket. */
export interface Conversation<Extra extends { readonly head: NodeRequestHead }> {
  readonly protocol: Server<Extra>
  readonly client: WebSocket
  /** What the WebSocket was made of. */
  readonly socket: Socket
  readonly extra: Extra
  /** Of answers that wait for the client. */
  readonly maxWaitingBytes: number
  readonly slowReaders: SlowReaders
  readonly log: BoundedLog
  readonly logError: (error: unknown) => void
}

/** "Try again later", as RFC 6455's registry has it. */
const tooSlow = 1013

/**
 * Passes messages between a WebSocket and the protocol. What `graphql-ws` brings for that writes to standard error
 * whatever a client does wrong, and lets answers wait for a client without end.
 */
export function converse<Extra extends { readonly head: NodeRequestHead }>(conversation: Conversation<Extra>): void {
  const { protocol, client, extra, log } = conversation
  const { clientAddress } = extra.head
  const cutOffSlow = slowReaderCut(conversation)
  // It closes by itself, with the code that says what was wrong.
  client.on('error', (error) => log.warn({ clientAddress, error: error.message }, 'a WebSocket broke the protocol'))
  const closed = protocol.opened(
    {
      protocol: client.protocol,
      send: (text) =>
        new Promise((resolve) => {
          if (client.readyState !== client.OPEN) return resolve()
          // Whoever is gone by now has closed the connection: nothing is left to be told.
          client.send(text, () => resolve())
          cutOffSlow()
        }),
      close: (code, reason) => client.close(code, reason),
      onMessage: (take) =>
        client.on('message', (data) => {
          // Of who was told to leave nothing more is taken.
          if (client.readyState === client.OPEN) void taken(take, (data as Buffer).toString(), conversation)
        }),
    },
    extra,
  )
  client.once('close', (code, reason) => void closed(code, String(reason)).catch(conversation.logError))
}

/** Hands a message on. What it says is the client's; what goes wrong here is a bug. */
async function taken(
  take: (text: string) => Promise<void>,
  text: string,
  {
    client,
    extra,
    log,
    logError,
  }: Pick<Conversation<{ readonly head: NodeRequestHead }>, 'client' | 'extra' | 'log' | 'logError'>,
): Promise<void> {
  try {
    await take(text)
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('Unexpected message of type')) {
      log.warn({ clientAddress: extra.head.clientAddress, error: error.message }, 'a WebSocket broke the protocol')
      client.close(4400, 'Unexpected message')
      return
    }
    logError(error)
    client.close(4500, 'Internal server error')
  }
}

/**
 * Closes the WebSocket of a client that does not read: when too much waits for it, or waits for too long. A subscription
 * has one event on its way at a time, and behind it a bounded number, so it is the number of operations and the size of
 * answers that make much.
 *
 * @returns to be called when something was sent.
 */
function slowReaderCut({
  client,
  socket,
  extra,
  maxWaitingBytes,
  slowReaders,
  log,
}: Conversation<{ readonly head: NodeRequestHead }>): () => void {
  let isClosing = false
  const cutOff = (waitingBytes: number): void => {
    // Whoever reads on is told the reason; for the others nothing is kept any longer.
    if (isClosing) return client.terminate()
    isClosing = true
    log.warn({ clientAddress: extra.head.clientAddress, waitingBytes }, 'a client that reads too slowly was cut off')
    client.close(tooSlow, `Reads too slowly: ${waitingBytes} bytes are waiting.`)
  }
  slowReaders.watch(socket, cutOff)
  return () => {
    if (!isClosing && client.bufferedAmount > maxWaitingBytes) cutOff(client.bufferedAmount)
  }
}
