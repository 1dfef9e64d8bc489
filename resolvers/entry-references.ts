import { AlikeObjects, objectsOf } from '../src/engine/alike-objects.ts'
import { FedcacheError, orError } from '../src/errors.ts'
import type { ResolverContext } from './context.ts'
import { parseEntryId } from './entry-id.ts'
import type { LoadedEntry } from './entry-loader.ts'
import { mapped } from './errors.ts'

type Reference = Readonly<Record<string, unknown>>
interface KeysOfOneKeyspace {
  readonly keyspace: string
  readonly keys: readonly string[]
}
interface Place {
  readonly keyspace: string
  readonly key: string
}

/** Reads the entries that a gateway refers to, by their ids or by keyspace and key: each, `null`, or its error. */
export const entryReferences = {
  __resolveReferences: (
    references: readonly Reference[] | AlikeObjects,
    { entries }: ResolverContext,
  ): readonly LoadedEntry[] => {
    const beside = keysOfOneKeyspace(references)
    if (beside !== undefined) return entries.loadAll(beside.keyspace, beside.keys)
    return objectsOf(references).map((reference) => {
      const place = placeOf(reference)
      return place instanceof Error ? mapped(place) : entries.loadAll(place.keyspace, [place.key])[0]!
    })
  },
}

/** What gateways send: references to entries of one keyspace. `undefined` for anything else. */
function keysOfOneKeyspace(references: readonly Reference[] | AlikeObjects): KeysOfOneKeyspace | undefined {
  if (references instanceof AlikeObjects) {
    const { id, keyspace } = references.first
    const isBeside = references.name === 'key' && id === undefined && typeof keyspace === 'string'
    return isBeside ? { keyspace, keys: references.texts } : keysOfOneKeyspace(references.objects)
  }
  let keyspace: string | undefined
  const keys = new Array<string>(references.length)
  for (let index = 0; index < references.length; index++) {
    const place = placeOf(references[index]!)
    if (place instanceof Error || place.keyspace !== (keyspace ??= place.keyspace)) return undefined
    keys[index] = place.key
  }
  return keyspace === undefined ? undefined : { keyspace, keys }
}

function placeOf(reference: Reference): Place | Error {
  const { id, keyspace, key } = reference
  if (id !== undefined) return placeOfId(id)
  if (typeof keyspace === 'string' && typeof key === 'string') return reference as unknown as Place
  const received = JSON.stringify(reference).slice(0, 100)
  return new FedcacheError(
    'BAD_USER_INPUT',
    `A reference to an Entry has its id, or its keyspace and key; received ${received}.`,
  )
}

function placeOfId(id: unknown): Place | Error {
  return orError(() => {
    const [keyspace, key] = parseEntryId(id)
    return { keyspace, key }
  })
}
