import { type DocumentNode, GraphQLError, getOperationAST, isValueNode, Kind, OperationTypeNode, visit } from 'graphql'
import type { Plugin } from 'graphql-yoga'

const maxMessageLength = 1000

/** Gives an error of a request a code and shortens what it quotes. */
function completed(error: unknown, code: string): void {
  if (!(error instanceof GraphQLError)) return
  error.extensions['code'] ??= code
  if (error.message.length > maxMessageLength) error.message = `${error.message.slice(0, maxMessageLength)}…`
}

/** Says of wrong input to a mutation what the engine says of what it refuses. */
function changedNothing(error: unknown, document: DocumentNode): void {
  if (!(error instanceof GraphQLError) || error.extensions['code'] !== 'BAD_USER_INPUT') return
  const { path = [] } = error
  // What is wrong with a payload is found after the write, and @skip and @include in it count as the mutation's field.
  const isBefore = path.length === 0 || (path.length === 1 && !isOfDirective(error, document))
  if (isBefore) error.extensions['outcome'] ??= 'NONE'
}

function isOfDirective({ nodes = [] }: GraphQLError, document: DocumentNode): boolean {
  let isFound = false
  visit(document, {
    Directive: ({ arguments: given = [] }) => {
      isFound ||= given.some(({ value }) => nodes.includes(value))
    },
  })
  return isFound
}

/** Validation judges whole documents, before it is known which operation is meant, and its errors are kept for all. */
function hasMutation(document: DocumentNode): boolean {
  return document.definitions.some(
    (definition) =>
      definition.kind === Kind.OPERATION_DEFINITION && definition.operation === OperationTypeNode.MUTATION,
  )
}

/**
 * Gives every error of a request that cannot be executed its code: `GRAPHQL_PARSE_FAILED`,
 * `GRAPHQL_VALIDATION_FAILED`, or `BAD_USER_INPUT` where variables do not fit. Input of a mutation that was refused
 * before a resolver saw it has the outcome `NONE`.
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
      ({ params: { documentAST } }) =>
      ({ valid, result }) => {
        if (valid) return
        const isWrite = hasMutation(documentAST)
        for (const error of result) {
          completed(error, 'GRAPHQL_VALIDATION_FAILED')
          if (isWrite) changedNothing(error, documentAST)
        }
      },
    onExecute: ({ args: { document, operationName } }) => ({
      onExecuteDone: ({ result }) => {
        if (!('errors' in result)) return
        const isWrite = getOperationAST(document, operationName)?.operation === OperationTypeNode.MUTATION
        for (const error of result.errors ?? []) {
          // Without data nothing was executed: the operation or its variables could not be used.
          if (!('data' in result)) {
            completed(error, 'BAD_USER_INPUT')
            error.extensions['http'] ??= { spec: true, status: 400 }
          }
          if (!isWrite) continue
          // The value of a variable does not fit where the document puts it.
          if (error.nodes?.every(isValueNode) === true) completed(error, 'BAD_USER_INPUT')
          changedNothing(error, document)
        }
      },
    }),
  }
}
