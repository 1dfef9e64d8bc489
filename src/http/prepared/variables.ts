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

/** Variables as a client sent them. */
export type GivenVariables = Readonly<Record<string, unknown>>

/** Turns what a client sent into what resolvers are handed; `undefined` where it does not fit. */
export type VariableCoercion = (given: GivenVariables) => Record<string, unknown> | undefined

interface Variable {
  readonly name: string
  readonly isRequired: boolean
  /** Whether coercing a value would give the value itself. */
  readonly isCoerced: (value: unknown) => boolean
  /** `undefined` where the variable has no default. */
  readonly defaultValue: unknown
}

/**
 * Prepares the coercion of an operation's variables. Values that coercion would leave as they are, which are nearly
 * all, are only looked at; the others go through graphql-js. `undefined` where that cannot be prepared.
 */
export function variableCoercion(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
): VariableCoercion | undefined {
  const definitions = operation.variableDefinitions ?? []
  const variables: Variable[] = []
  for (const { variable, type: typeNode, defaultValue } of definitions) {
    const name = variable.name.value
    const type = typeFromAST(schema, typeNode as never) as GraphQLInputType | undefined
    // No plain object has such a property of its own by mere assignment.
    if (type === undefined || name === '__proto__') return undefined
    variables.push({
      name,
      isRequired: isNonNullType(type),
      isCoerced: coercedCheck(type),
      defaultValue: defaultValue === undefined ? undefined : valueFromAST(defaultValue, type),
    })
  }
  return (given) => {
    const coerced: Record<string, unknown> = {}
    for (const { name, isRequired, isCoerced, defaultValue } of variables) {
      if (Object.hasOwn(given, name)) {
        const value = given[name]
        if (!isCoerced(value)) return getVariableValues(schema, definitions, given).coerced
        coerced[name] = value
      } else if (defaultValue !== undefined) {
        coerced[name] = defaultValue
      } else if (isRequired) {
        return undefined
      }
    }
    return coerced
  }
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
