import {
  type GraphQLAbstractType,
  type GraphQLFieldResolver,
  type GraphQLOutputType,
  type GraphQLSchema,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql'
import { ReadRecord } from '../engine/read-record.ts'
import { FedcacheError, eachOrError } from '../errors.ts'
import { largestCopied } from './copied-field.ts'
import { StoredEntity } from './stored-entity.ts'
import { type JsonObject, fieldOf, isJsonObject } from './stored-values.ts'

/** Scalars of fedcache that are stored as the text that they print. */
export const storedAsText: ReadonlySet<string> = new Set(['DateTime', 'Duration', 'Base64Bytes'])

/**
 * Makes the resolver of a field that the stored value has. It checks the value against the field's type as GraphQL
 * does, so that what was stored wrongly is told as such; GraphQL's own errors would pass for bugs of fedcache.
 *
 * @param mapError makes a GraphQL error of one for clients.
 */
export function storedField(mapError: (error: FedcacheError) => unknown): GraphQLFieldResolver<unknown, unknown> {
  const checked = (value: unknown, type: GraphQLOutputType, place: string, schema: GraphQLSchema): unknown => {
    if (isNonNullType(type)) {
      if (value !== null && value !== undefined) return checked(value, type.ofType, place, schema)
      throw mapError(invalid(`${place} has no value, and its type ${String(type)} needs one.`))
    }
    if (value === null || value === undefined) return null
    if (isListType(type)) {
      if (!Array.isArray(value)) throw mapError(invalid(`${place} holds no list, and is of type ${String(type)}.`))
      return eachOrError(value, (element: unknown) => checked(element, type.ofType, place, schema))
    }
    if (!isLeafType(type)) {
      if (!isJsonObject(value)) {
        throw mapError(invalid(`${place} holds no object, and is of type ${String(type)}.`))
      }
      const problem = isAbstractType(type) ? typenameProblem(value, type, schema) : undefined
      if (problem !== undefined) throw mapError(invalid(`${place} ${problem}`))
      return value
    }
    try {
      if (storedAsText.has(type.name)) return type.parseValue(value)
      type.serialize(value)
      return value
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw mapError(invalid(`${place} does not hold what its type says. ${reason}`))
    }
  }
  return (parent, _args, context, { fieldName, parentType, returnType, schema }) => {
    const problem = parent instanceof StoredEntity ? shown(context, parent, fieldName) : undefined
    if (problem !== undefined) throw mapError(problem)
    return checked(fieldOf(parent, fieldName), returnType, `The stored ${parentType.name}.${fieldName}`, schema)
  }
}

/** What is wrong with how an object says which type of an interface or union it is. */
function typenameProblem(value: JsonObject, type: GraphQLAbstractType, schema: GraphQLSchema): string | undefined {
  const name = fieldOf(value, '__typename')
  const told = typeof name === 'string' ? schema.getType(name) : undefined
  if (isObjectType(told) && schema.isSubType(type, told)) return undefined
  const names = schema.getPossibleTypes(type).map((possible) => possible.name)
  const received = JSON.stringify(name)?.slice(0, 100) ?? 'none'
  return `needs a "__typename" that says which ${type.name} it is, one of ${names.join(', ')}; it has ${received}.`
}

/** Notes what an answer shows of an entity, and says whether it is too much. */
function shown(context: unknown, entity: StoredEntity, fieldName: string): FedcacheError | undefined {
  const reads = (context as { readonly reads?: unknown } | undefined)?.reads
  // What is copied is as small and not counted either; most values are, and need not be searched for it.
  if (!(reads instanceof ReadRecord) || entity.size <= largestCopied) return undefined
  return reads.show(fieldName, entity.written(fieldName)?.length ?? 0)
}

function invalid(message: string): FedcacheError {
  return new FedcacheError('INVALID_VALUE', message)
}
