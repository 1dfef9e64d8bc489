import { type FieldDefinitionNode, type GraphQLFieldResolver } from 'graphql'
import { objectsOf } from '../engine/alike-objects.ts'
import type { Entry } from '../engine/entry.ts'
import { FedcacheError, eachOrError, orError } from '../errors.ts'
import { copiedField } from './copied-field.ts'
import type { ReferenceReader } from './entities.ts'
import { rememberEntry } from './entity-tags.ts'
import { entryField } from './entry-field.ts'
import { hasKey, keyText, keyTexts, singleKeyText } from './key-text.ts'
import { isObjectNode } from './object-node.ts'
import { keysArgument } from './root-fields.ts'
import { storedField } from './stored-field.ts'
import { StoredEntity } from './stored-entity.ts'
import type { JsonObject } from './stored-values.ts'
import type { RootField, TypedEntity, TypedKey, TypedSchema } from './typed-schema.ts'

/** What the resolvers need of an operation's context. */
export interface TypedContext {
  readonly entries: {
    /** Reads one entry: at once from memory, or together with all others that the operation asks for at the moment. */
    load(keyspace: string, key: string): Entry | null | Promise<Entry | null>
    /** The same of many, in order, each with the error that it has or is, as clients are to see it. */
    loadAll(keyspace: string, keys: readonly (string | Error)[]): readonly LoadedEntry[]
  }
}

type LoadedEntry = Entry | null | Promise<Entry | null> | Error

/** Gives the same functions, with each FedcacheError that they throw or reject with made a GraphQL error. */
export type MapErrors = <Fields extends object>(fields: Fields) => Fields

/** What resolvers are made with. */
export interface TypedResolverOptions {
  readonly mapErrors: MapErrors
  /** The most keys that one `many` field takes. */
  readonly maxKeys: number
}

type ResolverMap = Record<string, Record<string, unknown>>

/** Resolvers of typed keyspaces, by type and field. */
export function typedResolvers(types: TypedSchema, { mapErrors, maxKeys }: TypedResolverOptions): ResolverMap {
  const { read, refer, make, raise } = mapErrors({
    read: readEntity,
    refer: readReference,
    make: entityOf,
    raise: (error: FedcacheError) => {
      throw error
    },
  })
  const mapError = (error: FedcacheError): unknown => orError(() => raise(error))
  const resolvers: ResolverMap = {}
  const add = (type: string, field: string, resolver: unknown): void => {
    resolvers[type] = { ...resolvers[type], [field]: resolver }
  }
  const stored = storedField(mapError)
  for (const { type, field } of fieldsOf(types)) {
    const name = field.name.value
    add(type, name, { resolve: stored, extensions: copiedField(name, field.type) })
  }
  for (const entity of types.entities) {
    add(entity.name, '__resolveReferences', referenceReader(entity, { refer, make }))
  }
  for (const field of types.entryFields) add(field.typeName, field.name, entryField(field, read, mapError))
  for (const field of types.rootFields) {
    add('Query', field.name, mapErrors({ resolve: rootField(field, { refer, make }, maxKeys) }).resolve)
  }
  return resolvers
}

function readEntity(
  key: TypedKey,
  text: string,
  context: TypedContext,
  sent?: JsonObject,
): StoredEntity | null | Promise<StoredEntity | null> {
  return entityOf(context.entries.load(key.keyspace, text), key, context, sent)
}

/** The entity of an entry. Throws where there is an error instead. */
function entityOf(
  entry: LoadedEntry,
  key: TypedKey,
  context: TypedContext,
  sent?: JsonObject,
): StoredEntity | null | Promise<StoredEntity | null> {
  if (entry === null) return null
  if (entry instanceof Promise) return entityLater(entry, key, context, sent)
  if (entry instanceof Error) throw entry
  return rememberEntry(context, new StoredEntity(entry, key, sent), entry)
}

async function entityLater(
  entry: Promise<Entry | null>,
  key: TypedKey,
  context: TypedContext,
  sent: JsonObject | undefined,
): Promise<StoredEntity | null> {
  return entityOf(await entry, key, context, sent)
}

function readReference(
  { name, keys, externalFields }: TypedEntity,
  reference: JsonObject,
  context: TypedContext,
): StoredEntity | null | Promise<StoredEntity | null> {
  const key = keys.length === 1 ? keys[0]! : (keys.find((candidate) => hasKey(candidate, reference)) ?? keys[0]!)
  if (externalFields.length === 0) return readEntity(key, keyText(name, key, reference), context)
  const sent = externalFields.filter((field) => Object.hasOwn(reference, field))
  const fields = Object.fromEntries(sent.map((field) => [field, reference[field]]))
  return readEntity(key, keyText(name, key, reference), context, fields)
}

/** How single entities come about, with errors for clients. */
interface EntityMakers {
  readonly refer: typeof readReference
  readonly make: typeof entityOf
}

function referenceReader(entity: TypedEntity, { refer, make }: EntityMakers): ReferenceReader {
  const { name, keys, externalFields } = entity
  const [key] = keys
  return (references, shared) => {
    const context = shared as TypedContext
    if (key === undefined || keys.length > 1 || externalFields.length > 0) {
      return eachOrError(objectsOf(references), (reference) => refer(entity, reference, context))
    }
    const texts = keyTexts(name, key, references)
    return eachOrError(context.entries.loadAll(key.keyspace, texts), (entry) => make(entry, key, context))
  }
}

function rootField(
  field: RootField,
  { refer, make }: EntityMakers,
  maxKeys: number,
): GraphQLFieldResolver<unknown, TypedContext> {
  const { kind, entity, key } = field
  const only = { ...entity, keys: [key] }
  if (kind === 'one') return (_parent, args, context) => refer(only, args, context)
  const argument = keysArgument(field)
  const isSingle = key.fields.length === 1
  return (_parent, args, context) => {
    const keys = args[argument] as readonly unknown[]
    if (keys.length > maxKeys) {
      throw new FedcacheError('TOO_MANY_KEYS', `One field takes at most ${maxKeys} keys; received ${keys.length}.`)
    }
    if (!isSingle) return eachOrError(keys, (given) => refer(only, given as JsonObject, context))
    const texts = eachOrError(keys, (given) => singleKeyText(entity.name, key, given))
    return eachOrError(context.entries.loadAll(key.keyspace, texts), (entry) => make(entry, key, context))
  }
}

/** Every field of the object types, those with arguments as well: nothing but the stored value can answer them. */
function fieldsOf({
  document,
}: TypedSchema): readonly { readonly type: string; readonly field: FieldDefinitionNode }[] {
  return document.definitions.flatMap((node) => {
    if (!isObjectNode(node) || node.name.value === 'Query') return []
    return (node.fields ?? []).map((field) => ({ type: node.name.value, field }))
  })
}
