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
import { isStandIn } from './readable-schema.ts'
import type { EntryField, StubTarget, TypeableKeyspace, TypedEntity, TypedKey } from './typed-schema.ts'

/** Reads every `@entry` of a type. What is wrong is reported and left out. */
export function readEntryFields(
  type: GraphQLObjectType,
  entities: ReadonlyMap<string, TypedEntity>,
  keyspaces: ReadonlyMap<string, TypeableKeyspace>,
  report: Report,
): readonly EntryField[] {
  return Object.values(type.getFields()).flatMap((field): readonly EntryField[] => {
    const tell = (problem: string): undefined => {
      report(`${type.name}.${field.name}`, `@entry: ${problem}`)
    }
    const read = readEntryField(field, { entities, keyspaces, tell })
    return read === undefined ? [] : [{ typeName: type.name, name: field.name, ...read }]
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

/** What one `@entry` is read against, and who is told what is wrong with it. */
interface Reading {
  readonly entities: ReadonlyMap<string, TypedEntity>
  readonly keyspaces: ReadonlyMap<string, TypeableKeyspace>
  readonly tell: (problem: string) => undefined
}

function readEntryField(
  field: GraphQLField<unknown, unknown>,
  reading: Reading,
): Omit<EntryField, 'typeName' | 'name'> | undefined {
  const [node] = appliedDirectives([field.astNode], 'entry')
  if (node === undefined) return undefined
  const { tell } = reading
  const values = directiveArguments(node)
  if (typeof values === 'string') return tell(values)
  const { key, keyspace } = values as { readonly key: string; readonly keyspace?: string | null }
  const from = keySource(key)
  if (from === undefined)
    tell(`key: "${key}" must be a field of the stored value, or a template such as "{tenant}/{sku}"`)
  const nullable = getNullableType(field.type)
  const isList = isListType(nullable)
  if (isList && isListType(getNullableType(nullable.ofType))) tell('a list of lists cannot be read')
  const target = targetOf(getNamedType(field.type), keyspace ?? undefined, from, reading)
  return from === undefined || target === undefined ? undefined : { from, isList, target }
}

function keySource(key: string): FieldPath | KeyTemplate | undefined {
  const path = fieldPath(key)
  if (path !== undefined) return path
  const template = keyTemplate(key)
  return template !== undefined && template.paths.length > 0 ? template : undefined
}

/** @param from `undefined` where that is wrong, which is told. */
function targetOf(
  type: GraphQLNamedType,
  keyspace: string | undefined,
  from: FieldPath | KeyTemplate | undefined,
  { entities, keyspaces, tell }: Reading,
): TypedKey | StubTarget | undefined {
  const entity = entities.get(type.name)
  if (entity !== undefined) {
    const key = keyspace === undefined ? entity.keys[0] : entity.keys.find((one) => one.keyspace === keyspace)
    // Where one of its keyspaces does not exist, which is told there, this may be the one that was meant.
    const isToldThere = keyspaces.has(keyspace ?? '') && entity.keys.some((one) => !keyspaces.has(one.keyspace))
    if (key === undefined && !isToldThere) {
      const known = entity.keys.map((one) => one.keyspace).join(', ')
      tell(`${type.name} is not in the keyspace "${keyspace}"; it is in ${known}`)
    }
    return key
  }
  if (isStandIn(type)) return undefined
  if (!isObjectType(type)) return tell(`${type.name} must be an object type`)
  const keys = keysOf(type)
  // What is wrong with these is told there.
  if (appliedDirectives(placesOf(type), 'keyspace').length > 0) return undefined
  if (keys.some((key) => typeof key === 'string')) return undefined
  const stub = keys.find((key) => typeof key !== 'string')
  if (stub === undefined || stub.isResolvable) {
    const stubs = 'be an entity of another subgraph: @key(fields: …, resolvable: false)'
    return tell(`${type.name} must have a @keyspace, or ${stubs}`)
  }
  if (keyspace !== undefined) tell(`${type.name} is in another subgraph, and in no keyspace`)
  const paths = stub.fields.map(({ path }) => path)
  const given = from !== undefined && 'paths' in from ? from.paths.length : 1
  if (from !== undefined && paths.length > 1 && given !== paths.length) {
    tell(
      `the key of ${type.name} has ${paths.length} fields, so the template needs as many, in their order; it has ${given}`,
    )
  }
  return { keyspace: undefined, paths }
}
