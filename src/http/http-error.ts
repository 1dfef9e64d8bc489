import { GraphQLError } from 'graphql'

/** An error of a request that never was an operation, with its HTTP status. */
export function requestError(status: number, message: string, code = 'BAD_REQUEST'): GraphQLError {
  return new GraphQLError(message, { extensions: { code, http: { status } } })
}

/** The body of an answer given before, or beside, GraphQL; shaped like its errors so that clients can show it. */
export function errorBody(message: string, code: string): string {
  return JSON.stringify({ errors: [{ message, extensions: { code } }] })
}
