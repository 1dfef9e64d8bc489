import { type FieldNode, type GraphQLField, GraphQLError, Kind, getArgumentValues } from 'graphql'
import { nodesAt } from './field-nodes.ts'
import { type Path, type Run, type SelectedField, fieldPath } from './run.ts'
import { sharedText } from './shared-text.ts'

/** Works out the arguments of a field of the object at `parent`, for one run. Throws what is wrong with them. */
export type FieldArguments = (run: Run, field: SelectedField, parent: Path | undefined) => Record<string, unknown>

/**
 * Prepares the arguments of a field: those without variables are worked out now, those that are a variable and nothing
 * else are taken over as they were coerced, all others are left to graphql-js.
 */
export function fieldArguments(definition: GraphQLField<unknown, unknown>, node: FieldNode): FieldArguments {
  const given = node.arguments ?? []
  // Names and variables in turn, in one list: less to look at in each run.
  const whole: string[] = []
  const fixed: FieldNode['arguments'] = given.filter(({ name, value }) => {
    if (value.kind !== Kind.VARIABLE) return true
    whole.push(sharedText(name.value), sharedText(value.name.value))
    return false
  })
  // Errors show where the arguments stand in the document of the run.
  const general: FieldArguments = (run, field, parent) =>
    getArgumentValues(definition, nodesAt(run, fieldPath(field, parent))[0]!, run.variables)
  const constants = constantsOf(definition, { ...node, arguments: fixed }, whole)
  if (constants === undefined) return general
  if (whole.length === 0) return () => constants
  // With all names in place: a copy that gets new ones is slower to fill.
  const named: Record<string, unknown> = { ...constants }
  for (let index = 0; index < whole.length; index += 2) named[whole[index]!] = undefined
  return (run, field, parent) => {
    const { variables } = run
    const values = { ...named }
    for (let index = 0; index < whole.length; index += 2) {
      const value = variables[whole[index + 1]!]
      // Not given, or null where that may be an error: graphql-js knows what to do.
      if (value === undefined || value === null) return general(run, field, parent)
      values[whole[index]!] = value
    }
    return values
  }
}

/** The arguments that are the same in every run; `undefined` where only a run can tell. */
function constantsOf(
  definition: GraphQLField<unknown, unknown>,
  node: FieldNode,
  whole: readonly string[],
): Record<string, unknown> | undefined {
  const later = new Set(whole.filter((_name, index) => index % 2 === 0))
  const args = definition.args.filter(({ name }) => !later.has(name))
  try {
    // Without variables, one inside a list or an object makes a value invalid, or leaves a field out of it.
    if (node.arguments?.some(({ value }) => hasVariable(value)) === true) return undefined
    return getArgumentValues({ ...definition, args }, node, {})
  } catch (error) {
    if (error instanceof GraphQLError) return undefined
    throw error
  }
}

function hasVariable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if ('kind' in value && value.kind === Kind.VARIABLE) return true
  return Object.entries(value).some(([name, child]) => name !== 'loc' && hasVariable(child))
}
