import { GraphQLError, parse } from 'graphql'
import type { Plugin } from 'graphql-yoga'

/**
 * Limits how many tokens a document may have. Validation compares selections pairwise, so its time grows with the
 * square of what it is given. Values belong in variables, which cost nothing here.
 */
export function useDocumentLimits(maxTokens: number): Plugin {
  return {
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
