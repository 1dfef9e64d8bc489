import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type ExecutionArgs, GraphQLError, type GraphQLFormattedError, type execute } from 'graphql'
import type { Context, SubscribePayload } from 'graphql-ws'
import { type Extra, useServer } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'
import { FedcacheError } from '../errors.ts'
import type { RequestHead } from '../ports/index.ts'
import type { GraphqlHandler } from './graphql-handler.ts'
import { refusalError, type OperationContext } from './use-caller.ts'

/** The WebSockets of one server, speaking graphql-transport-ws. */
export interface WebSockets {
  /** Takes over a connection that asked to become a WebSocket. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Closes all with 1001, so that clients go elsewhere; resolves when they have answered. */
  close(): Promise<void>
  /** Cuts off those that did not answer. */
  terminate(): void
}

interface Execution {
  readonly execute: typeof execute
  readonly subscribe: typeof execute
}

// How Yoga wants an error answered over HTTP is nothing for clients.
function shown(error: GraphQLError): GraphQLFormattedError {
  const { extensions, ...formatted } = error.toJSON()
  const { http: _http, unexpected: _unexpected, ...others } = extensions ?? {}
  return { ...formatted, extensions: others }
}

/** Operations that may be under way on one WebSocket. */
const maxOperations = 1000

type Connection = Context<Record<string, unknown>, Extra>

// Credentials may come in `connection_init`, because browsers cannot set headers on WebSockets. No other header can be
// given there: a proxy may have set it, and vouches for it.
function headOf({ connectionParams, extra }: Connection): RequestHead {
  const { headers, method = 'GET', url = '/graphql' } = extra.request
  const given = authorizationIn(connectionParams) ?? authorizationIn(connectionParams?.['headers'])
  return {
    method,
    url: new URL(url, `http://${headers.host ?? 'localhost'}`).href,
    headers: {
      get: (name) => {
        const lower = name.toLowerCase()
        if (lower === 'authorization' && given !== undefined) return given
        const value = headers[lower]
        return value === undefined ? null : value.toString()
      },
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

/** Makes the WebSocket side of a server. Which pages may connect is for the caller of `upgrade` to decide. */
export function webSockets(
  handler: GraphqlHandler,
  makeContext: OperationContext,
  maxMessageBytes: number,
): WebSockets {
  const server = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes })
  const { dispose } = useServer<Record<string, unknown>>(
    {
      onConnect: async (connection) => {
        try {
          await makeContext(headOf(connection))
          return true
        } catch (error) {
          if (!(error instanceof FedcacheError)) throw error
          // Closes with 4403, as the protocol has it for whoever may not connect.
          return false
        }
      },
      execute: (args) => (args.rootValue as Execution).execute(args),
      subscribe: (args) => (args.rootValue as Execution).subscribe(args),
      onSubscribe: (connection, _id, payload) => {
        if (Object.keys(connection.subscriptions).length <= maxOperations) {
          return executionArgs(handler, makeContext, connection, payload)
        }
        const message = `A WebSocket has at most ${maxOperations} operations at once.`
        return [new GraphQLError(message, { extensions: { code: 'BUSY' } })]
      },
      onError: (_context, _id, _payload, errors) => errors.map(shown),
      onNext: (_context, _id, _payload, _args, { errors, ...result }) =>
        errors === undefined ? result : { ...result, errors: errors.map(shown) },
      // Otherwise the reasons of closed connections tell what went wrong inside.
      isProd: true,
    },
    server,
  )
  return {
    upgrade: (request, socket, head) => {
      server.handleUpgrade(request, socket, head, (client) => server.emit('connection', client, request))
    },
    close: async () => {
      await dispose()
    },
    terminate: () => {
      for (const client of server.clients) client.terminate()
    },
  }
}
