import {
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isInterfaceType,
  isListType,
  isObjectType,
} from 'graphql'
import { appliedDirectives, directiveArguments, placesOf } from './applied-directives.ts'
import { type FieldPath, type KeyTemplate, fieldPath, keyTemplate } from './key-template.ts'
import type { Report } from './read-entities.ts'
import { keysOf } from './read-keys.ts'
import type { EntryField, StubTarget, TypedEntity, TypedKey } from './typed-schema.ts'

/** Reads every `@entry` of a type. What is wrong is reported and left out. */
export function readEntryFields(
  type: GraphQLObjectType,
  entities: ReadonlyMap<string, TypedEntity>,
  report: Report,
): readonly EntryField[] {
  return Object.values(type.getFields()).flatMap((field): readonly EntryField[] => {
    const read = readEntryField(field, entities)
    if (typeof read === 'string') report(`${type.name}.${field.name}`, `@entry: ${read}`)
    return typeof read === 'object' ? [{ typeName: type.name, name: field.name, ...read }] : []
  })
}

/** Reports the `@entry`s on interfaces, whose fields nothing resolves. */
export function refuseEntriesOnInterfaces(schema: GraphQLSchema, report: Report): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isInterfaceType(type)) continue
    for (const field of Object.values(type.getFields())) {
      if (appliedDirectives([field.astNode], 'entry').length === 0) continue
      report(`${type.name}.${field.name}`, '@entry stands on the fields of object types, not of interfaces')
    }
  }
}

function readEntryField(
  field: GraphQLField<unknown, unknown>,
  entities: ReadonlyMap<string, TypedEntity>,
): Omit<EntryField, 'typeName' | 'name'> | string | undefined {
  const [node] = appliedDirectives([field.astNode], 'entry')
  if (node === undefined) return undefined
  const values = directiveArguments(node)
  if (typeof values === 'string') return values
  const { key, keyspace } = values as { readonly key: string; readonly keyspace?: string | null }
  const from = keySource(key)
  if (from === undefined)
    return `key: "${key}" must be a field of the stored value, or a template such as "{tenant}/{sku}"`
  const nullable = getNullableType(field.type)
  const isList = isListType(nullable)
  if (isList && isListType(getNullableType(nullable.ofType))) return 'a list of lists cannot be read'
  const target = targetOf(getNamedType(field.type), keyspace ?? undefined, from, entities)
  return typeof target === 'object' ? { from, isList, target } : target
}

function keySource(key: string): FieldPath | KeyTemplate | undefined {
  const path = fieldPath(key)
  if (path !== undefined) return path
  const template = keyTemplate(key)
  return template !== undefined && template.paths.length > 0 ? template : undefined
}

function targetOf(
  type: GraphQLNamedType,
  keyspace: string | undefined,
  from: FieldPath | KeyTemplate,
  entities: ReadonlyMap<string, TypedEntity>,
): TypedKey | StubTarget | string | undefined {
  const entity = entities.get(type.name)
  if (entity !== undefined) {
    const key = keyspace === undefined ? entity.keys[0] : entity.keys.find((one) => one.keyspace === keyspace)
    const known = entity.keys.map((one) => one.keyspace).join(', ')
    return key ?? `${type.name} is not in the keyspace "${keyspace}"; it is in ${known}`
  }
  if (!isObjectType(type)) return `${type.name} must be an object type`
  // What is wrong with its @keyspace is told there.
  if (appliedDirectives(placesOf(type), 'keyspace').length > 0) return undefined
  const stub = keysOf(type).find((key) => typeof key !== 'string')
  if (typeof stub !== 'object' || stub.isResolvable) {
    return `${type.name} must have a @keyspace, or be an entity of another subgraph: @key(fields: …, resolvable: false)`
  }
  if (keyspace !== undefined) return `${type.name} is in another subgraph, and in no keyspace`
  const paths = stub.fields.map(({ path }) => path)
  const given = 'paths' in from ? from.paths.length : 1
  if (paths.length > 1 && given !== paths.length) {
    return `the key of ${type.name} has ${paths.length} fields, so the template needs as many, in their order; it has ${given}`
  }
  return { keyspace: undefined, paths }
}
