import { GraphQLError, type GraphQLFieldResolver, type GraphQLSchema, isObjectType } from 'graphql'
import { FedcacheError } from '../errors.ts'
import { noteEntity } from './entity-tags.ts'

type Reference = Readonly<Record<string, unknown>>

// Where buildSubgraphSchema keeps the `__resolveReference` of a type.
interface Extensions {
  readonly apollo?: {
    readonly subgraph?: { readonly resolveReference?: (reference: Reference, context: unknown) => unknown }
  }
}

// Which type an entity was referred to as, where it is another than Entry, of which there may be many in one request.
// The entities themselves stay untouched: others may hold them too.
const typeNames = new WeakMap<object, string>()

const entryType = 'Entry'

function badReference(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } })
}

function named(entity: unknown, typeName: string): unknown {
  if (typeName === entryType || typeof entity !== 'object' || entity === null || entity instanceof Error) return entity
  typeNames.set(entity, typeName)
  return entity
}

function resolveEntity(reference: unknown, context: unknown, schema: GraphQLSchema): unknown {
  if (typeof reference !== 'object' || reference === null) {
    throw badReference(`A representation is an object; received ${JSON.stringify(reference)?.slice(0, 100)}.`)
  }
  const typeName: unknown = (reference as Reference)['__typename']
  const type = typeof typeName === 'string' ? schema.getType(typeName) : undefined
  const resolveReference = isObjectType(type)
    ? (type.extensions as Extensions).apollo?.subgraph?.resolveReference
    : null
  if (typeof typeName !== 'string' || !resolveReference) {
    throw badReference(`No entities of the type ${JSON.stringify(typeName)?.slice(0, 100)} can be referred to here.`)
  }
  const entity = resolveReference(reference as Reference, context)
  return entity instanceof Promise ? entity.then((found) => named(found, typeName)) : named(entity, typeName)
}

/**
 * Makes the resolver of `Query._entities`: one entity, `null` or error for each representation; a failing one fails
 * alone.
 *
 * @param maxRepresentations more in one request are refused.
 */
export function entitiesResolver(maxRepresentations: number): GraphQLFieldResolver<unknown, unknown> {
  return (_parent, args, context, { schema }) => {
    const representations = args['representations'] as readonly unknown[]
    if (representations.length > maxRepresentations) {
      throw new FedcacheError(
        'TOO_MANY_KEYS',
        `One request takes at most ${maxRepresentations} representations; received ${representations.length}.`,
      )
    }
    return representations.map((reference, index) => {
      try {
        return noteEntity(context, index, resolveEntity(reference, context, schema))
      } catch (error) {
        return noteEntity(context, index, error)
      }
    })
  }
}

/** Tells which type an entity found by {@link resolveEntities} was referred to as. */
export function entityTypeName(entity: object): string {
  return typeNames.get(entity) ?? entryType
}
