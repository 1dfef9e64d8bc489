import { GraphQLError, type GraphQLFieldResolver } from 'graphql'
import { AlikeObjects, objectsOf } from '../engine/alike-objects.ts'
import { FedcacheError } from '../errors.ts'
import { noteEntities } from './entity-tags.ts'
import { StoredEntity } from './stored-entity.ts'
import { type JsonObject, isJsonObject } from './stored-values.ts'

/** What a gateway refers to entities by. */
export type References = readonly JsonObject[] | AlikeObjects

/**
 * Reads what a gateway refers to, all of one type: for each reference, in order, the entity, `null` where there is none,
 * an error, or a promise of one of the first two. Never throws.
 */
export type ReferenceReader = (references: References, context: unknown) => readonly unknown[]

const entryType = 'Entry'

function badReference(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } })
}

function readerOf(reference: unknown, readers: ReadonlyMap<unknown, ReferenceReader>): ReferenceReader | GraphQLError {
  if (!isJsonObject(reference)) return badReference(`A representation is an object; received ${shown(reference)}.`)
  const typeName = reference['__typename']
  const read = readers.get(typeName)
  if (read !== undefined) return read
  return typeof typeName === 'string'
    ? badReference(`No entities of the type ${shown(typeName)} can be referred to here.`)
    : badReference(`A representation has the __typename of its entity; received ${shown(reference)}.`)
}

function shown(value: unknown): string {
  return String(JSON.stringify(value)).slice(0, 100)
}

/**
 * Makes the resolver of `Query._entities`: one entity, `null` or error for each representation; a failing one fails
 * alone.
 *
 * @param readers by the name of the type.
 * @param maxRepresentations more in one request are refused.
 */
export function entitiesResolver(
  readers: ReadonlyMap<string, ReferenceReader>,
  maxRepresentations: number,
): GraphQLFieldResolver<unknown, unknown> {
  return (_parent, args, context) => {
    const representations = args['representations'] as readonly unknown[] | AlikeObjects
    if (representations.length > maxRepresentations) {
      throw new FedcacheError(
        'TOO_MANY_KEYS',
        `One request takes at most ${maxRepresentations} representations; received ${representations.length}.`,
      )
    }
    return noteEntities(context, readEach(representations, context, readers))
  }
}

function readEach(
  representations: readonly unknown[] | AlikeObjects,
  context: unknown,
  readers: ReadonlyMap<unknown, ReferenceReader>,
): readonly unknown[] {
  // What gateways send: all of one type.
  if (areOfOneType(representations)) {
    const first = representations instanceof AlikeObjects ? representations.first : representations[0]
    const read = readerOf(first, readers)
    if (typeof read === 'function') return read(representations, context)
  }
  return objectsOf(representations).map((reference) => {
    const read = readerOf(reference, readers)
    return typeof read === 'function' ? read([reference as JsonObject], context)[0] : read
  })
}

function areOfOneType(references: readonly unknown[] | AlikeObjects): references is References {
  if (references instanceof AlikeObjects) return references.name !== '__typename'
  const [first] = references
  if (!isJsonObject(first)) return false
  const typeName = first['__typename']
  for (const reference of references) {
    if (!isJsonObject(reference) || reference['__typename'] !== typeName) return false
  }
  return true
}

/** The name of the type of an entity that was referred to. */
export function entityTypeName(entity: object): string {
  return entity instanceof StoredEntity ? entity.typeName : entryType
}
