import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { type ExecutionArgs, GraphQLError, type GraphQLFormattedError, type execute } from 'graphql'
import { type Context, type Server, type SubscribePayload, handleProtocols, makeServer } from 'graphql-ws'
import { type WebSocket, WebSocketServer } from 'ws'
import { FedcacheError } from '../errors.ts'
import type { BoundedLog, RequestHead } from '../ports/index.ts'
import type { GraphqlHandler } from './graphql-handler.ts'
import type { NodeRequestHead } from './node-request-head.ts'
import type { OperationPlaces } from './operation-places.ts'
import type { ServerTimeouts } from './server-limits.ts'
import type { SlowReaders } from './slow-readers.ts'
import { refusalError, type OperationContext } from './use-caller.ts'
import { converse } from './web-socket-conversation.ts'

/** What WebSockets are served with. */
export interface WebSocketOptions {
  readonly handler: GraphqlHandler
  readonly context: OperationContext
  readonly maxMessageBytes: number
  /** Of answers that wait for one client. */
  readonly maxWaitingBytes: number
  /** How long a client may take to begin, and to answer pings. */
  readonly timeouts: Pick<ServerTimeouts, 'headersMs' | 'pingMs'>
  /** Operations that may be under way on one WebSocket. */
  readonly maxOperations: number
  /** The queries and mutations under way in the whole server. */
  readonly operations: OperationPlaces
  readonly slowReaders: SlowReaders
  /** Told of what clients do wrong. */
  readonly log: BoundedLog
  /** Told of bugs. */
  readonly logError: (error: unknown) => void
}

/** The WebSockets of one server, speaking graphql-transport-ws. */
export interface WebSockets {
  /** How many are open. */
  readonly size: number
  /** Takes over a connection that asked to become a WebSocket. */
  upgrade(request: IncomingMessage, socket: Socket, first: Buffer, head: NodeRequestHead): void
  /** Closes all with 1001, so that clients go elsewhere; resolves when they have answered. */
  close(): Promise<void>
  /** Cuts off those that did not answer. */
  terminate(): void
}

interface Extra {
  readonly head: NodeRequestHead
}

type Connection = Context<Record<string, unknown>, Extra>

interface Execution {
  readonly execute: typeof execute
  readonly subscribe: typeof execute
}

/** How long a client at most takes to send `connection_init`. */
const maxInitMs = 3000

/** Makes the WebSocket side of a server. Which pages may connect is for the caller of `upgrade` to decide. */
export function webSockets(options: WebSocketOptions): WebSockets {
  const protocol = serverOf(options)
  const server = new WebSocketServer({ noServer: true, maxPayload: options.maxMessageBytes, handleProtocols })
  const silent = new WeakSet<WebSocket>()
  // Who has not answered by the next ping is not there.
  const pinging = setInterval(() => {
    for (const client of server.clients) {
      // One that does not read does not get to the ping either: for those there is a time of their own.
      if (silent.has(client) && client.bufferedAmount === 0) client.terminate()
      silent.add(client)
      if (client.readyState === client.OPEN) client.ping()
    }
  }, options.timeouts.pingMs).unref()
  return {
    get size() {
      return server.clients.size
    },
    upgrade: (request, socket, first, head) => {
      server.handleUpgrade(request, socket, first, (client) => {
        client.on('pong', () => silent.delete(client))
        converse({ ...options, protocol, client, socket, extra: { head } })
      })
    },
    close: async () => {
      clearInterval(pinging)
      for (const client of server.clients) client.close(1001, 'Going away')
      await new Promise((resolve) => server.close(resolve))
    },
    terminate: () => {
      for (const client of server.clients) client.terminate()
    },
  }
}

function serverOf({ handler, context, maxOperations, operations, timeouts }: WebSocketOptions): Server<Extra> {
  return makeServer<Record<string, unknown>, Extra>({
    connectionInitWaitTimeout: Math.min(maxInitMs, timeouts.headersMs),
    onConnect: async (connection) => {
      try {
        await context(headOf(connection))
        return true
      } catch (error) {
        if (!(error instanceof FedcacheError)) throw error
        // Closes with 4403, as the protocol has it for whoever may not connect.
        return false
      }
    },
    execute: async (args) => {
      const place = operations.take()
      if (place === undefined)
        return { errors: [busy(`This server has at most ${operations.max} operations at once.`)] }
      try {
        return await (args.rootValue as Execution).execute(args)
      } finally {
        place.leave()
      }
    },
    subscribe: (args) => (args.rootValue as Execution).subscribe(args),
    onSubscribe: (connection, _id, payload) =>
      Object.keys(connection.subscriptions).length <= maxOperations
        ? executionArgs(handler, context, connection, payload)
        : [busy(`A WebSocket has at most ${maxOperations} operations at once.`)],
    onError: (_context, _id, _payload, errors) => errors.map(shown),
    onNext: (_context, _id, _payload, _args, { errors, ...result }) =>
      errors === undefined ? result : { ...result, errors: errors.map(shown) },
  })
}

function busy(message: string): GraphQLError {
  return new GraphQLError(`${message} Try again later, or elsewhere.`, { extensions: { code: 'BUSY' } })
}

// How Yoga wants an error answered over HTTP is nothing for clients.
function shown(error: GraphQLError): GraphQLFormattedError {
  const { extensions, ...formatted } = error.toJSON()
  const { http: _http, unexpected: _unexpected, ...others } = extensions ?? {}
  return { ...formatted, extensions: others }
}

// Credentials may come in `connection_init`, because browsers cannot set headers on WebSockets. No other header can be
// given there: a proxy may have set it, and vouches for it.
function headOf({ connectionParams, extra: { head } }: Connection): RequestHead {
  const given = authorizationIn(connectionParams) ?? authorizationIn(connectionParams?.['headers'])
  return {
    method: head.method,
    url: head.url,
    clientAddress: head.clientAddress,
    headers: {
      get: (name) => (given !== undefined && name.toLowerCase() === 'authorization' ? given : head.headers.get(name)),
    },
    ...(connectionParams === undefined ? {} : { connectionParams }),
  }
}

function authorizationIn(fields: unknown): string | undefined {
  if (typeof fields !== 'object' || fields === null) return undefined
  for (const [name, value] of Object.entries(fields)) {
    if (name.toLowerCase() === 'authorization' && typeof value === 'string') return value
  }
  return undefined
}

async function executionArgs(
  handler: GraphqlHandler,
  makeContext: OperationContext,
  connection: Connection,
  payload: SubscribePayload,
): Promise<ExecutionArgs | readonly GraphQLError[]> {
  try {
    // First, so that nothing of a stranger's operation is looked at: who was known may not be any more.
    const context = await makeContext(headOf(connection))
    const { schema, execute, subscribe, contextFactory, parse, validate } = handler.getEnveloped({
      params: payload,
      operationContext: context,
    })
    const document = parse(payload.query)
    const errors: readonly GraphQLError[] = validate(schema, document)
    if (errors.length > 0) return errors
    return {
      schema,
      document,
      operationName: payload.operationName,
      variableValues: payload.variables,
      contextValue: await contextFactory(),
      rootValue: { execute, subscribe } satisfies Execution,
    }
  } catch (error) {
    if (error instanceof GraphQLError) return [error]
    if (error instanceof FedcacheError) return [refusalError(error)]
    throw error
  }
}
