import { GraphQLError } from 'graphql'
import { FedcacheError } from '../src/errors.ts'
import type { EntryError } from './generated/schema-types.ts'

/** What a resolver throws for an error that clients may see: its message, code and outcome, and nothing else of it. */
export function graphqlError(error: FedcacheError): GraphQLError {
  const { code, outcome } = error
  return new GraphQLError(error.message, { extensions: outcome === undefined ? { code } : { code, outcome } })
}

/** How an error of one key among several is reported in a payload. */
export function entryError(index: number, key: string, error: FedcacheError): EntryError {
  return { index, key, code: error.code, message: error.message, outcome: error.outcome ?? null }
}

type Resolve = (parent: never, args: never, context: never, info: never) => unknown

/** An error as GraphQL is to report it. Others than FedcacheErrors are bugs, and pass for the server to log and mask. */
export function mapped<Raised>(error: Raised): Raised | GraphQLError {
  return error instanceof FedcacheError ? graphqlError(error) : error
}

/** Throws the same: what a promise is to reject with. */
export function rejectMapped(error: unknown): never {
  throw mapped(error)
}

function mapping(resolve: Resolve): Resolve {
  const mappedResolve: Resolve = (parent, args, context, info) => {
    try {
      const result = resolve(parent, args, context, info)
      // A result that is there already stays free of promises.
      return result instanceof Promise ? result.catch(rejectMapped) : result
    } catch (error) {
      throw mapped(error)
    }
  }
  // Whoever calls it makes nothing for parameters that the resolver does not name.
  return Object.defineProperty(mappedResolve, 'length', { value: resolve.length })
}

function mappingField(field: unknown): unknown {
  if (typeof field === 'function') return mapping(field as Resolve)
  const parts = Object.entries(field as object)
  return Object.fromEntries(parts.map(([name, part]) => [name, typeof part === 'function' ? mapping(part) : part]))
}

/** The same resolvers, with each FedcacheError that they throw or reject with made a GraphQL error. */
export function mappingErrors<Fields extends object>(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, mappingField(field)])) as Fields
}
