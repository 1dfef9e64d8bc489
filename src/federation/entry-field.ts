import { type GraphQLFieldResolver, type GraphQLOutputType, getNullableType, isListType, isNonNullType } from 'graphql'
import { FedcacheError } from '../errors.ts'
import { entityIndex, notePart } from './entity-tags.ts'
import { type Held, storedKeys, storedParts } from './key-text.ts'
import { type JsonObject, objectOf } from './stored-values.ts'
import { orError } from './stored-field.ts'
import type { EntryField, TypedKey } from './typed-schema.ts'

/** Reads an entity by the key of its entry. */
export type ReadEntity<Context> = (
  key: TypedKey,
  text: string,
  context: Context,
) => JsonObject | null | Promise<JsonObject | null>

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
  const found = (
    item: unknown,
    type: GraphQLOutputType,
    place: string,
    context: Context,
    index: number | undefined,
  ): unknown => {
    if (item instanceof FedcacheError) throw mapError(item)
    const isRequired = isNonNullType(type)
    const required = (entity: unknown): unknown => {
      if (entity !== null || !isRequired) return entity
      throw mapError(
        new FedcacheError('INVALID_VALUE', `${place} refers to nothing that exists, and is of type ${String(type)}.`),
      )
    }
    if (typeof item !== 'string' || target.keyspace === undefined) return required(item)
    const reading = notePart(context, index, read(target, item, context))
    if (!isRequired) return reading
    return reading instanceof Promise ? reading.then(required) : required(reading)
  }
  return (parent, _args, context, { fieldName, parentType, returnType, path }) => {
    const index = entityIndex(path)
    const place = `The stored ${parentType.name}.${fieldName}`
    const { isList: isListStored, items } =
      target.keyspace === undefined ? stubs(from, parent, target.paths) : storedKeys(from, parent)
    const nullable = getNullableType(returnType)
    const isNothing = !isListStored && items[0] === null
    if (isListStored !== isList && !isNothing) {
      const what = isListStored ? 'a list' : 'no list'
      throw mapError(
        new FedcacheError('INVALID_VALUE', `${place} holds ${what}, and is of type ${String(returnType)}.`),
      )
    }
    if (!isList || isNothing) return found(items[0], returnType, place, context, index)
    const element = isListType(nullable) ? nullable.ofType : nullable
    return items.map((item) => orError(() => found(item, element, place, context, index)))
  }
}

function stubs(from: EntryField['from'], parent: unknown, paths: readonly (readonly string[])[]): Held<JsonObject> {
  const { isList, items } = storedParts(from, parent, paths.length)
  const stub = (item: (typeof items)[number]): JsonObject | null | FedcacheError =>
    item === null || item instanceof FedcacheError ? item : objectOf(paths, item)
  return { isList, items: items.map(stub) }
}
