import { addResolversToSchema } from '@graphql-tools/schema'
import {
  type ExecutionResult,
  type GraphQLFieldResolver,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  defaultFieldResolver,
  isObjectType,
} from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { type TraceNode, traceMessage } from './trace-message.ts'

/** The request header by which a gateway asks for a trace. */
export const traceHeader = 'apollo-federation-include-trace'

type Resolver = GraphQLFieldResolver<unknown, object>

const tracers = new WeakMap<object, Tracer>()

/**
 * Tells gateways that ask for it how long each field took, in `extensions.ftv1`. It traces on a schema of its own, so
 * that operations which nobody traces pay nothing for it.
 */
export function useFederatedTracing(schema: GraphQLSchema): Plugin {
  let traced: GraphQLSchema | undefined
  return {
    onExecute: ({ args, executeFn, setExecuteFn }) => {
      const { request } = args.contextValue as { readonly request?: Request }
      if (request?.headers.get(traceHeader) !== 'ftv1') return
      traced ??= tracedSchema(schema)
      const tracer = new Tracer()
      const tracedArguments = { ...args, schema: traced }
      tracers.set(args.contextValue, tracer)
      setExecuteFn(() => executeFn(tracedArguments) as never)
      return {
        onExecuteDone: ({ result, setResult }) => {
          if (Symbol.asyncIterator in result) return
          const ftv1 = Buffer.from(tracer.finished(result)).toString('base64')
          setResult({ ...result, extensions: { ...result.extensions, ftv1 } })
        },
      }
    },
  }
}

/** The same schema, with resolvers that note when they began and ended. */
function tracedSchema(schema: GraphQLSchema): GraphQLSchema {
  const types = Object.values(schema.getTypeMap()).filter(isObjectType)
  const own = types.filter((type) => !type.name.startsWith('__') && type !== schema.getSubscriptionType())
  const resolvers = own.map((type) => {
    const fields = Object.values(type.getFields())
    return [type.name, Object.fromEntries(fields.map(({ name, resolve }) => [name, traced(resolve as Resolver)]))]
  })
  return addResolversToSchema({ schema, resolvers: Object.fromEntries(resolvers) as never })
}

function traced(resolve: Resolver | undefined): Resolver {
  const original = resolve ?? (defaultFieldResolver as Resolver)
  return (source, args, context, info) => {
    const end = tracers.get(context)?.began(info)
    if (end === undefined) return original(source, args, context, info)
    let result: unknown
    try {
      result = original(source, args, context, info)
    } finally {
      if (!(result instanceof Promise)) end()
    }
    return result instanceof Promise ? result.finally(end) : result
  }
}

/** Notes what one operation does. */
class Tracer {
  readonly #startedAt = new Date()
  readonly #startedAtMs = performance.now()
  readonly #root: TraceNode = newNode('')

  began({ path, fieldName, returnType, parentType }: GraphQLResolveInfo): () => void {
    const node = this.#node(keysOf(path))
    if (fieldName !== path.key) node.originalName = fieldName
    node.type = String(returnType)
    node.parentType = parentType.name
    node.startedAt = this.#elapsedNs()
    return () => {
      node.endedAt = this.#elapsedNs()
    }
  }

  finished({ errors = [] }: ExecutionResult): Uint8Array {
    for (const error of errors) {
      const { message, locations = [] } = error
      this.#node(error.path ?? []).errors.push({ message, locations, json: JSON.stringify(error) })
    }
    const root = { ...this.#root }
    return traceMessage({ startedAt: this.#startedAt, endedAt: new Date(), durationNs: this.#elapsedNs(), root })
  }

  #elapsedNs(): number {
    return (performance.now() - this.#startedAtMs) * 1_000_000
  }

  #node(keys: readonly (string | number)[]): TraceNode {
    let node = this.#root
    for (const key of keys) {
      let child = node.children.get(key)
      if (child === undefined) node.children.set(key, (child = newNode(key)))
      node = child
    }
    return node
  }
}

function newNode(id: string | number): TraceNode {
  return { id, errors: [], children: new Map() }
}

function keysOf(path: GraphQLResolveInfo['path']): (string | number)[] {
  const keys: (string | number)[] = []
  for (let step: GraphQLResolveInfo['path'] | undefined = path; step !== undefined; step = step.prev)
    keys.push(step.key)
  return keys.reverse()
}
