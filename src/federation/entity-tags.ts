import type { GraphQLResolveInfo } from 'graphql'
import type { Entry } from '../engine/entry.ts'
import { ReadRecord } from '../engine/read-record.ts'

const entries = new WeakMap<object, Entry>()

/** The record of what an operation reads, where its answer is to tell the tags of that. */
function recordOf(context: unknown): ReadRecord | undefined {
  const reads = (context as { readonly reads?: unknown } | undefined)?.reads
  return reads instanceof ReadRecord && reads.wantsTags ? reads : undefined
}

/** Remembers which entry an entity was made of, where somebody will want to know. */
export function rememberEntry<Entity extends object>(context: unknown, entity: Entity, entry: Entry): Entity {
  if (recordOf(context) !== undefined) entries.set(entity, entry)
  return entity
}

/** Notes that a gateway referred to these, in order, each once it is there. */
export function noteEntities(context: unknown, entities: readonly unknown[]): readonly unknown[] {
  if (recordOf(context) !== undefined) entities.forEach((entity, index) => noteEntity(context, index, entity))
  return entities
}

function noteEntity<Entity>(context: unknown, index: number | undefined, entity: Entity): Entity {
  const reads = recordOf(context)
  if (reads === undefined || index === undefined) return entity
  reads.noteEntity(index, undefined)
  if (entity instanceof Promise) {
    // One that fails has no tags, and is reported elsewhere.
    entity.then(
      (found: unknown) => reads.noteEntity(index, entryBehind(found)),
      () => {},
    )
  } else {
    reads.noteEntity(index, entryBehind(entity))
  }
  return entity
}

/** The same for what is part of an entity; nothing where no gateway referred to any. */
export function notePart<Entity>(context: unknown, path: GraphQLResolveInfo['path'], entity: Entity): Entity {
  return recordOf(context)?.hasEntities === true ? noteEntity(context, entityIndex(path), entity) : entity
}

/** Of which of the entities that a gateway referred to a field is part; `undefined` for a field of anything else. */
function entityIndex(path: GraphQLResolveInfo['path']): number | undefined {
  let index: string | number | undefined
  for (let step = path; step.prev !== undefined; step = step.prev) index = step.key
  return typeof index === 'number' ? index : undefined
}

function entryBehind(entity: unknown): Entry | undefined {
  if (typeof entity !== 'object' || entity === null) return undefined
  // A generic entry is its own entity.
  return entries.get(entity) ?? ('stored' in entity && 'servedFrom' in entity ? (entity as Entry) : undefined)
}
