import { GraphQLError } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { FedcacheError } from '../errors.ts'
import type { RequestHead } from '../ports/index.ts'
import { errorBody } from './http-error.ts'
import { headOf } from './request-context.ts'

/**
 * Makes the context of one operation, as its sender may execute it. Throws or rejects with a FedcacheError where the
 * sender is not known.
 */
export type OperationContext = (request: RequestHead) => object | Promise<object>

interface Initial {
  readonly request?: Request
  /** Of an operation whose sender is known already. */
  readonly operationContext?: object
}

const contexts = new WeakMap<Request, object>()

/** Gives Yoga the context that was made when the operation came in. */
export function contextOf(make: OperationContext): (initial: Initial) => object | Promise<object> {
  return ({ request, operationContext }) => {
    const made = operationContext ?? (request && contexts.get(request))
    if (made !== undefined) return made
    return make(request ?? { method: 'GET', url: 'http://localhost/graphql', headers: { get: () => null } })
  }
}

/** Finds out who sends an operation before anything of it is read, and refuses strangers with 401. */
export function useCaller(make: OperationContext): Plugin {
  return {
    onRequest: (event) => {
      const { request, fetchAPI } = event
      if ('operationContext' in event.serverContext) return
      const refuse = (error: unknown): void => {
        // Anything else is a bug: it comes again where Yoga asks for the context, which logs and masks it.
        if (error instanceof FedcacheError) event.endResponse(refusalResponse(error, fetchAPI))
      }
      try {
        const context = make(headOf(event.serverContext) ?? request)
        if (!(context instanceof Promise)) return void contexts.set(request, context)
        return context.then((made) => void contexts.set(request, made), refuse)
      } catch (error) {
        return refuse(error)
      }
    },
  }
}

const statuses: Partial<Record<FedcacheError['code'], number>> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  UNAVAILABLE: 503,
}

/** The answer to a request whose sender may not send it. */
export function refusalResponse(
  { code, message }: FedcacheError,
  fetchAPI: { readonly Response: typeof Response },
): Response {
  return new fetchAPI.Response(errorBody(message, code), {
    status: statuses[code] ?? 500,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      ...(code === 'UNAUTHENTICATED' ? { 'www-authenticate': 'Bearer' } : {}),
    },
  })
}

/** The same, where there is no response but that of GraphQL. */
export function refusalError({ code, message }: FedcacheError): GraphQLError {
  return new GraphQLError(message, { extensions: { code } })
}
