import { FedcacheError, orError } from '../src/errors.ts'
import type { ResolverContext } from './context.ts'
import { parseEntryId } from './entry-id.ts'
import type { LoadedEntry } from './entry-loader.ts'
import { mapped, rejectMapped } from './errors.ts'

type Reference = Readonly<Record<string, unknown>>
interface Place {
  readonly keyspace: string
  readonly key: string
}

/** Reads the entries that a gateway refers to, by their ids or by keyspace and key: each, `null`, or its error. */
export const entryReferences = {
  __resolveReferences: (references: readonly Reference[], context: ResolverContext): readonly LoadedEntry[] =>
    loaded(references.map(placeOf), context).map(shown),
}

function placeOf(reference: Reference): Place | Error {
  const { id, keyspace, key } = reference
  if (id !== undefined) return orError(() => placeOfId(id))
  if (typeof keyspace === 'string' && typeof key === 'string') return reference as unknown as Place
  const received = JSON.stringify(reference).slice(0, 100)
  return new FedcacheError(
    'BAD_USER_INPUT',
    `A reference to an Entry has its id, or its keyspace and key; received ${received}.`,
  )
}

function placeOfId(id: unknown): Place {
  const [keyspace, key] = parseEntryId(id)
  return { keyspace, key }
}

function loaded(places: readonly (Place | Error)[], context: ResolverContext): readonly LoadedEntry[] {
  const [first] = places
  const isBeside = (place: Place | Error): place is Place => (place as Place).keyspace === (first as Place).keyspace
  if (first !== undefined && !(first instanceof Error) && places.every(isBeside)) {
    return context.loadEntries(
      first.keyspace,
      places.map(({ key }) => key),
    )
  }
  return places.map((place) =>
    place instanceof Error ? place : orError(() => context.loadEntry(place.keyspace, place.key)),
  )
}

function shown(entry: LoadedEntry): LoadedEntry {
  if (entry instanceof Promise) return entry.catch(rejectMapped)
  return entry instanceof Error ? mapped(entry) : entry
}
