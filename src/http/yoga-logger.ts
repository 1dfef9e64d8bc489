import { GraphQLError } from 'graphql'
import type { YogaLogger } from 'graphql-yoga'
import type { Logger } from '../ports/index.ts'

function originOf(error: unknown): unknown {
  return error instanceof GraphQLError && error.originalError ? originOf(error.originalError) : error
}

function fieldsOf(error: unknown): object {
  if (!(error instanceof Error)) return { error: String(error) }
  const { name, message, stack, cause } = error
  return { error: { name, message, stack, cause: cause instanceof Error ? cause.stack : undefined } }
}

/** Logs the bugs that Yoga masks, each once; what else Yoga has to say is of no use to an operator. */
export function yogaLogger(logger: Logger): YogaLogger {
  const logged = new WeakSet()
  const nothing = () => undefined
  return {
    debug: nothing,
    info: nothing,
    warn: nothing,
    error: (error: unknown) => {
      const origin = originOf(error)
      if (typeof origin === 'object' && origin !== null) {
        if (logged.has(origin)) return
        logged.add(origin)
      }
      const path = error instanceof GraphQLError && error.path !== undefined ? { path: error.path } : {}
      logger.error({ ...fieldsOf(origin), ...path }, 'unexpected error')
    },
  }
}
