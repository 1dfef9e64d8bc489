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
import { type FederationVersion, federationLink } from './federation-link.ts'
import { type ObjectNode, isObjectNode } from './object-node.ts'
import { type CacheTagging, type Override, overridden, withCacheTags, withoutCacheTags } from './printed-directives.ts'
import { typeDefinitions } from './type-definitions.ts'
import { type TypedSchema, noTypes } from './typed-schema.ts'

/** A part of the API that a supergraph can be given: typed keyspaces, generic entries, or everything else. */
export type ExposedPart = 'types' | 'entries' | 'admin'

/** Who composes: the versions and directives that they take differ. */
export type SchemaProfile = 'apollo' | 'cosmo' | 'hive'

/** What the printed subgraph holds. */
export interface SubgraphSdlOptions {
  /** Default: none. */
  readonly types?: TypedSchema
  /** Default: `types`, and `entries` while no typed keyspace exists. */
  readonly expose?: readonly ExposedPart[] | undefined
  /** `apollo` and `cosmo` get a newer version, with `@cacheTag`. Default: what composes everywhere. */
  readonly profile?: SchemaProfile | undefined
  /** Takes fields of types over from the subgraph that has them now. */
  readonly override?: Override | undefined
}

const entryFields: ReadonlySet<string> = new Set(['entry', 'entries'])

function isNamed(node: DefinitionNode, name: string): node is ObjectNode {
  return isObjectNode(node) && node.name.value === name
}

/** One node per root type: `extend type Query` of several files become one `type Query`. */
function rootType(document: DocumentNode, name: string): ObjectTypeDefinitionNode | undefined {
  const parts = document.definitions.filter((node) => isNamed(node, name)) as readonly ObjectTypeDefinitionNode[]
  const base = parts.find((part) => part.kind === Kind.OBJECT_TYPE_DEFINITION)
  return base && { ...base, fields: parts.flatMap((part) => part.fields ?? []) }
}

function exposedRoots(
  document: DocumentNode,
  types: TypedSchema,
  expose: ReadonlySet<ExposedPart>,
): readonly ObjectTypeDefinitionNode[] {
  const typed = new Set(types.rootFields.map(({ name }) => name))
  const partOf = ({ name: { value } }: FieldDefinitionNode): ExposedPart => {
    if (entryFields.has(value)) return 'entries'
    return typed.has(value) ? 'types' : 'admin'
  }
  const query = rootType(document, 'Query')
  const exposedQuery = query && { ...query, fields: query.fields?.filter((field) => expose.has(partOf(field))) ?? [] }
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
export function subgraphSdl({ types = noTypes, profile, override, ...options }: SubgraphSdlOptions = {}): string {
  const expose = new Set<ExposedPart>(options.expose ?? (types.entities.length > 0 ? ['types'] : ['types', 'entries']))
  const own = typeDefinitions()
  const all: DocumentNode = { ...own, definitions: [...own.definitions, ...types.document.definitions] }
  const roots = exposedRoots(all, types, expose)
  const typed = expose.has('types') ? types.document.definitions.filter((node) => !isNamed(node, 'Query')) : []
  const printed: DocumentNode = {
    kind: Kind.DOCUMENT,
    definitions: [...roots, ...reachable(own, [...roots, ...typed]), ...typed],
  }
  const tagging: CacheTagging | undefined = profile === 'apollo' || profile === 'cosmo' ? { types } : undefined
  const tagged = tagging === undefined ? withoutCacheTags(printed) : withCacheTags(printed, tagging)
  const document = override === undefined ? tagged : overridden(tagged, override)
  const version: FederationVersion = tagging === undefined ? 'v2.9' : 'v2.12'
  const linked = [...federationLink(document, version).definitions, ...document.definitions]
  return linked.map((node) => print(node)).join('\n\n') + '\n'
}
