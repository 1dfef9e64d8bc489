import {
  type GraphQLFieldResolver,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  getNullableType,
  isListType,
  isNonNullType,
} from 'graphql'
import type { Encoded } from '../engine/encoding.ts'
import { FedcacheError, eachOrError } from '../errors.ts'
import { notePart } from './entity-tags.ts'
import { type Held, storedKeys, storedParts } from './key-text.ts'
import { StoredEntity } from './stored-entity.ts'
import { type JsonObject, objectOf } from './stored-values.ts'
import type { EntryField, TypedKey } from './typed-schema.ts'

/** Reads an entity by the key of its entry. */
export type ReadEntity<Context> = (
  key: TypedKey,
  text: string,
  context: Context,
) => object | null | Promise<object | null>

/**
 * Makes the resolver of an `@entry` field: what the stored value refers to, or a list of it.
 *
 * @param mapError makes a GraphQL error of one for clients.
 */
export function entryField<Context>(
  { from, target, isList }: EntryField,
  read: ReadEntity<Context>,
  mapError: (error: FedcacheError) => unknown,
): GraphQLFieldResolver<unknown, Context> {
  const accepted = (entity: unknown, type: GraphQLOutputType, info: Place): unknown => {
    if (entity !== null || !isNonNullType(type)) return entity
    const problem = `refers to nothing that exists, and is of type ${String(type)}.`
    throw mapError(new FedcacheError('INVALID_VALUE', `${nameOf(info)} ${problem}`))
  }
  // Functions of their own for what seldom happens: one that makes another is slower each time it is called.
  const acceptedLater = async (reading: Promise<unknown>, type: GraphQLOutputType, info: Place): Promise<unknown> =>
    accepted(await reading, type, info)
  const foundEach = (items: readonly unknown[], type: GraphQLOutputType, context: Context, info: Place): unknown =>
    eachOrError(items, (item) => found(item, type, context, info))
  const found = (item: unknown, type: GraphQLOutputType, context: Context, info: Place): unknown => {
    if (item instanceof FedcacheError) throw mapError(item)
    const isKey = typeof item === 'string' && target.keyspace !== undefined
    const reading = isKey ? notePart(context, info.path, read(target, item, context)) : item
    return reading instanceof Promise ? acceptedLater(reading, type, info) : accepted(reading, type, info)
  }
  const name = 'paths' in from || from.length > 1 || isList ? undefined : from[0]
  return (parent, _args, context, info) => {
    const { returnType } = info
    const plain = name !== undefined && parent instanceof StoredEntity ? plainText(parent.written(name)) : undefined
    if (plain !== undefined && target.keyspace !== undefined) return found(plain, returnType, context, info)
    const { isList: isListStored, items } =
      target.keyspace === undefined ? stubs(from, parent, target.paths) : storedKeys(from, parent)
    const nullable = getNullableType(returnType)
    const isNothing = !isListStored && items[0] === null
    if (isListStored !== isList && !isNothing) {
      const what = isListStored ? 'a list' : 'no list'
      const problem = `holds ${what}, and is of type ${String(returnType)}.`
      throw mapError(new FedcacheError('INVALID_VALUE', `${nameOf(info)} ${problem}`))
    }
    if (!isList || isNothing) return found(items[0], returnType, context, info)
    const element = isListType(nullable) ? nullable.ofType : nullable
    return foundEach(items, element, context, info)
  }
}

/** Where a field is resolved. */
type Place = Pick<GraphQLResolveInfo, 'parentType' | 'fieldName' | 'path'>

function nameOf({ parentType, fieldName }: Place): string {
  return `The stored ${parentType.name}.${fieldName}`
}

// V8 copies shorter pieces of a string. A longer one would keep all of the value in memory for as long as itself, and it
// may become the key of an entry.
const longestCopied = 12

/** The text of a field that holds a short and plain one; `undefined` for all others. */
function plainText(json: Encoded | undefined): string | undefined {
  if (json === undefined || json.length - 2 > longestCopied || json.charCodeAt(0) !== quote) return undefined
  for (let index = 1; index < json.length - 1; index++) {
    const code = json.charCodeAt(index)
    if (code > tilde || code === backslash) return undefined
  }
  return json.slice(1, -1)
}

const quote = 34
const backslash = 92
const tilde = 126

function stubs(from: EntryField['from'], parent: unknown, paths: readonly (readonly string[])[]): Held<JsonObject> {
  const { isList, items } = storedParts(from, parent, paths.length)
  const stub = (item: (typeof items)[number]): JsonObject | null | FedcacheError =>
    item === null || item instanceof FedcacheError ? item : objectOf(paths, item)
  return { isList, items: items.map(stub) }
}
