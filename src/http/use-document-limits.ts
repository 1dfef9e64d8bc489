import { GraphQLError, NoSchemaIntrospectionCustomRule, parse } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { type OperationLimits, operationSizeRule } from './operation-size.ts'

/** What a document may be like. */
export interface DocumentRules extends OperationLimits {
  readonly maxTokens: number
  /** Whether it may ask for the schema. */
  readonly introspection: boolean
}

/**
 * Limits how many tokens a document may have, and how large its operations may be. Validation compares selections
 * pairwise, so its time grows with the square of what it is given. Values belong in variables, which cost nothing here.
 */
export function useDocumentLimits({ maxTokens, introspection, ...limits }: DocumentRules): Plugin {
  const rules = [operationSizeRule(limits), ...(introspection ? [] : [NoSchemaIntrospectionCustomRule])]
  return {
    onValidate: ({ addValidationRule }) => {
      for (const rule of rules) addValidationRule(rule)
    },
    onParse: ({ setParseFn }) => {
      setParseFn((source: Parameters<typeof parse>[0], options: Parameters<typeof parse>[1]) => {
        try {
          return parse(source, { ...options, maxLexicalTokens: maxTokens })
        } catch (error) {
          if (error instanceof RangeError) throw new GraphQLError('Syntax Error: The document is nested too deeply.')
          throw error
        }
      })
    },
  }
}
