import {
  type ConstDirectiveNode,
  type DefinitionNode,
  type DirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  parse,
  visit,
} from 'graphql'
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
  const tagged = document.definitions.map((node): DefinitionNode => {
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION) return node
    if (node.name.value === 'Query') return withFields(node, ({ name }) => tags(roots.get(name.value)))
    return { ...node, directives: [...(node.directives ?? []), ...tags(keyspaces.get(node.name.value))] }
  })
  const definition = parse(cacheTagDefinition, { noLocation: true }).definitions
  return { ...document, definitions: [...definition, ...tagged] }
}

/** The document with `@override` on the fields to take over: those that are no part of a key, and stored here. */
export function overridden(document: DocumentNode, { from, types }: Override): DocumentNode {
  const definitions = document.definitions.map((node): DefinitionNode => {
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION || !types.has(node.name.value)) return node
    const keys = keyFieldsOf(node)
    return withFields(node, (field) => {
      const isTheirs = field.directives?.some(({ name }) => name.value === 'external' || name.value === 'override')
      return isTheirs === true || keys.has(field.name.value) ? [] : [directive('override', 'from', from)]
    })
  })
  return { ...document, definitions }
}

function withFields(
  node: ObjectTypeDefinitionNode,
  directivesOf: (field: FieldDefinitionNode) => readonly ConstDirectiveNode[],
): ObjectTypeDefinitionNode {
  const fields = node.fields?.map((field) => ({
    ...field,
    directives: [...(field.directives ?? []), ...directivesOf(field)],
  }))
  return { ...node, fields: fields ?? [] }
}

/** The outermost fields of all keys. */
function keyFieldsOf({ directives = [] }: ObjectTypeDefinitionNode): ReadonlySet<string> {
  const names = new Set<string>()
  for (const { name, arguments: args } of directives) {
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
