import {
  type GraphQLInputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  GraphQLBoolean,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  GraphQLString,
  getVariableValues,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  typeFromAST,
  valueFromAST,
} from 'graphql'
import { AlikeObjects } from '../../engine/alike-objects.ts'
import { sharedText } from './shared-text.ts'

/** Variables as a client sent them; lists of objects may be kept as {@link AlikeObjects}. */
export type GivenVariables = Readonly<Record<string, unknown>>

/** Turns what a client sent into what resolvers are handed; `undefined` where it does not fit. */
export type VariableCoercion = (given: GivenVariables) => GivenVariables | undefined

interface Variable {
  readonly name: string
  readonly isRequired: boolean
  /** Whether coercing a value would give the value itself. */
  readonly isCoerced: (value: unknown) => boolean
}

/**
 * Prepares the coercion of an operation's variables. Values that coercion would leave as they are, which are nearly
 * all, are only looked at; the others go through graphql-js. `undefined` where that cannot be prepared.
 *
 * @param isTakenApart whether a variable is used only where {@link AlikeObjects} are taken; elsewhere it has to be a list.
 */
export function variableCoercion(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  isTakenApart: (name: string) => boolean,
): VariableCoercion | undefined {
  const definitions = operation.variableDefinitions ?? []
  const variables: Variable[] = []
  const defaults: Record<string, unknown> = {}
  for (const { variable, type: typeNode, defaultValue } of definitions) {
    const name = variable.name.value
    const type = typeFromAST(schema, typeNode as never) as GraphQLInputType | undefined
    // Where such a variable is not given, it seems to be there all the same.
    if (type === undefined || name in Object.prototype) return undefined
    variables.push(variableOf(schema, name, type))
    if (defaultValue !== undefined) defaults[name] = valueFromAST(defaultValue, type)
  }
  const coerce: VariableCoercion = (given) => {
    let isWhole = true
    for (const { name, isCoerced } of variables) {
      const value = given[name]
      if (value instanceof AlikeObjects) {
        if (!isTakenApart(name)) return coerce(withLists(given))
      } else if (!Object.hasOwn(given, name)) {
        isWhole = false
      } else if (!isCoerced(value)) {
        return getVariableValues(schema, definitions, withLists(given)).coerced
      }
    }
    return isWhole ? given : completed(given, variables, defaults)
  }
  return coerce
}

/** The same variables with a list in place of what is kept as {@link AlikeObjects}. */
export function withLists(given: GivenVariables): GivenVariables {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, value instanceof AlikeObjects ? value.objects : value]),
  )
}

/** What was given, with defaults for what was not; `undefined` where neither is there and one has to be. */
function completed(
  given: GivenVariables,
  variables: readonly Variable[],
  defaults: Readonly<Record<string, unknown>>,
): GivenVariables | undefined {
  const coerced: Record<string, unknown> = {}
  for (const { name, isRequired } of variables) {
    if (Object.hasOwn(given, name)) coerced[name] = given[name]
    else if (defaults[name] !== undefined) coerced[name] = defaults[name]
    else if (isRequired) return undefined
  }
  return coerced
}

const maxShared = 1000
const shared = new WeakMap<GraphQLSchema, Map<string, Variable>>()

/** Operations that have a variable of that name and type share what is known of it. */
function variableOf(schema: GraphQLSchema, name: string, type: GraphQLInputType): Variable {
  let variables = shared.get(schema)
  if (variables === undefined) shared.set(schema, (variables = new Map()))
  const id = `${name}: ${String(type)}`
  const known = variables.get(id)
  if (known !== undefined) return known
  const variable = { name: sharedText(name), isRequired: isNonNullType(type), isCoerced: coercedCheck(type) }
  if (variables.size < maxShared) variables.set(id, variable)
  return variable
}

function coercedCheck(type: GraphQLInputType): (value: unknown) => boolean {
  if (isNonNullType(type)) {
    const isCoerced = coercedCheck(type.ofType)
    return (value) => value !== null && isCoerced(value)
  }
  if (isListType(type)) {
    const isCoerced = coercedCheck(type.ofType)
    return (value) => value === null || (Array.isArray(value) && value.every(isCoerced))
  }
  switch (type) {
    case GraphQLString:
    case GraphQLID:
      return (value) => typeof value === 'string' || value === null
    case GraphQLBoolean:
      return (value) => typeof value === 'boolean' || value === null
    case GraphQLInt:
      return (value) => value === null || (typeof value === 'number' && (value | 0) === value)
    case GraphQLFloat:
      return (value) => value === null || (typeof value === 'number' && Number.isFinite(value))
  }
  // Their values may be others inside than outside, or have defaults.
  if (isEnumType(type) || isInputObjectType(type)) return (value) => value === null
  return (value) => value === null || isUnchanged(type.parseValue, value)
}

function isUnchanged(parseValue: (value: unknown) => unknown, value: unknown): boolean {
  try {
    return Object.is(parseValue(value), value)
  } catch {
    return false
  }
}
