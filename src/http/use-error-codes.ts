import { GraphQLError } from 'graphql'
import type { Plugin } from 'graphql-yoga'

const maxMessageLength = 1000

/** Gives an error of a request a code and shortens what it quotes. */
function completed(error: unknown, code: string): void {
  if (!(error instanceof GraphQLError)) return
  error.extensions['code'] ??= code
  if (error.message.length > maxMessageLength) error.message = `${error.message.slice(0, maxMessageLength)}…`
}

/**
 * Gives every error of a request that cannot be executed its code: `GRAPHQL_PARSE_FAILED`,
 * `GRAPHQL_VALIDATION_FAILED`, or `BAD_USER_INPUT` where variables do not fit.
 */
export function useErrorCodes(): Plugin {
  return {
    onParse:
      () =>
      ({ result }) => {
        completed(result, 'GRAPHQL_PARSE_FAILED')
        // Yoga does this for its own requests only, but keeps errors for all.
        if (result instanceof GraphQLError) result.extensions['http'] ??= { spec: true, status: 400 }
      },
    onValidate:
      () =>
      ({ valid, result }) => {
        if (!valid) for (const error of result) completed(error, 'GRAPHQL_VALIDATION_FAILED')
      },
    onExecute: () => ({
      onExecuteDone: ({ result }) => {
        // Without data nothing was executed: the operation or its variables could not be used.
        if (!('errors' in result) || 'data' in result) return
        for (const error of result.errors ?? []) {
          completed(error, 'BAD_USER_INPUT')
          error.extensions['http'] ??= { spec: true, status: 400 }
        }
      },
    }),
  }
}
