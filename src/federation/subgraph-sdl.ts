import {
  type DefinitionNode,
  type DocumentNode,
  type FieldDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  type TypeDefinitionNode,
  isTypeDefinitionNode,
  print,
  visit,
} from 'graphql'
import { typeDefinitions } from './type-definitions.ts'

/** A part of the API that a supergraph can be given: typed keyspaces, generic entries, or everything else. */
export type ExposedPart = 'types' | 'entries' | 'admin'

/** What the printed subgraph holds. */
export interface SubgraphSdlOptions {
  /** Default: `types`, and `entries` while no typed keyspace exists. */
  readonly expose?: readonly ExposedPart[]
}

/** The schema extension that makes a document a subgraph of federation 2. */
export const federationLink = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])'

const entryFields: ReadonlySet<string> = new Set(['entry', 'entries'])

/** One node per root type: `extend type Query` of several files become one `type Query`. */
function rootType(document: DocumentNode, name: string): ObjectTypeDefinitionNode | undefined {
  const parts = document.definitions.filter(
    (node) =>
      (node.kind === Kind.OBJECT_TYPE_DEFINITION || node.kind === Kind.OBJECT_TYPE_EXTENSION) &&
      node.name.value === name,
  ) as readonly ObjectTypeDefinitionNode[]
  const base = parts.find((part) => part.kind === Kind.OBJECT_TYPE_DEFINITION)
  return base && { ...base, fields: parts.flatMap((part) => part.fields ?? []) }
}

function exposedRoots(document: DocumentNode, expose: ReadonlySet<ExposedPart>): readonly ObjectTypeDefinitionNode[] {
  const isExposed = (field: FieldDefinitionNode) => expose.has(entryFields.has(field.name.value) ? 'entries' : 'admin')
  const query = rootType(document, 'Query')
  const exposedQuery = query && { ...query, fields: query.fields?.filter(isExposed) ?? [] }
  const others = expose.has('admin') ? [rootType(document, 'Mutation'), rootType(document, 'Subscription')] : []
  return [exposedQuery, ...others].filter((node) => node !== undefined && (node.fields?.length ?? 0) > 0) as never
}

function namesIn(node: DefinitionNode): readonly string[] {
  const names: string[] = []
  visit(node, { NamedType: (type) => void names.push(type.name.value) })
  return names
}

function reachable(document: DocumentNode, roots: readonly DefinitionNode[]): readonly TypeDefinitionNode[] {
  const types = new Map(document.definitions.filter(isTypeDefinitionNode).map((node) => [node.name.value, node]))
  const found = new Set<TypeDefinitionNode>()
  const pending = roots.flatMap(namesIn)
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const type = types.get(name)
    if (type === undefined || found.has(type)) continue
    found.add(type)
    pending.push(...namesIn(type))
  }
  // In the order in which they are written down.
  return [...types.values()].filter((type) => found.has(type))
}

/** Prints the SDL that a gateway composes: only what is exposed, and what is reachable from it. */
export function subgraphSdl({ expose = ['types', 'entries'] }: SubgraphSdlOptions = {}): string {
  const document = typeDefinitions()
  const roots = exposedRoots(document, new Set(expose))
  const printed = [...roots, ...reachable(document, roots)].map((node) => print(node))
  return [federationLink, ...printed].join('\n\n') + '\n'
}
