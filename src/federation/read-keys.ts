import {
  type GraphQLInterfaceType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  Kind,
  type SelectionSetNode,
  getNamedType,
  getNullableType,
  isInterfaceType,
  isLeafType,
  isListType,
  isObjectType,
  parse,
} from 'graphql'
import { appliedDirectives, directiveArguments, placesOf } from './applied-directives.ts'
import type { FieldPath } from './key-template.ts'
import { storedAsText } from './stored-field.ts'
import type { KeyField } from './typed-schema.ts'

/** A `@key` as it is written. */
export interface KeyDirective {
  readonly text: string
  /** Whether this subgraph can read an entity by it. */
  readonly isResolvable: boolean
  /** Its leaves, in the order in which they are written. */
  readonly fields: readonly KeyField[]
}

/** The leaves of a selection, or what is wrong with them. */
function leaves(
  type: GraphQLNamedType,
  { selections }: SelectionSetNode,
  parents: FieldPath,
  isResolvable: boolean,
): readonly (KeyField | string)[] {
  return selections.flatMap((selection): readonly (KeyField | string)[] => {
    if (selection.kind !== Kind.FIELD) return ['fragments cannot be used']
    const name = selection.name.value
    const path = [...parents, name]
    const shown = path.join('.')
    const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[name] : undefined
    if (field === undefined) return [`${type.name} has no field ${name}`]
    if (isResolvable && isListType(getNullableType(field.type))) {
      return [`${shown} is a list, and a key has one value of each field`]
    }
    const leaf = getNamedType(field.type)
    if (selection.selectionSet !== undefined) return leaves(leaf, selection.selectionSet, path, isResolvable)
    if (!isLeafType(leaf)) return [`${shown} needs a selection of fields`]
    if (isResolvable && storedAsText.has(leaf.name)) {
      return [`${shown} is a ${leaf.name}, and keys are told apart as they are written; make it a String`]
    }
    return [{ path, type: String(field.type), leaf }]
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
export function keysOf(type: GraphQLObjectType | GraphQLInterfaceType): readonly (KeyDirective | string)[] {
  return appliedDirectives(placesOf(type), 'key').map((node) => {
    const values = directiveArguments(node)
    if (typeof values === 'string') return values
    const { fields: text, resolvable } = values as { readonly fields: string; readonly resolvable?: boolean }
    const selection = parsedFieldSet(text)
    const found =
      selection === undefined ? ['it cannot be understood'] : leaves(type, selection, [], resolvable !== false)
    const fields = found.filter((field): field is KeyField => typeof field !== 'string')
    const problems = found.filter((field) => typeof field === 'string')
    if (problems.length > 0) return `@key(fields: ${JSON.stringify(text)}): ${problems.join(', ')}`
    return { text, isResolvable: resolvable !== false, fields }
  })
}
