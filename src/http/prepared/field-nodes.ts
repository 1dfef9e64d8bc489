import type { FieldNode, GraphQLObjectType } from 'graphql'
import { collectFields, collectSubfields } from 'graphql/execution/collectFields.js'
import type { Path, Run } from './run.ts'

type Selected = ReadonlyMap<string, readonly FieldNode[]>

/** What was selected on which type, by the nodes of the field around it; of the root there are none. */
type Selections = Map<readonly FieldNode[] | undefined, Map<string, Selected>>

// An answer may have very many errors.
const known = new WeakMap<Run, Selections>()

/**
 * The nodes of the document by which the field at a path, or the one whose list has an item there, was selected. What
 * is compiled does not hold them: who asks for them is an error, which tells their lines, and hardly any resolver.
 */
export function nodesAt(run: Run, path: Path): readonly FieldNode[] {
  const steps: Path[] = []
  for (let step: Path | undefined = path; step !== undefined; step = step.prev) steps.push(step)
  let nodes: readonly FieldNode[] | undefined
  for (const { key, typename } of steps.reverse()) {
    // The place in a list has no type.
    if (typename !== undefined) nodes = selectedOn(run, typename, nodes).get(key as string)
  }
  return nodes!
}

function selectedOn(run: Run, typeName: string, nodes: readonly FieldNode[] | undefined): Selected {
  let selections = known.get(run)
  if (selections === undefined) known.set(run, (selections = new Map()))
  let byType = selections.get(nodes)
  if (byType === undefined) selections.set(nodes, (byType = new Map()))
  let selected = byType.get(typeName)
  if (selected === undefined) byType.set(typeName, (selected = collected(run, typeName, nodes)))
  return selected
}

function collected({ operation, variables }: Run, typeName: string, nodes: readonly FieldNode[] | undefined): Selected {
  const { schema, fragments, node } = operation
  const type = schema.getType(typeName) as GraphQLObjectType
  return nodes === undefined
    ? collectFields(schema, fragments, variables, type, node.selectionSet)
    : collectSubfields(schema, fragments, variables, type, nodes)
}
