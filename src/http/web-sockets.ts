import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type ExecutionArgs, GraphQLError, type GraphQLFormattedError, type execute } from 'graphql'
import type { SubscribePayload } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'
import type { GraphqlHandler } from './graphql-handler.ts'

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

async function executionArgs(
  handler: GraphqlHandler,
  payload: SubscribePayload,
): Promise<ExecutionArgs | readonly GraphQLError[]> {
  const { schema, execute, subscribe, contextFactory, parse, validate } = handler.getEnveloped({ params: payload })
  try {
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
    throw error
  }
}

/** Makes the WebSocket side of a server. Which pages may connect is for the caller of `upgrade` to decide. */
export function webSockets(handler: GraphqlHandler, maxMessageBytes: number): WebSockets {
  const server = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes })
  const { dispose } = useServer(
    {
      execute: (args) => (args.rootValue as Execution).execute(args),
      subscribe: (args) => (args.rootValue as Execution).subscribe(args),
      onSubscribe: (_context, _id, payload) => executionArgs(handler, payload),
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
