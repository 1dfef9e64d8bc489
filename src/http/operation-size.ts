import {
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql'

/** How large an operation may be, with its fragments written out wherever they are spread. */
export interface OperationLimits {
  /** How deep fields may be nested. */
  readonly maxDepth: number
  /** How many fields it may have. */
  readonly maxFields: number
  /** How many of them may have another name than their own. */
  readonly maxAliases: number
}

interface Size {
  readonly depth: number
  readonly fields: number
  readonly aliases: number
}

const nothing: Size = { depth: 0, fields: 0, aliases: 0 }

/**
 * Refuses operations that are too large. Fragments are measured once each, so that those which spread each other many
 * times over cost nothing to refuse.
 */
export function operationSizeRule(limits: OperationLimits): ValidationRule {
  return (context) => {
    const measure = measuring(context)
    return {
      OperationDefinition: (operation) => {
        const { depth, fields, aliases } = measure(operation.selectionSet)
        const found = [
          [depth, limits.maxDepth, 'is nested deeper than'],
          [fields, limits.maxFields, 'has more fields than'],
          [aliases, limits.maxAliases, 'has more aliases than'],
        ] as const
        for (const [size, limit, what] of found) {
          if (size > limit)
            context.reportError(new GraphQLError(`The operation ${what} ${limit}.`, { nodes: operation }))
        }
        return false
      },
    }
  }
}

function measuring(context: ValidationContext): (selections: SelectionSetNode) => Size {
  // One that is being measured counts as nothing where it spreads itself: another rule refuses that.
  const fragments = new Map<string, Size>()
  const ofFragment = (fragment: FragmentDefinitionNode | null | undefined): Size => {
    if (fragment === null || fragment === undefined) return nothing
    const { value: name } = fragment.name
    const known = fragments.get(name)
    if (known !== undefined) return known
    fragments.set(name, nothing)
    const size = ofSelections(fragment.selectionSet)
    fragments.set(name, size)
    return size
  }
  const ofSelections = ({ selections }: SelectionSetNode): Size => {
    let [depth, fields, aliases] = [0, 0, 0]
    for (const selection of selections) {
      const isField = selection.kind === Kind.FIELD
      const inner =
        selection.kind === Kind.FRAGMENT_SPREAD
          ? ofFragment(context.getFragment(selection.name.value))
          : selection.selectionSet === undefined
            ? nothing
            : ofSelections(selection.selectionSet)
      depth = Math.max(depth, inner.depth + Number(isField))
      fields += inner.fields + Number(isField)
      aliases += inner.aliases + Number(isField && selection.alias !== undefined)
    }
    return { depth, fields, aliases }
  }
  return ofSelections
}
