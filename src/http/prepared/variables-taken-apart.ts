import { type DocumentNode, Kind, TypeInfo, type GraphQLSchema, visit, visitWithTypeInfo } from 'graphql'
import type { TakesAlike } from '../../engine/alike-objects.ts'

/**
 * Names of the variables of a document that are nothing but whole arguments of fields which take objects apart: see
 * {@link TakesAlike}.
 */
export function variablesTakenApart(schema: GraphQLSchema, document: DocumentNode): ReadonlySet<string> {
  const types = new TypeInfo(schema)
  const apart = new Set<string>()
  const otherwise = new Set<string>()
  const visitor = visitWithTypeInfo(types, {
    VariableDefinition: () => false,
    Variable: ({ name }, _key, parent) => {
      const argument = parent !== undefined && 'kind' in parent && parent.kind === Kind.ARGUMENT ? parent : undefined
      const { takesAlike } = (types.getFieldDef()?.extensions ?? {}) as Partial<TakesAlike>
      const isApart = argument !== undefined && argument.name.value === takesAlike && !types.getDirective()
      ;(isApart ? apart : otherwise).add(name.value)
    },
  })
  visit(document, visitor)
  return apart.difference(otherwise)
}
