import {
  type GraphQLNamedType,
  type GraphQLObjectType,
  Kind,
  type SelectionSetNode,
  getNamedType,
  isInterfaceType,
  isLeafType,
  isObjectType,
  parse,
} from 'graphql'
import { appliedDirectives, directiveArguments, placesOf } from './applied-directives.ts'
import type { FieldPath } from './key-template.ts'
import type { KeyField } from './typed-schema.ts'

/** A `@key` as it is written. */
export interface KeyDirective {
  readonly text: string
  /** Whether this subgraph can read an entity by it. */
  readonly isResolvable: boolean
  /** Its leaves, in the order in which they are written. */
  readonly fields: readonly KeyField[]
}

function leaves(
  type: GraphQLNamedType,
  { selections }: SelectionSetNode,
  parents: FieldPath,
): readonly (KeyField | string)[] {
  return selections.flatMap((selection): readonly (KeyField | string)[] => {
    if (selection.kind !== Kind.FIELD) return ['fragments cannot be used']
    const name = selection.name.value
    const path = [...parents, name]
    const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[name] : undefined
    if (field === undefined) return [`${type.name} has no field ${name}`]
    const named = getNamedType(field.type)
    if (selection.selectionSet !== undefined) return leaves(named, selection.selectionSet, path)
    return isLeafType(named) ? [{ path, type: String(field.type) }] : [`${path.join('.')} needs a selection of fields`]
  })
}

function parsedFieldSet(text: string): SelectionSetNode | undefined {
  try {
    const [definition] = parse(`{ ${text} }`, { noLocation: true }).definitions
    return definition?.kind === Kind.OPERATION_DEFINITION ? definition.selectionSet : undefined
  } catch {
    return undefined
  }
}

/** The keys of a type, or what is wrong with them. */
export function keysOf(type: GraphQLObjectType): readonly (KeyDirective | string)[] {
  return appliedDirectives(placesOf(type), 'key').map((node) => {
    const values = directiveArguments(node)
    if (typeof values === 'string') return values
    const { fields: text, resolvable } = values as { readonly fields: string; readonly resolvable?: boolean }
    const selection = parsedFieldSet(text)
    const found = selection === undefined ? ['it cannot be understood'] : leaves(type, selection, [])
    const fields = found.filter((field): field is KeyField => typeof field !== 'string')
    const problems = found.filter((field) => typeof field === 'string')
    if (problems.length > 0) return `@key(fields: ${JSON.stringify(text)}): ${problems.join(', ')}`
    return { text, isResolvable: resolvable !== false, fields }
  })
}
