import {
  type ConstDirectiveNode,
  type DefinitionNode,
  type DirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  Kind,
  parse,
  visit,
} from 'graphql'
import { type ObjectNode, isObjectNode } from './object-node.ts'
import type { TypedSchema } from './typed-schema.ts'

/** The fields to take over. */
export interface Override {
  /** Name of the subgraph that has them now. */
  readonly from: string
  /** Names of the types whose fields are taken over. */
  readonly types: ReadonlySet<string>
}

/** What is tagged. */
export interface CacheTagging {
  readonly types: TypedSchema
}

// Composition tools that do not know it take it from here.
const cacheTagDefinition = 'directive @cacheTag(format: String!) repeatable on OBJECT | FIELD_DEFINITION'

/** A directive with one text. */
function directive(name: string, argument: string, value: string): ConstDirectiveNode {
  return {
    kind: Kind.DIRECTIVE,
    name: { kind: Kind.NAME, value: name },
    arguments: [
      {
        kind: Kind.ARGUMENT,
        name: { kind: Kind.NAME, value: argument },
        value: { kind: Kind.STRING, value },
      },
    ],
  }
}

/** The document without `@cacheTag`, which older versions of federation do not know. */
export function withoutCacheTags(document: DocumentNode): DocumentNode {
  return visit(document, { Directive: ({ name }: DirectiveNode) => (name.value === 'cacheTag' ? null : undefined) })
}

/** The document with `@cacheTag` defined, and each entity and root field tagged with the name of its keyspace. */
export function withCacheTags(document: DocumentNode, { types }: CacheTagging): DocumentNode {
  const keyspaces = new Map(
    types.entities.map(({ name, keys }) => [name, new Set(keys.map(({ keyspace }) => keyspace))]),
  )
  const roots = new Map(types.rootFields.map(({ name, key }) => [name, new Set([key.keyspace])]))
  const tags = (names: ReadonlySet<string> | undefined): readonly ConstDirectiveNode[] =>
    [...(names ?? [])].map((name) => directive('cacheTag', 'format', name))
  const parts = document.definitions.filter(isObjectNode)
  const firstParts = new Map(parts.toReversed().map((node) => [node.name.value, node]))
  const tagged = document.definitions.map((node): DefinitionNode => {
    if (!isObjectNode(node)) return node
    const { value } = node.name
    if (value === 'Query') return withFields(node, ({ name }) => tags(roots.get(name.value)))
    if (firstParts.get(value) !== node) return node
    return { ...node, directives: [...(node.directives ?? []), ...tags(keyspaces.get(value))] }
  })
  const definition = parse(cacheTagDefinition, { noLocation: true }).definitions
  return { ...document, definitions: [...definition, ...tagged] }
}

/** The document with `@override` on the fields to take over: those that are no part of a key, and stored here. */
export function overridden(document: DocumentNode, { from, types }: Override): DocumentNode {
  const definitions = document.definitions.map((node): DefinitionNode => {
    if (!isObjectNode(node) || !types.has(node.name.value)) return node
    const keys = keyFieldsOf(document, node.name.value)
    return withFields(node, (field) => {
      const isTheirs = field.directives?.some(({ name }) => name.value === 'external' || name.value === 'override')
      return isTheirs === true || keys.has(field.name.value) ? [] : [directive('override', 'from', from)]
    })
  })
  return { ...document, definitions }
}

function withFields(
  node: ObjectNode,
  directivesOf: (field: FieldDefinitionNode) => readonly ConstDirectiveNode[],
): ObjectNode {
  const fields = node.fields?.map((field) => ({
    ...field,
    directives: [...(field.directives ?? []), ...directivesOf(field)],
  }))
  return { ...node, fields: fields ?? [] }
}

/** The outermost fields of all keys of a type, in whichever of its parts they are written. */
function keyFieldsOf(document: DocumentNode, typeName: string): ReadonlySet<string> {
  const parts = document.definitions.filter(isObjectNode).filter(({ name }) => name.value === typeName)
  const names = new Set<string>()
  for (const { name, arguments: args } of parts.flatMap(({ directives = [] }) => directives)) {
    const fields = args?.find((argument) => argument.name.value === 'fields')?.value
    if (name.value !== 'key' || fields?.kind !== Kind.STRING) continue
    let depth = 0
    for (const [token] of fields.value.matchAll(/\w+|[{}]/g)) {
      if (token === '{') depth += 1
      else if (token === '}') depth -= 1
      else if (depth === 0) names.add(token)
    }
  }
  return names
}
